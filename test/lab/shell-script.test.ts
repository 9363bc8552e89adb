/** What `--dry-run --shell` prints does the same revert when it is run by hand with sh, and `--dry-run` itself does nothing. */
import {rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {expectReverted, expectStarts} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {endingOf, report, revert, runProgram} from './program.ts';
import {attempt, run} from './run.ts';
import {
	markLive, markOffline, readParents, takeChain, takeInternalSnapshot, takeMemorySnapshot,
} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

/** Gives the path of the script; planning it touched nothing. */
async function exportScript(domain: LabDomain, snapshot: string, flags: string[]): Promise<string> {
	const result = await runProgram(domain, ['revert', ...flags, ...await endingOf(domain, snapshot, flags), '--dry-run', '--shell', '--', domain.name, snapshot]);
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	const scriptPath = path.join(domain.statePath, 'revert.sh');
	await writeFile(scriptPath, result.stdout);
	return scriptPath;
}

const done = {
	exitCode: 0, signal: null, stdout: '', stderr: '',
};

test.serial('the exported script of a discarding revert brings back the same bytes', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	const before = await readWorld(domain);
	const scriptPath = await exportScript(domain, 's1', ['--discard', '--running']);
	t.deepEqual(await readWorld(domain), before);
	await run('sh', [scriptPath]);
	await expectReverted(t, domain, done, {digests: digests.get('s1')!, current: 's1', state: 'running'});
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
});

test.serial('the exported script of a keeping revert keeps the left state', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	await run('sh', [await exportScript(domain, 's1', ['--keep', 'left'])]);
	await expectReverted(t, domain, done, {digests: digests.get('s1')!, current: 's1'});
	t.deepEqual(await readParents(domain), {s1: undefined, left: 's1'});
	await expectStarts(t, domain);
	await expectReverted(t, domain, await revert(domain, 'left'), {digests: digests.get('')!, current: 'left'});
});

test.serial('the exported script of a memory revert resumes from the saved memory', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	await waitForCounter(domain, 10);
	const low = await readCounter(domain);
	await takeMemorySnapshot(domain, 'm1');
	const high = await readCounter(domain);
	await markLive(domain, 2);
	await run('sh', [await exportScript(domain, 'm1', ['--discard', '--paused'])]);
	await expectReverted(t, domain, done, {digests, current: 'm1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(low <= counter && counter <= high);
});

test.serial('the exported script of an internal revert brings back the same bytes', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	await markOffline(domain, 2);
	await run('sh', [await exportScript(domain, 'i1', ['--discard'])]);
	await expectReverted(t, domain, done, {digests, current: 'i1'});
});

test.serial('an exported script stops at the first command that fails, and removes nothing then', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	const scriptPath = await exportScript(domain, 's1', ['--discard']);
	const before = await readWorld(domain);
	await rm(domain.disks[1]!.path);
	const ran = await attempt('sh', [scriptPath]);
	t.not(ran.exitCode, 0);
	const after = await readWorld(domain);
	t.is(after.definitionXml, before.definitionXml);
	t.deepEqual(after.snapshots, before.snapshots);
	t.true(Object.keys(before.files).every(name => name === 'vdb.qcow2' || name in after.files));
	t.truthy(digests);
});
