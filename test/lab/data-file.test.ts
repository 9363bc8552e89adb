/**
A qcow2 image whose clusters lie in an external data file, which libvirt knows from 10.10 on: reverts and merges keep every byte, and what they define starts. On an older
libvirt the test says so in its log, and only shows that a plan for such an image is made or refused without harm.
*/
import path from 'node:path';
import {rm} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectStarts} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {readLibvirtVersion, run, virsh} from './run.ts';
import {digestFile, digestHeads, writeOffline} from './slots.ts';
import {markLive, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const knowsDataFiles = 10_010_000;

test.serial('a disk with an external data file goes back and is merged, byte for byte, and starts (libvirt 10.10 and later)', async t => {
	const version = await readLibvirtVersion();
	t.true(version > 0);
	if (version < knowsDataFiles) {
		t.log(`libvirt ${version} knows no external data files: not run`);
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1});
	const [disk] = domain.disks;
	const store = path.join(domain.folder, 'store.raw');
	await rm(disk!.path);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-o', `data_file=${store},data_file_raw=on`, disk!.path, '16M']);
	await writeOffline(disk!.path, 0xB0, 0);
	await start(domain);
	const then = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await stop(domain);
	const frozen = await digestFile(store);
	const reverted = await revert(domain, 's1');
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await digestHeads(domain), then);
	t.is(await digestFile(store), frozen, 'the data file');
	const definition = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	t.notRegex(definition, /<source file='[^']*vda\.\d[^']*'>\s*<dataStore/, 'no overlay has the data file of what it is backed by');
	await expectStarts(t, domain);
	await start(domain);
	const now = await markLive(domain, 3);
	await stop(domain);
	const merged = await runProgram(domain, ['merge', '--yes', '--json', '--', domain.name, 's1']);
	t.is(merged.exitCode, 0, report(merged));
	t.deepEqual(await digestHeads(domain), now);
	await expectStarts(t, domain);
});
