/**
Merging the changes since a snapshot: with the domain off, and by QEMU's own block jobs while it runs, with progress and with a cancel half-way.
*/
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {
	change, digestSnapshots, readChangePlan,
} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, type LabDisk, type LabDomain,
} from './domains.ts';
import {holdImage} from './image-holder.ts';
import {
	readEvents, recover, report, revert, type ProgramResult,
} from './program.ts';
import {
	attempt, attemptVirsh, run, virsh,
} from './run.ts';
import {makeShims} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {
	markLive, markOffline, readParents, takeChain, takeDiskSnapshot,
} from './snapshots.ts';
import {readStrays, readWorld} from './world.ts';

test.before(startLab);

/** Every snapshot but `gone` holds what it held, the current state too, plain virsh sees the tree, and no file is left over. */
async function expectMerged(
	t: ExecutionContext,
	domain: LabDomain,
	given: {before: Awaited<ReturnType<typeof digestSnapshots>>; gone: string[]; parents: Record<string, string | undefined>},
): Promise<void> {
	const expected = Object.fromEntries(Object.entries(given.before).filter(([name]) => !given.gone.includes(name)));
	t.deepEqual(await digestSnapshots(domain), expected);
	t.deepEqual(await readParents(domain), given.parents);
	t.deepEqual(await readStrays(domain), []);
	t.deepEqual(await readHeads(domain, {inactive: true}), await readHeads(domain), 'the next start uses the same disks');
}

test.serial('with the domain off, a middle snapshot is merged and the others hold their bytes', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1', 's2', 's3']);
	await stop(domain);
	const before = await digestSnapshots(domain);
	const result = await change(domain, 'merge', ['s2']);
	t.is(result.exitCode, 0, report(result));
	await expectMerged(t, domain, {before, gone: ['s2'], parents: {s1: undefined, s3: 's1'}});
	for (const name of ['s1', 's3']) {
		const reverted = await revert(domain, name, {flags: ['--discard']});
		t.is(reverted.exitCode, 0, report(reverted));
		t.deepEqual(await digestHeads(domain), before[name]);
	}

	await start(domain);
	t.is(await readState(domain), 'running');
	await takeDiskSnapshot(domain, 'next');
	t.is((await readParents(domain)).next, 's3');
});

test.serial('with the domain off, the direction is chosen by what copies less', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const [{path}] = domain.disks as [LabDisk];
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 4M 8M', path]);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 1);
	const down = await readChangePlan(domain, 'merge', ['s1']);
	t.true(down.steps.some(step => step.id === 'commit-1'), 'the little overlay is committed into the big base');
	const before = await digestSnapshots(domain);
	const result = await change(domain, 'merge', ['s1']);
	t.is(result.exitCode, 0, report(result));
	await expectMerged(t, domain, {before, gone: ['s1'], parents: {}});
	t.is((await readHeads(domain)).get('vda'), path, 'the domain is on its first image again');
});

test.serial('while the domain runs, the head is merged into the snapshot\'s image, and then a middle one', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1', 's2', 's3']);
	const before = await digestSnapshots(domain);
	const head = await change(domain, 'merge', ['s3']);
	t.is(head.exitCode, 0, report(head));
	t.is(await readState(domain), 'running');
	await expectMerged(t, domain, {before, gone: ['s3'], parents: {s1: undefined, s2: 's1'}});
	const middle = await change(domain, 'merge', ['s1']);
	t.is(middle.exitCode, 0, report(middle));
	t.is(await readState(domain), 'running');
	await expectMerged(t, domain, {before, gone: ['s3', 's1'], parents: {s2: undefined}});
	const written = await markLive(domain, 9);
	await takeDiskSnapshot(domain, 'next');
	t.is((await readParents(domain)).next, 's2');
	await stop(domain);
	await start(domain);
	t.deepEqual(await digestHeads(domain), written, 'the next start finds what was written');
});

test.serial('with the domain off, somebody who only reads an image that is written to stops it before anything is changed', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await takeDiskSnapshot(domain, 's2');
	const [written] = (await readChangePlan(domain, 'merge', ['s1'])).images.written!;
	const before = await readWorld(domain);
	const release = await holdImage(t, written!, {isReadOnly: true});
	const result = await change(domain, 'merge', ['s1']);
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr, /Failed to get \\"write\\" lock/);
	await release();
	t.deepEqual(await readWorld(domain), before);
	const again = await change(domain, 'merge', ['s1']);
	t.is(again.exitCode, 0, report(again));
});

