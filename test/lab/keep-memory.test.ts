/** States that are kept with the memory of their guest, and the note of frozen file systems: on real libvirt, forth and back. */
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {frozenNamespace} from '../../source/model/xml/frozen-note.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start} from './domains.ts';
import {expectReverted} from './expect.ts';
import {readCounter, waitForCounter} from './memory-counter.ts';
import {report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {shimBefore} from './exchange.ts';
import {digestAll, readHeads} from './slots.ts';
import {markLive, markOffline, takeChain, takeInternalSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a state that is kept with its memory is gone back to: the guest goes on from there', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const chain = await takeChain(domain, ['s1']);
	const digests = await markLive(domain, 3);
	await waitForCounter(domain, 15);
	const low = await readCounter(domain);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'k1', '--memory', '--running']}), {digests: chain.get('s1')!, current: 's1', state: 'running'});
	const tree = await runProgram(domain, ['tree', domain.name]);
	t.regex(tree.stdout, /k1 .*with memory/, report(tree));
	// Both ways there: paused to see the very memory, and as it ran.
	await expectReverted(t, domain, await revert(domain, 'k1', {flags: ['--discard', '--paused']}), {digests, current: 'k1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(counter >= low && counter < low + 200, `${low} <= ${counter}`);
	await virsh('resume', '--domain', domain.uuid);
	await waitForCounter(domain, counter + 5);
	const doctor = await runProgram(domain, ['doctor', domain.name]);
	t.notRegex(doctor.stdout, /PROBLEM/, report(doctor));
});

test.serial('where the revert fails after the guest was ended, it goes on from its memory, and the memory file is gone', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1']);
	const digests = await markLive(domain, 3);
	await waitForCounter(domain, 15);
	const low = await readCounter(domain);
	const {env} = await shimBefore(domain, {virsh: '*" define "*definition-new*'}, 'exit 1');
	const result = await revert(domain, 's1', {flags: ['--keep', 'k1', '--memory'], env});
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr + result.stdout, /gone on from its memory/);
	t.is(await readState(domain), 'running');
	await virsh('suspend', '--domain', domain.uuid);
	t.true(await readCounter(domain) >= low, 'it has not booted anew');
	t.deepEqual(await digestAll([...await readHeads(domain)]), digests);
	t.deepEqual((await readdir(path.dirname(domain.disks[0]!.path))).filter(name => name.endsWith('.mem')), []);
});

test.serial('where a snapshot inside the images is reverted to, the memory is kept by the command that the refusal names', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeInternalSnapshot(domain, 'i1');
	await start(domain);
	const digests = await markLive(domain, 2);
	await waitForCounter(domain, 15);
	const low = await readCounter(domain);
	const refused = await revert(domain, 'i1', {flags: ['--keep', 'k1', '--memory', '--running']});
	t.is(refused.exitCode, 3, report(refused));
	const [, words] = /vsnap-tui (create .*?)\. Then do this with --discard/.exec(refused.stderr)!;
	const created = await runProgram(domain, [...words!.split(' '), '--yes']);
	t.is(created.exitCode, 0, report(created));
	const back = await revert(domain, 'i1', {flags: ['--discard', '--running']});
	t.is(back.exitCode, 0, report(back));
	await expectReverted(t, domain, await revert(domain, 'k1', {flags: ['--discard', '--paused']}), {digests, current: 'k1', state: 'paused'});
	const counter = await readCounter(domain);
	t.true(counter >= low && counter < low + 200, `${low} <= ${counter}`);
});

test.serial('libvirt copies the note of frozen file systems into the record, and the tree tells of it until the snapshot is gone', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const note = ['metadata', '--domain', domain.uuid, '--uri', frozenNamespace, '--live'];
	await virsh(...note, '--key', 'vsnap', '--set', `<frozen snapshot='q1' domain='${domain.uuid}'/>`);
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'q1', '--disk-only', '--atomic');
	await virsh(...note, '--remove');
	await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 'q2', '--disk-only', '--atomic');
	const tree = await runProgram(domain, ['tree', domain.name]);
	t.regex(tree.stdout, /q1 .*file systems frozen/, report(tree));
	t.regex(tree.stdout, /q2 .*crash-consistent/, report(tree));
	t.is((await revert(domain, 'q1')).exitCode, 0);
	t.notRegex(await virsh('dumpxml', '--domain', domain.uuid, '--inactive'), /vsnap:frozen/);
	t.regex((await runProgram(domain, ['tree', domain.name])).stdout, /q1 .*file systems frozen/);
});
