/**
Checkpoints made and deleted by us, on real libvirt and a real QEMU, running and off: what a backup since one of them copies is what was written since, and a kill
at any step leaves the one or the other.
*/
import {rm} from 'node:fs/promises';
import {createServer, type AddressInfo} from 'node:net';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	doBare, markBare, quit, startBare,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {
	recover, report, runProgram, type ProgramOptions, type ProgramResult,
} from './program.ts';
import {lines, run, virsh, waitFor} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {writeLive} from './slots.ts';
import {markLive, markOffline, takeDiskSnapshot} from './snapshots.ts';
import {readStrays, readWorld} from './world.ts';

test.before(startLab);

async function checkpoint(domain: LabDomain, words: string[], options: ProgramOptions = {}): Promise<ProgramResult> {
	const [verb = '', ...rest] = words;
	return runProgram(domain, ['checkpoint', verb, '--yes', '--json', ...rest.filter(word => word.startsWith('--')), '--', domain.name, ...rest.filter(word => !word.startsWith('--'))], options);
}

async function doCheckpoint(t: ExecutionContext, domain: LabDomain, ...words: string[]): Promise<void> {
	const made = await checkpoint(domain, words);
	t.is(made.exitCode, 0, report(made));
}

type Listed = {checkpoints: Array<{name: string; parent: string | null; size: number | null; disks: Array<{name: string; bitmap: string | null; health: string | null; size: number | null}>}>};

async function list(domain: LabDomain): Promise<Listed['checkpoints']> {
	const told = await runProgram(domain, ['checkpoint', 'list', '--json', '--', domain.name]);
	return (JSON.parse(told.stdout) as Listed).checkpoints;
}

const parentsOf = (checkpoints: Listed['checkpoints']) => Object.fromEntries(checkpoints.map(({name, parent}) => [name, parent]));

async function readBitmaps(imagePath: string): Promise<string[]> {
	const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', imagePath])) as {'format-specific'?: {data?: {bitmaps?: Array<{name: string; flags: string[]}>}}};
	return (info['format-specific']?.data?.bitmaps ?? []).filter(({flags}) => flags.includes('auto') && !flags.includes('in-use')).map(({name}) => name).sort();
}

/** By libvirt: which MiB of the disk an incremental backup since the checkpoint holds. */
async function readIncremental(domain: LabDomain, target: string, since: string): Promise<number[]> {
	const file = path.join(domain.folder, `${target}.incremental`);
	const disks = domain.disks.map(disk => disk.target === target
		? `<disk name='${target}' type='file'><target file='${file}'/><driver type='qcow2'/></disk>`
		: `<disk name='${disk.target}' backup='no'/>`);
	await withFile(`<domainbackup mode='push'><incremental>${since}</incremental><disks>${disks.join('')}</disks></domainbackup>`, async backup => virsh('backup-begin', domain.uuid, '--backupxml', backup));
	await waitFor('the backup is complete', async () => (await virsh('domjobinfo', domain.uuid)).includes('None'));
	const map = JSON.parse(await run('qemu-img', ['map', '-U', '--output=json', file])) as Array<{start: number; length: number; depth: number; data: boolean}>;
	await rm(file);
	return [...new Set(map.filter(({depth, data}) => depth === 0 && data).flatMap(({start: begin, length}) =>
		Array.from({length: Math.ceil(length / 65_536)}, (_, index) => Math.floor((begin + (index * 65_536)) / 1_048_576))))];
}

