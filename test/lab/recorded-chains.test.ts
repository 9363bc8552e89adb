/**
Chains that only the definition knows: another one than the headers tell. What would drop the record is refused, and each remedy is followed, and helps.
*/
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectRefused, expectStarts} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {run} from './run.ts';
import {digestHeads, digestImage, writeOffline} from './slots.ts';
import {markLive, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a recorded chain that differs from the headers is refused and told, and is right again with the command that was named', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const then = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const now = await markLive(domain, 2);
	await stop(domain);
	const head = path.join(domain.folder, 'vda.s1');
	const other = path.join(domain.folder, 'other.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M']);
	await writeOffline(other, 0x66, 1);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', other, head]);
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's2']);
	const told = /XML says [^ ]*vda\.qcow2 \(qcow2\), the header says [^ ]*other\.qcow2/;
	await expectRefused(t, domain, create, told);
	await expectRefused(t, domain, async () => revert(domain, 's1'), told);
	const doctor = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.regex(doctor.stdout, /"chain-conflict"/);
	t.regex(doctor.stdout, told);
	const refused = await create();
	const words = /qemu-img (?<words>rebase -u [^;]*);/.exec(refused.stderr)!.groups!.words!;
	await run('qemu-img', words.split(' '));
	t.is(await digestImage(head), now.vda!);
	const done = await create();
	t.is(done.exitCode, 0, report(done));
	t.deepEqual(await digestHeads(domain), now);
	await expectStarts(t, domain);
	const back = await revert(domain, 's1');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), then);
});
