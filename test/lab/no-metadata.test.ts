/**
A layer that no snapshot records, made off and running: the record of the current snapshot names the new head, so libvirt's own revert (where this version has one) leaves
what was frozen without a record.
*/
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {report, runProgram} from './program.ts';
import {attemptVirsh, readLibvirtVersion} from './run.ts';
import {digestHeads, digestImage, readHeads} from './slots.ts';
import {
	markLive, markOffline, readRecords, takeDiskSnapshot,
} from './snapshots.ts';

test.before(startLab);

test.serial('what is frozen without a record outlives libvirt\'s own revert to the snapshot before it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const create = async (name: string) => runProgram(domain, ['create', '--disk-only', '--no-metadata', '--yes', '--json', '--', domain.name, name]);
	const expectNamed = async () => {
		const head = (await readHeads(domain)).get('vda')!;
		const [, record] = (await readRecords(domain))[0]!;
		t.is(/<disks>.*?<source file='(?<file>[^']*)'/s.exec(record)!.groups!.file, head);
	};

	const offline = await markOffline(domain, 2);
	const made = await create('nm1');
	t.is(made.exitCode, 0, report(made));
	await expectNamed();
	t.deepEqual(await digestHeads(domain), offline);
	await start(domain);
	const live = await markLive(domain, 3);
	const madeLive = await create('nm2');
	t.is(madeLive.exitCode, 0, report(madeLive));
	await expectNamed();
	t.deepEqual(await digestHeads(domain), live);
	await markLive(domain, 4);
	await stop(domain);
	const frozen = [path.join(domain.folder, 'vda.s1'), path.join(domain.folder, 'vda.nm1')];
	const before = await Promise.all(frozen.map(async file => digestImage(file)));
	t.deepEqual(before, [offline.vda!, live.vda!]);

	const reverted = await attemptVirsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', 's1');
	t.log(`virsh snapshot-revert: ${reverted.exitCode === 0 ? 'done' : reverted.stderr.trim()} (libvirt ${await readLibvirtVersion()})`);
	t.deepEqual(await Promise.all(frozen.map(async file => digestImage(file))), before, 'what was frozen');
	// libvirt 9.0 refuses, and then the disks are as they were left.
	const wanted = reverted.exitCode === 0 ? first : await digestHeads(domain);
	t.deepEqual(await digestHeads(domain), wanted);
});
