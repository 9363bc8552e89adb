/** What is advised where libvirt itself reverts to external snapshots (9.9 and newer) and takes a delete for a job (11.3): it is done, and helps. An older one says so in the log. */
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {report, revert} from './program.ts';
import {
	createArgs, findings, refused, succeeds,
} from './remedies.ts';
import {
	attempt, attemptVirsh, readLibvirtVersion, virsh, waitFor,
} from './run.ts';
import {labUri} from './settings.ts';
import {digestHeads, readHeads, writeLive} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

async function isOlder(t: ExecutionContext, wanted: number): Promise<boolean> {
	const version = await readLibvirtVersion();
	if (version >= wanted) {
		return false;
	}

	t.log(`Not run: it needs libvirt ${wanted}, and this is ${version}.`);
	t.pass();
	return true;
}

test.serial('disks that a snapshot leaves out: vsnap-tui leaves them on their files (libvirt 9.9 and newer)', async t => {
	if (await isOlder(t, 9_009_000)) {
		return;
	}

	const domain = await makeDomain(t);
	const held = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vdb,snapshot=no']);
	const left = await markOffline(domain, 2);
	const told = await findings(domain, 'native-revert');
	t.deepEqual(told.map(({remedy}) => remedy), ['Revert only with vsnap-tui.']);
	const file = (await readHeads(domain)).get('vdb');
	t.is((await revert(domain, 's1')).exitCode, 0);
	t.is((await readHeads(domain)).get('vdb'), file);
	t.deepEqual(await digestHeads(domain), {vda: held.vda, vdb: left.vdb});
});

test.serial('a current record that names what is needed: a revert by vsnap-tui removes none of it (libvirt 9.9 and newer)', async t => {
	if (await isOlder(t, 9_009_000)) {
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1});
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index + 1);
		await takeDiskSnapshot(domain, name);
	}

	await markOffline(domain, 4);
	await virsh('snapshot-current', '--domain', domain.uuid, 's2');
	const before = await digestSnapshots(domain);
	const told = await findings(domain, 'native-revert');
	t.deepEqual(told.map(({remedy}) => remedy), ['Until the record is repaired, revert only with vsnap-tui.']);
	const result = await revert(domain, 's1', {flags: ['--keep', 'k']});
	t.is(result.exitCode, 0, report(result));
	const after = await digestSnapshots(domain);
	t.deepEqual([after.s1, after.s2, after.s3, after.k, after['']], [before.s1, before.s2, before.s3, before[''], before.s1]);
	t.deepEqual(await findings(domain, 'native-revert'), []);
});

test.serial('while libvirt deletes a snapshot it is waited for (11.3 and newer)', async t => {
	if (await isOlder(t, 11_003_000)) {
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 300});
	await start(domain);
	await takeDiskSnapshot(domain, 's1');
	await writeLive(domain, [{target: 'vda', pattern: 7, slot: 3, mebibytes: 250}]);
	const deletion = attempt('virsh', ['-q', '-c', labUri, 'snapshot-delete', domain.uuid, 's1']);
	await waitFor('it merges', async () => (await attemptVirsh('blockjob', domain.uuid, 'vda', '--raw')).stdout.includes('type='));
	// Held still, so that it lasts until it has been told of.
	const monitor = async (command: string, more: Record<string, unknown>) => virsh('qemu-monitor-command', '--domain', domain.uuid, '--cmd', JSON.stringify({execute: command, arguments: more}));
	const [job] = (JSON.parse(await monitor('query-jobs', {})) as {return: Array<{id: string}>}).return;
	await monitor('job-pause', {id: job!.id});
	await refused(t, domain, createArgs(domain, 's2', '--disk-only'), 'Wait until it has ended; it cannot be aborted.');
	await monitor('job-resume', {id: job!.id});
	t.is((await deletion).exitCode, 0);
	await succeeds(t, domain, createArgs(domain, 's2', '--disk-only'));
	t.is(path.basename((await readHeads(domain)).get('vda')!), 'vda.s2');
	await stop(domain);
});
