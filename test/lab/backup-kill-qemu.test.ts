/**
Backups that are killed at every step, or whose copier dies: nothing looks whole, nothing is left, and the next increment is right.
*/
import {readdir} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	off, readDaemons, standalone, type Backed,
} from './backed.ts';
import {digestPoint, makeTarget, readManifests} from './backups.ts';
import {startLab} from './daemons.ts';
import {readEvents, report} from './program.ts';

test.before(startLab);

const kinds = {'a running standalone QEMU': standalone, 'a domain that is off': off};

const backupArgs = (domain: Backed, folder: string, ...more: string[]) => ['backup', 'create', `--to=${folder}`, ...more, '--', domain.name];

async function backUp(t: ExecutionContext, domain: Backed, folder: string): Promise<void> {
	const made = await domain.run(backupArgs(domain, folder, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
}

/** As if the backup had never been begun: its files, its checkpoint and all that it made have gone. */
async function expectNothingLeft(t: ExecutionContext, domain: Backed, folder: string, before: {names: string[]; checkpoints: string[]}, where: string): Promise<void> {
	t.deepEqual(await readdir(folder), before.names, where);
	t.deepEqual(await domain.checkpoints(), before.checkpoints, where);
	t.deepEqual(await domain.remains(), [], where);
}

for (const [kind, make] of Object.entries(kinds)) {
	test.serial(`${kind}: killed at every step, its recovery leaves nothing, or the whole point, and the next increment is right`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		await domain.mark(2);
		const planned = await domain.run(backupArgs(domain, folder, '--dry-run', '--json'));
		const {steps} = JSON.parse(planned.stdout) as Plan;
		for (const {id, phase} of steps) {
			const before = {names: await readdir(folder), checkpoints: await domain.checkpoints()};
			const killed = await domain.run(backupArgs(domain, folder, '--yes', '--json', ...(kind === 'a domain that is off' ? [] : ['--rate=64k'])), (text, kill) => {
				if (text.replaceAll(' ', '').includes(`"step-started","step":"${id}"`)) {
					kill();
				}
			});
			t.is(killed.exitCode, null, id + report(killed));
			const recovered = await domain.run(['recover', '--roll-back', '--yes', '--json']);
			t.is(recovered.exitCode, 0, `${id} (${phase})${report(recovered)}`);
			await expectNothingLeft(t, domain, folder, before, `${id} (${phase})${report(recovered)}`);
		}

		const held = await domain.mark(3);
		await backUp(t, domain, folder);
		const manifests = await readManifests(folder);
		t.deepEqual(manifests.map(({disks}) => disks.map(({kind: copied}) => copied)), [['full', 'full'], ['incremental', 'incremental']]);
		t.deepEqual(await digestPoint(folder, manifests[1]!), held);
	});

	test.serial(`${kind}: the program that copies is killed in the midst, and nothing is left`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		const held = await domain.mark(2);
		const names = await readdir(folder);
		let isKilled = false;
		const failed = await domain.run(backupArgs(domain, folder, '--yes', '--json', '--rate=16k'), text => {
			if (!isKilled && text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
				isKilled = true;
				domain.killCopier();
			}
		});
		t.like(readEvents(failed).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(failed));
		t.deepEqual(await readdir(folder), names);
		t.deepEqual(await readDaemons(), []);
		const made = await domain.run(backupArgs(domain, folder, '--yes', '--json'));
		t.is(made.exitCode, 0, report(made));
		const [, second] = await readManifests(folder);
		// A QEMU that is killed writes none of its bitmaps.
		t.deepEqual(second!.disks.map(({kind: copied}) => copied), domain.outlivesCopier ? ['incremental', 'incremental'] : ['full', 'full']);
		t.deepEqual(await digestPoint(folder, second!), held);
	});
}

test.serial('a domain that is off: a full backup that is cancelled in the midst ends qemu-img, and nothing is left', async t => {
	const domain = await off(t);
	const folder = await makeTarget(t, domain);
	for (const mark of [2, 3, 4, 5, 6, 7]) {
		await domain.mark(mark);
	}

	const startedAt = performance.now();
	const cancelled = await domain.run(backupArgs(domain, folder, '--yes', '--json', '--rate=8k'), (text, kill) => {
		if (text.replaceAll(' ', '').includes('"step-started","step":"copy-vda"')) {
			kill('SIGINT');
		}
	});
	t.like(readEvents(cancelled).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(cancelled));
	t.true(performance.now() - startedAt < 30_000);
	await expectNothingLeft(t, domain, folder, {names: [], checkpoints: []}, report(cancelled));
});

test.serial('a running standalone QEMU that is killed as any step begins: what looks whole is whole, nothing else is left, and the next backup is right', async t => {
	const planning = await standalone(t);
	const planningFolder = await makeTarget(t, planning);
	await backUp(t, planning, planningFolder);
	const planned = await planning.run(backupArgs(planning, planningFolder, '--dry-run', '--json'));
	const {steps} = JSON.parse(planned.stdout) as Plan;
	t.true(steps.length > 8, planned.stdout);
	for (const {id} of steps) {
		const domain = await standalone(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		await backUp(t, domain, folder);
		const held = await domain.mark(2);
		let isKilled = false;
		const made = await domain.run(backupArgs(domain, folder, '--yes', '--json'), text => {
			if (!isKilled && text.replaceAll(' ', '').includes(`"step-started","step":"${id}"`)) {
				isKilled = true;
				domain.killCopier();
			}
		});
		t.true(isKilled, id);
		const {outcome} = readEvents(made).at(-1) as {outcome?: {kind?: string}};
		const hasEnded = outcome?.kind === 'done' || outcome?.kind === 'rolled-back';
		const recovered = hasEnded ? undefined : await domain.run(['recover', '--roll-back', '--yes', '--json']);
		t.true(recovered === undefined || recovered.exitCode === 0, `${id}${report(made)}${recovered === undefined ? '' : report(recovered)}`);

		const points = await readManifests(folder);
		t.is(points.length, outcome?.kind === 'done' ? 2 : 1, id + report(made));
		t.is((await readdir(folder)).length, points.length * 3, id);
		for (const point of points.slice(1)) {
			t.deepEqual(await digestPoint(folder, point), held, id);
		}

		await backUp(t, domain, folder);
		t.deepEqual(await digestPoint(folder, (await readManifests(folder)).at(-1)!), held, id);
	}
});
