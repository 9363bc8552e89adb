/**
Backups that come to no end, of each kind of domain: the target is full at every tenth of the way, or a person cancels at the half. Nothing looks whole, nothing is left,
and the next increment is right.
*/
import {execFileSync} from 'node:child_process';
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	off, running, standalone, type Backed,
} from './backed.ts';
import {digestPoint, makeTarget, readManifests, sizesOf} from './backups.ts';
import {startLab} from './daemons.ts';
import {mountSmall} from './file-systems.ts';
import {readEvents, report, type Line, type ProgramResult} from './program.ts';
import {run} from './run.ts';

test.before(startLab);

const kinds = {'a running standalone QEMU': standalone, 'a domain that is off': off, 'a running domain of libvirt': running};

const backUp = async (domain: Backed, folder: string, flags: string[] = [], onEvent?: (event: Line, kill: (signal: NodeJS.Signals) => void) => void): Promise<ProgramResult> => {
	const seen = {text: ''};
	return domain.run(['backup', 'create', `--to=${folder}`, ...flags, '--yes', '--json', '--', domain.name], (text, kill) => {
		const parts = (seen.text + text).split('\n');
		seen.text = parts.pop()!;
		for (const line of parts.filter(part => part.startsWith('{'))) {
			onEvent?.(JSON.parse(line) as Line, kill);
		}
	});
};

type Before = {names: string[]; checkpoints: string[]};

const look = async (domain: Backed, folder: string): Promise<Before> => ({names: await readdir(folder), checkpoints: await domain.checkpoints()});

async function expectNothingLeft(t: ExecutionContext, domain: Backed, folder: string, {before, where}: {before: Before; where: string}): Promise<void> {
	t.deepEqual(await look(domain, folder), before, where);
	t.deepEqual(await domain.remains(), [], where);
}

async function expectNextIsRight(t: ExecutionContext, domain: Backed, folder: string): Promise<void> {
	const held = await domain.mark(3);
	const next = await backUp(domain, folder);
	t.is(next.exitCode, 0, report(next));
	const manifest = (await readManifests(folder)).at(-1)!;
	t.true(manifest.disks.every(({kind}) => kind === 'incremental'));
	t.deepEqual(await digestPoint(folder, manifest), held);
}

const usedBytes = async (folder: string): Promise<number> => {
	const files = await Promise.all((await readdir(folder)).map(async name => stat(path.join(folder, name))));
	return files.reduce((sum, {blocks}) => sum + (blocks * 512), 0);
};

const wholeMiB = 512;

for (const [kind, make] of Object.entries(kinds)) {
	test.serial(`${kind}: the target is full at every tenth of the way, and nothing is left`, async t => {
		const folder = await mountSmall(t, wholeMiB);
		const domain = await make(t);
		await domain.mark(1);
		const first = await backUp(domain, folder);
		t.is(first.exitCode, 0, report(first));
		await domain.mark(2, 2);
		// As large as the one that is cut short nine times.
		const trial = await backUp(domain, folder, ['--no-checkpoint']);
		t.is(trial.exitCode, 0, report(trial));
		const trialPoint = (await readManifests(folder)).at(-1)!;
		const sizes = await sizesOf(folder, trialPoint);
		const neededBytes = sizes.reduce((sum, size) => sum + size, 0);
		for (const name of [`${trialPoint.point}.json`, ...trialPoint.disks.map(({file}) => file)]) {
			await run('rm', ['--', path.join(folder, name)]);
		}

		for (let tenth = 1; tenth <= 9; tenth++) {
			const where = `at ${tenth} tenths of ${neededBytes} bytes`;
			const before = await look(domain, folder);
			const limit = await usedBytes(folder) + Math.ceil(neededBytes * tenth / 10 / 4096) * 4096;
			let isShrunk = false;
			const failed = await backUp(domain, folder, [], ({kind: happened, step}) => {
				// There was room when it was looked at; somebody else has taken it since.
				if (happened === 'step-done' && step === 'reserve-vda') {
					execFileSync('mount', ['-o', `remount,size=${limit}`, folder]);
					isShrunk = true;
				}
			});
			await run('mount', ['-o', `remount,size=${wholeMiB}m`, folder]);
			t.true(isShrunk, where + report(failed));
			t.like(readEvents(failed).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, where + report(failed));
			t.regex(failed.stdout, /No space left on device/, where);
			await expectNothingLeft(t, domain, folder, {before, where: where + report(failed)});
		}

		await expectNextIsRight(t, domain, folder);
	});

	test.serial(`${kind}: cancelled at the half, nothing is left`, async t => {
		const domain = await make(t);
		const folder = await makeTarget(t, domain);
		await domain.mark(1);
		const first = await backUp(domain, folder);
		t.is(first.exitCode, 0, report(first));
		await domain.mark(2, domain.slowMebibytes);
		const before = await look(domain, folder);
		let part = 0;
		const cancelled = await backUp(domain, folder, [domain.slowFlag], ({kind: happened, doneBytes, totalBytes}, kill) => {
			if (happened === 'step-progress' && part < 0.5) {
				part = Number(doneBytes) / Number(totalBytes);
				if (part >= 0.5) {
					kill('SIGINT');
				}
			}
		});
		t.true(part >= 0.5 && part < 0.9, `${part}${report(cancelled)}`);
		t.not(cancelled.exitCode, 0, report(cancelled));
		t.like(readEvents(cancelled).at(-1), {kind: 'finished', outcome: {kind: 'rolled-back'}}, report(cancelled));
		await expectNothingLeft(t, domain, folder, {before, where: report(cancelled)});
		await expectNextIsRight(t, domain, folder);
	});
}
