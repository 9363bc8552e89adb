/** Disks behind NBD servers that let in one client at a time, as qemu-nbd does by itself: nothing asks a server that is busy, and one that gives no answer is told as such. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import test from 'ava';
import {startLab} from './daemons.ts';
import {start, stop} from './domains.ts';
import {makeNetworkDomain} from './network-domain.ts';
import {readError, report, runProgram} from './program.ts';
import {digestImage, writeUnread} from './slots.ts';

test.before(startLab);

test.serial('a running domain is snapshotted, gone back with and merged while its servers let in nobody else', async t => {
	const {domain, urls} = await makeNetworkDomain(t, 8, {clients: 1});
	const digests = async () => Promise.all(urls.map(async url => digestImage(url, 'raw')));
	const held = await digests();
	await start(domain);
	for (const args of [
		['create', '--yes', '--disk-only', `--overlay-folder=${domain.folder}`, '--', domain.name, 's1'],
		['tree', domain.name],
		['doctor', domain.name],
	]) {
		const result = await runProgram(domain, args);
		t.is(result.exitCode, 0, report(result));
	}

	await writeUnread(domain, 0x21, 3);
	const reverted = await runProgram(domain, ['revert', '--yes', '--discard', '--shutoff', '--', domain.name, 's1']);
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await digests(), held, 'nothing was written to the servers');
	await start(domain);
	await writeUnread(domain, 0x22, 3);
	const merged = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(merged.exitCode, 0, report(merged));
	await stop(domain);
	const after = await digests();
	t.true(after.every((digest, index) => digest !== held[index]), 'what the guest wrote is in the images of the servers');
});

test.serial('a server that another client holds is told before anything is changed, and once that one has gone the snapshot is made', async t => {
	const {domain, urls} = await makeNetworkDomain(t, 8, {clients: 1});
	const holder = spawn('qemu-io', ['-f', 'raw', urls[0]!], {stdio: ['pipe', 'pipe', 'ignore']});
	t.teardown(() => {
		holder.kill();
	});
	await once(holder.stdout, 'data');
	const args = ['create', '--yes', '--json', '--disk-only', `--overlay-folder=${domain.folder}`, '--', domain.name, 's1'];
	const refused = await runProgram(domain, args);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(readError(refused).message, /does not give the image: no answer within 10 s/, report(refused));
	t.regex(report(refused), /let its other client go/);
	holder.stdin.end('quit\n');
	await once(holder, 'exit');
	const made = await runProgram(domain, args);
	t.is(made.exitCode, 0, report(made));
});
