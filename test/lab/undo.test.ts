/**
Undo on real libvirt and a real QEMU: what a revert left comes back by its bytes, and so does what the undo left; a new snapshot goes and what was written since stays; what ran is told.
*/
import {readFile, readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {digestHeads} from './slots.ts';
import {markLive, markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

async function undo(domain: LabDomain, ...flags: string[]) {
	return runProgram(domain, ['undo', ...flags, '--yes', '--', domain.name]);
}

test.serial('a revert, its undo, and the undo of that are exact by the bytes', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const left = await digestHeads(domain);
	const reverted = await revert(domain, 's1', {flags: ['--keep', 'k1', '--shutoff']});
	t.is(reverted.exitCode, 0, report(reverted));
	const atOne = await digestHeads(domain);
	t.notDeepEqual(atOne, left);
	// What is written after the revert is kept by its undo.
	await markOffline(domain, 3);
	const after = await digestHeads(domain);
	const undone = await undo(domain);
	t.is(undone.exitCode, 0, report(undone));
	t.deepEqual(await digestHeads(domain), left);
	const redone = await undo(domain);
	t.is(redone.exitCode, 0, report(redone));
	t.deepEqual(await digestHeads(domain), after);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('a new snapshot of a running domain is undone: it goes, and what the guest wrote since stays', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await markLive(domain, 1);
	const created = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's1']);
	t.is(created.exitCode, 0, report(created));
	const written = await markLive(domain, 2);
	const undone = await undo(domain);
	t.is(undone.exitCode, 0, report(undone));
	t.deepEqual(await readParents(domain), {});
	t.is(await readState(domain), 'running');
	await stop(domain);
	t.deepEqual(await digestHeads(domain), written);
	t.deepEqual(await readStrays(domain), []);
	const refused = await undo(domain);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /the images are merged/);
});

test.serial('every command that ran is kept for its action, private, with its exit code', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	const created = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's1']);
	t.is(created.exitCode, 0, report(created));
	const folder = path.join(domain.statePath, 'commands');
	const [name] = await readdir(folder);
	t.is((await stat(path.join(folder, name!))).mode % 0o1000, 0o600);
	const told = await runProgram(domain, ['log', name!.replace('.jsonl', '')]);
	t.is(told.exitCode, 0, report(told));
	const lines = (await readFile(path.join(folder, name!), 'utf8')).trim().split('\n').map(line => JSON.parse(line) as {command: string; exitCode: number});
	t.true(lines.some(({command}) => command.startsWith('qemu-img create ')));
	t.deepEqual([...new Set(lines.map(({exitCode}) => exitCode))], [0]);
	t.deepEqual(lines.filter(({command}) => !told.stdout.includes(command)), []);
});
