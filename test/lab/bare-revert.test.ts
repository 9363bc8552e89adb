/** Reverts of a QEMU that somebody started by hand: disks alone, memory in a file, everything inside the images; also after a kill, and by a script. */
import {readdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {
	digestBare, doBare, isListening, markBare, readBareCounter, readBareTree, runBare, startBare, waitForBareCounter, type BareDomain,
} from './bare-domain.ts';
import {attempt, run} from './run.ts';
import {readTags} from './slots.ts';

async function create(domain: BareDomain, name: string, ...flags: string[]): Promise<void> {
	await doBare(domain, 'create', ...flags, '--yes', '--', domain.name, name);
}

async function revert(domain: BareDomain, name: string, ...flags: string[]): Promise<void> {
	const hasEnding = flags.some(flag => /^--(?:running|paused|shutoff)$/.test(flag));
	const {snapshots} = await readBareTree(domain);
	const hasMemory = snapshots.find(snapshot => snapshot.name === name)?.memory !== 'no';
	await doBare(domain, 'revert', ...flags, ...hasEnding || hasMemory ? [] : ['--shutoff'], '--yes', '--', domain.name, name);
}

async function readState(domain: BareDomain): Promise<{state: string; current: string | undefined; parents: Record<string, string | null>}> {
	const {domain: {state}, snapshots} = await readBareTree(domain);
	return {state, current: snapshots.find(({current}) => current)?.name, parents: Object.fromEntries(snapshots.map(({name, parent}) => [name, parent]))};
}

/** The images and memory files of the folder that nothing needs. */
async function readStrays(domain: BareDomain): Promise<string[]> {
	const {images} = await readBareTree(domain);
	const needed = new Set(images.map(image => path.basename(image.path)));
	const names = await readdir(domain.folder);
	return names.filter(name => !needed.has(name) && !/^(?:q\.sock|state|.*\.mem)$/.test(name));
}

test.serial('disks go back and forth: running, off, and running again, with the left state kept or not', async t => {
	const domain = await startBare(t);
	const first = await markBare(domain, 1);
	await create(domain, 's1', '--disk-only');
	const second = await markBare(domain, 2);
	await create(domain, 's2', '--disk-only');
	const third = await markBare(domain, 3);
	await revert(domain, 's1', '--keep', 'left', '--running');
	t.deepEqual(await digestBare(domain), first);
	t.deepEqual(await readState(domain), {state: 'running', current: 's1', parents: {s1: null, s2: 's1', left: 's2'}});
	await markBare(domain, 4);
	await revert(domain, 's2', '--discard');
	t.deepEqual(await digestBare(domain), second);
	t.deepEqual(await readState(domain), {state: 'shutoff', current: 's2', parents: {s1: null, s2: 's1', left: 's2'}});
	await revert(domain, 'left', '--discard', '--paused');
	t.deepEqual(await digestBare(domain), third);
	t.is((await readState(domain)).state, 'paused');
	t.deepEqual(await readStrays(domain), []);
});

test.serial('the memory is kept by the command that a refused --keep --memory names', async t => {
	const domain = await startBare(t, {name: 'bare'});
	await create(domain, 's1', '--disk-only');
	const digests = await markBare(domain, 1);
	await waitForBareCounter(domain, 8);
	const low = await readBareCounter(domain);
	const refused = await runBare(domain, ['revert', '--keep', 'k1', '--memory', '--running', '--yes', '--', domain.name, 's1']);
	t.is(refused.exitCode, 3, refused.stderr);
	const [, words] = /vsnap-tui (create .*?)\. Then do this with --discard/.exec(refused.stderr)!;
	await doBare(domain, ...words!.split(' '), '--yes');
	await revert(domain, 's1', '--discard', '--running');
	await revert(domain, 'k1', '--discard', '--paused');
	t.deepEqual(await digestBare(domain), digests);
	const counter = await readBareCounter(domain);
	t.true(counter >= low && counter < low + 200, `${low} <= ${counter}`);
});

test.serial('saved memory goes on from where it was, again and again, also from being off', async t => {
	const domain = await startBare(t);
	const digests = await markBare(domain, 1);
	await waitForBareCounter(domain, 8);
	const low = await readBareCounter(domain);
	await create(domain, 'm1', '--memory', 'external');
	const high = await readBareCounter(domain);
	await waitForBareCounter(domain, high + 12);
	await markBare(domain, 2);
	for (const isFromOff of [false, true]) {
		if (isFromOff) {
			await revert(domain, 'm1', '--discard', '--shutoff');
		}

		await revert(domain, 'm1', '--discard', '--paused');
		t.deepEqual(await digestBare(domain), digests);
		const counter = await readBareCounter(domain);
		t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
	}

	await revert(domain, 'm1', '--discard');
	t.is((await readState(domain)).state, 'running');
	const counter = await readBareCounter(domain);
	t.true(counter >= low);
	await waitForBareCounter(domain, counter + 3);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('an internal snapshot brings disks and memory back from inside the images, and a state is kept there, too', async t => {
	const domain = await startBare(t);
	const first = await markBare(domain, 1);
	await waitForBareCounter(domain, 8);
	const low = await readBareCounter(domain);
	await create(domain, 'i1');
	const high = await readBareCounter(domain);
	await waitForBareCounter(domain, high + 12);
	const second = await markBare(domain, 2);
	await revert(domain, 'i1', '--keep', 'left', '--paused');
	t.deepEqual(await digestBare(domain), first);
	const counter = await readBareCounter(domain);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
	await revert(domain, 'left', '--discard');
	t.deepEqual(await digestBare(domain), second);
	await revert(domain, 'i1', '--discard');
	t.is((await readState(domain)).state, 'running');
	t.deepEqual(await digestBare(domain), first);
	t.deepEqual((await readTags(path.join(domain.folder, 'data.qcow2'))).sort(), ['i1', 'left']);
});

type Kill = {after: string; direction: '--roll-back' | '--roll-forward'; isBack: boolean};

const kills: Kill[] = [
	{after: 'stop', direction: '--roll-back', isBack: true},
	{after: 'define', direction: '--roll-forward', isBack: false},
	{after: 'start', direction: '--roll-back', isBack: true},
	{after: 'memory', direction: '--roll-forward', isBack: false},
];

for (const {after, direction, isBack} of kills) {
	test.serial(`killed after the step "${after}", recover ${direction} leaves the bytes of ${isBack ? 'before' : 'the snapshot'}`, async t => {
		const domain = await startBare(t);
		const first = await markBare(domain, 1);
		await create(domain, 'm1', '--memory', 'external');
		const second = await markBare(domain, 2);
		const killed = await runBare(domain, ['revert', '--discard', '--yes', '--json', '--', domain.name, 'm1'], (line, kill) => {
			if (line.includes('"step-done"') && line.includes(`"step":"${after}"`)) {
				kill();
			}
		});
		t.is(killed.exitCode, null, killed.stdout + killed.stderr);
		await doBare(domain, 'recover', direction, '--yes');
		t.deepEqual(await digestBare(domain), isBack ? second : first);
		t.deepEqual(await readState(domain), {state: 'running', current: 'm1', parents: {m1: null}});
		t.deepEqual(await readStrays(domain), []);
	});
}

test.serial('the exported script does the same with socat', async t => {
	const domain = await startBare(t);
	const first = await markBare(domain, 1);
	await create(domain, 'm1', '--memory', 'external');
	await markBare(domain, 2);
	const scriptPath = path.join(domain.folder, 'state', 'revert.sh');
	await writeFile(scriptPath, await doBare(domain, 'revert', '--discard', '--dry-run', '--shell', '--', domain.name, 'm1'));
	await run('sh', [scriptPath]);
	t.deepEqual(await digestBare(domain), first);
	t.is((await readState(domain)).state, 'running');
	t.deepEqual(await readStrays(domain), []);
	const again = await attempt('sh', [scriptPath]);
	t.is(again.exitCode, 7, 'the host is no longer as it was planned');
});

test.serial('a command line that needs its terminal is refused before anything is stopped; off afterwards it may be', async t => {
	const domain = await startBare(t, {more: ['-serial', 'stdio'], isInForeground: true});
	const first = await markBare(domain, 1);
	await create(domain, 's1', '--disk-only');
	await markBare(domain, 2);
	const refused = await runBare(domain, ['revert', '--discard', '--running', '--yes', '--', domain.name, 's1']);
	t.is(refused.exitCode, 3);
	t.regex(refused.stderr, /-serial stdio: it uses the terminal/);
	t.true(await isListening(domain));
	await revert(domain, 's1', '--discard', '--shutoff');
	t.deepEqual(await digestBare(domain), first);
});