test.serial('what nothing stands on cannot be merged, and the reason is told', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await takeDiskSnapshot(domain, 's2');
	t.is((await revert(domain, 's1')).exitCode, 0);
	const world = await readWorld(domain);
	const shared = await change(domain, 'merge', ['s1']);
	t.is(shared.exitCode, 3, report(shared));
	t.regex(shared.stderr, /shared base/);
	const aside = await change(domain, 'merge', ['s2']);
	t.is(aside.exitCode, 3, report(aside));
	t.regex(aside.stderr, /is not an ancestor of the current state/);
	t.deepEqual(await readWorld(domain), world);
});

async function makeBig(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 2200});
	// More below than above, and elsewhere, so that the changes go down.
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 1 1026M 1100M', domain.disks[0]!.path]);
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 2 2M 1024M', (await readHeads(domain)).get('vda')!]);
	await start(domain);
	return domain;
}

/** What the guest reads: the changes, and the base beyond them. */
async function expectBig(t: ExecutionContext, domain: LabDomain): Promise<void> {
	const text = await run('qemu-io', ['-U', '-r', '-f', 'qcow2', '-c', 'read -P 2 2M 1024M', '-c', 'read -P 1 1026M 56M', (await readHeads(domain)).get('vda')!]);
	t.is(text.match(/^read \d+\/\d+ bytes/gmu)?.length, 2, text);
	t.notRegex(text, /failed/i);
}

test.serial('1 GiB is merged while the domain runs: progress at least twice a second, a cancel half-way, and then the rest', async t => {
	const domain = await makeBig(t);
	await expectBig(t, domain);
	let pid = 0;
	const cancelling = change(domain, 'merge', ['s1'], {
		onStart(started) {
			pid = started;
		},
	});
	const hasJob = async () => {
		const job = await attemptVirsh('blockjob', '--domain', domain.uuid, '--path', 'vda', '--raw');
		return Number(/cur=(?<done>\d+)/.exec(job.stdout)?.groups?.done ?? 0) > 0;
	};

	const early: ProgramResult[] = [];
	void cancelling.then(result => {
		early.push(result);
	});
	while (early.length === 0 && !await hasJob()) {
		// Asked anew until the copying has begun.
	}

	t.deepEqual(early, []);
	process.kill(pid, 'SIGINT');
	const cancelled = await cancelling;
	t.is(cancelled.exitCode, 4, report(cancelled));
	t.regex(cancelled.stderr, /interrupted/);
	t.is(await readState(domain), 'running');
	await expectBig(t, domain);
	for (const path of [domain.disks[0]!.path, (await readHeads(domain)).get('vda')!]) {
		// What QEMU has reserved and not noted yet counts as leaked (3), and nothing worse may be found.
		const checked = await attempt('qemu-img', ['check', '-q', '-U', '-f', 'qcow2', path]);
		t.true([0, 3].includes(checked.exitCode ?? -1), checked.stderr);
	}

	const result = await recover(domain, '--roll-forward');
	t.is(result.exitCode, 0, report(result));
	const events = readEvents(result);
	const seconds = Number(events.find(event => event.kind === 'step-done' && event.step === 'commit-1')!.durationMs) / 1000;
	const progress = events.filter(event => event.kind === 'step-progress' && event.step === 'commit-1');
	t.true(progress.length >= Math.floor(seconds * 2), `${progress.length} reports in ${seconds} s`);
	t.is(await readState(domain), 'running');
	await expectBig(t, domain);
	t.deepEqual(await readStrays(domain), []);
	t.is((await virsh('snapshot-list', '--domain', domain.uuid, '--name')).trim(), '');
});

test.serial('a pull whose end nobody was told of is written out when it is put back, so that the files read as before', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	// More above than below, so that the base is pulled up.
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 8M 2M', (await readHeads(domain)).get('vda')!]);
	await start(domain);
	const before = await digestHeads(domain);
	const plan = await readChangePlan(domain, 'merge', ['s1']);
	const at = plan.steps.findIndex(({id}) => id === 'pull-1');
	t.true(at !== -1, JSON.stringify(plan.steps.map(({id}) => id)));
	const shims = await makeShims(t, plan, {at, script: '"$name" "$@"; exit 1'});
	const result = await change(domain, 'merge', ['s1'], shims.options);
	t.is(result.exitCode, 1, report(result));
	t.deepEqual(await digestHeads(domain), before);
	await stop(domain);
	t.deepEqual(await digestHeads(domain), before);
	// The disk does not stand on what the snapshot keeps any longer, so the delete has nothing to merge.
	const dropped = await change(domain, 'delete', ['s1']);
	t.is(dropped.exitCode, 0, report(dropped));
	t.deepEqual(await digestHeads(domain), before);
});
