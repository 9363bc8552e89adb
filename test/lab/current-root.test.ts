/**
The delete of a root that is current, while a branch of it remains: which snapshot is current afterwards. libvirt since 9.9 needs one, and there the root is kept
until the disks have a snapshot of their own.
*/
import test from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {createArgs, succeeds} from './remedies.ts';
import {attemptVirsh, readLibvirtVersion} from './run.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('R3: a branch that the disks are not on is not made current, and the doctor finds nothing', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 1);
	t.is((await revert(domain, 's1', {flags: ['--keep', 'b1']})).exitCode, 0);
	await markOffline(domain, 2);
	const before = await digestSnapshots(domain);
	const version = await readLibvirtVersion();
	if (version >= 9_009_000) {
		t.log(`libvirt ${version} needs a current snapshot: the root stays until there is another one`);
		await expectRefused(t, domain, async () => change(domain, 'delete', ['s1']), /Take a snapshot first/);
		await succeeds(t, domain, createArgs(domain, 'next', '--disk-only'));
	}

	const result = await change(domain, 'delete', ['s1']);
	t.is(result.exitCode, 0, report(result));
	const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
	t.not(current.stdout.trim(), 'b1');
	t.is((await readParents(domain)).b1, undefined);
	const after = await digestSnapshots(domain);
	t.deepEqual([after.b1, after['']], [before.b1, before['']]);
	const checked = await runProgram(domain, ['doctor', domain.name]);
	t.is(checked.exitCode, 0, report(checked));
	await attemptVirsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', 'b1');
	t.is(await readState(domain), 'shut off', 'the daemon lives');
});