test.serial('of a running domain: sizes are told, one in the middle goes and the others lose nothing', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	await doCheckpoint(t, domain, 'create', 'c1');
	await writeLive(domain, [{target: 'vda', pattern: 1, slot: 0}]);
	await doCheckpoint(t, domain, 'create', 'c2', '--disk=vda');
	await writeLive(domain, [{target: 'vda', pattern: 2, slot: 2}, {target: 'vdb', pattern: 2, slot: 3}]);
	await doCheckpoint(t, domain, 'create', 'c3');
	await writeLive(domain, [{target: 'vda', pattern: 3, slot: 4}]);
	const made = await list(domain);
	t.deepEqual(parentsOf(made), {c1: null, c2: 'c1', c3: 'c2'});
	t.deepEqual(made.map(({size}) => size), [4 * 65_536, 2 * 65_536, 65_536]);
	t.deepEqual(made[1]!.disks, [{name: 'vda', bitmap: 'c2', health: 'good', size: 2 * 65_536}, {name: 'vdb', bitmap: null, health: null, size: null}]);
	await doCheckpoint(t, domain, 'delete', 'c2');
	t.deepEqual(parentsOf(await list(domain)), {c1: null, c3: 'c1'});
	t.deepEqual(await readIncremental(domain, 'vda', 'c1'), [1, 3, 5]);
	t.deepEqual(await readIncremental(domain, 'vda', 'c3'), [5]);
	await doCheckpoint(t, domain, 'delete', 'c1', '--children');
	t.deepEqual(await list(domain), []);
	await stop(domain);
	t.deepEqual(await Promise.all(domain.disks.map(async disk => readBitmaps(disk.path))), [[], []]);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('of a domain that is off: libvirt takes it over at the next start, and a backup since then holds exactly what was written', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await markOffline(domain, 1);
	await doCheckpoint(t, domain, 'create', 'off1', '--description=while it was off');
	t.deepEqual(await Promise.all(domain.disks.map(async disk => readBitmaps(disk.path))), [['off1'], ['off1']]);
	t.deepEqual((await list(domain)).map(({disks}) => disks.map(({health}) => health)), [['good', 'good']]);
	await start(domain);
	await writeLive(domain, [{target: 'vda', pattern: 7, slot: 3}]);
	t.deepEqual(await readIncremental(domain, 'vda', 'off1'), [4]);
	await takeDiskSnapshot(domain, 's1');
	await writeLive(domain, [{target: 'vda', pattern: 8, slot: 5}]);
	await stop(domain);
	await doCheckpoint(t, domain, 'create', 'off2');
	t.deepEqual(parentsOf(await list(domain)), {off1: null, off2: 'off1'});
	await start(domain);
	t.deepEqual(await readIncremental(domain, 'vda', 'off1'), [4, 6]);
	t.deepEqual(await readIncremental(domain, 'vda', 'off2'), []);
	await stop(domain);
	await doCheckpoint(t, domain, 'delete', 'off1');
	t.deepEqual(parentsOf(await list(domain)), {off2: null});
	t.deepEqual(await Promise.all(domain.disks.map(async disk => readBitmaps(disk.path))), [[], []], 'those in the frozen images, too');
	await start(domain);
	t.deepEqual((await list(domain)).map(({disks}) => disks.map(({health}) => health)), [['good', 'good']]);
});

test.serial('names, disks and bitmaps that cannot be are refused before anything is made', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, formats: {vdb: 'raw'}});
	const world = await readWorld(domain);
	for (const [words, reason] of [
		[['create', 'a/b'], /other than letters/],
		[['create', 'x'.repeat(246)], /longer than 245/],
		[['create', 'virtnbdbackup.0'], /virtnbdbackup/],
		[['create', 'c1', '--disk=vdb'], /its image is raw/],
		[['create', 'c1', '--bitmap=vda=own'], /called like the checkpoint/],
		[['create', 'c1', '--disk=vdx'], /no disk .*vdx/],
		[['delete', 'c1'], /no checkpoint .*c1/],
	] as const) {
		const refused = await checkpoint(domain, [...words]);
		t.is(refused.exitCode, 3, report(refused));
		t.regex(refused.stderr, reason);
	}

	t.deepEqual(await readWorld(domain), world);
	await doCheckpoint(t, domain, 'create', 'c1');
	t.deepEqual((await list(domain)).map(({disks}) => disks.map(({bitmap}) => bitmap)), [['c1', null]]);
});

test.serial('a record that was deleted alone is put back from its XML, and one without its bitmap is refused', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	for (const isRunning of [false, true]) {
		if (isRunning) {
			await start(domain);
		}

		const name = isRunning ? 'live' : 'off';
		await doCheckpoint(t, domain, 'create', name);
		const shown = await runProgram(domain, ['checkpoint', 'show', '--xml', '--', domain.name, name]);
		await doCheckpoint(t, domain, 'delete', name, '--metadata');
		t.false((await list(domain)).some(checkpoint => checkpoint.name === name));
		await withFile(shown.stdout, async file => doCheckpoint(t, domain, 'redefine', `--xml=${file}`));
		t.is((await list(domain)).find(checkpoint => checkpoint.name === name)?.disks[0]?.health, 'good');
		await withFile(shown.stdout.replaceAll(new RegExp(String.raw`\b${name}\b`, 'g'), 'never'), async file => {
			const refused = await checkpoint(domain, ['redefine', `--xml=${file}`]);
			t.is(refused.exitCode, isRunning ? 1 : 3, report(refused));
		});
		t.false((await list(domain)).some(checkpoint => checkpoint.name === 'never'));
	}
});

/** By plain commands: all bitmaps and records anew. */
async function putBack(domain: LabDomain, documents: string[]): Promise<void> {
	for (const name of lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(listed => listed !== '')) {
		await virsh('checkpoint-delete', '--domain', domain.uuid, '--checkpointname', name, '--metadata');
	}

	for (const {path: image} of domain.disks) {
		for (const name of await readBitmaps(image)) {
			await run('qemu-img', ['bitmap', '--remove', '-f', 'qcow2', image, name]);
		}

		for (const name of ['c1', 'c2']) {
			await run('qemu-img', ['bitmap', '--add', '-f', 'qcow2', image, name]);
		}
	}

	for (const document of documents) {
		await withFile(document, async file => virsh('checkpoint-create', '--domain', domain.uuid, '--xmlfile', file, '--redefine'));
	}
}

test.serial('killed after each step, it is finished or put back', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	await doCheckpoint(t, domain, 'create', 'c1');
	await doCheckpoint(t, domain, 'create', 'c2');
	await markLive(domain, 1);
	await stop(domain);
	const documents = await Promise.all(['c1', 'c2'].map(async name => virsh('checkpoint-dumpxml', '--domain', domain.uuid, '--checkpointname', name)));
	for (const words of [['create', 'c3'], ['delete', 'c1']]) {
		const dry = await runProgram(domain, ['checkpoint', words[0]!, '--dry-run', '--json', '--', domain.name, words[1]!]);
		const plan = JSON.parse(dry.stdout) as Plan;
		t.is(plan.steps.length, 3);
		for (const at of plan.steps.keys()) {
			for (const direction of ['--roll-back', '--roll-forward'] as const) {
				const where = `${words.join(' ')}, killed after ${plan.steps[at]!.id}, then ${direction}`;
				const shims = await makeShims(t, plan, {at, script: killMoments.after});
				const killed = await checkpoint(domain, words, shims.options);
				t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
				const isFinal = plan.steps.slice(0, at + 1).some(({phase}) => phase === 'remove');
				const recovered = await recover(domain, isFinal ? '--roll-forward' : direction);
				await shims.settle();
				t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
				const names = lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '').sort();
				const wasBack = !isFinal && direction === '--roll-back';
				t.deepEqual(names, wasBack ? ['c1', 'c2'] : (words[0] === 'create' ? ['c1', 'c2', 'c3'] : ['c2']), where);
				t.deepEqual(await Promise.all(domain.disks.map(async disk => readBitmaps(disk.path))), [names, names], where);
				await putBack(domain, documents);
			}
		}
	}
});

test.serial('of a standalone QEMU, running and off', async t => {
	const domain = await startBare(t);
	const told = async () => (JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as Listed).checkpoints;
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c1');
	await markBare(domain, 1);
	await doBare(domain, 'checkpoint', 'create', '--bitmap=vda=own.name', '--yes', '--', domain.name, 'c2');
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	const made = await told();
	t.deepEqual(parentsOf(made), {c1: null, c2: 'c1'});
	t.true(made[0]!.size! > 0);
	t.is(made[1]!.size, 0);
	t.deepEqual(made.flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good', 'good', 'good']);
	await doBare(domain, 'checkpoint', 'delete', '--yes', '--', domain.name, 'c1');
	t.deepEqual(parentsOf(await told()), {c2: null});
	await quit(domain);
	t.deepEqual((await told()).flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good']);
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c3');
	await doBare(domain, 'checkpoint', 'delete', '--yes', '--', domain.name, 'c2');
	const left = await told();
	t.deepEqual(parentsOf(left), {c3: null});
	t.deepEqual(left.flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good']);
});

test.serial('a start that fails breaks the checkpoints though the guest has not run, and that is said', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await doCheckpoint(t, domain, 'create', 'c1');
	const server = createServer();
	const port = await new Promise<number>(resolve => {
		server.listen({host: '127.0.0.1', port: 0}, () => {
			resolve((server.address() as AddressInfo).port);
		});
	});
	t.teardown(() => server.close());
	const before = await virsh('dumpxml', '--inactive', '--domain', domain.uuid);
	await withFile(before.replace('</devices>', `<graphics type='vnc' autoport='no' port='${port}' listen='127.0.0.1'/></devices>`), async file => virsh('define', file));
	await t.throwsAsync(start(domain), {message: /Address already in use/});
	t.is((await list(domain))[0]!.disks[0]!.health, 'broken');
	const told = await runProgram(domain, ['doctor', '--', domain.name]);
	t.regex(told.stdout, /checkpoint-broken[\s\S]*after a start of QEMU that failed/, report(told));
});
