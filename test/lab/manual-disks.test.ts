/** Disks that somebody else takes care of: libvirt stops the guest's writes and records the moment. Alone they are taken from libvirt 11.9 on. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, runProgram} from './program.ts';
import {readLibvirtVersion, virsh} from './run.ts';
import {digestHeads} from './slots.ts';
import {markLive, readRecords} from './snapshots.ts';

test.before(startLab);

test.serial('a snapshot of manual disks alone is taken where libvirt takes it, and else refused with the version that does', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	const digests = await markLive(domain, 1);
	const version = await readLibvirtVersion();
	const takesManual = version >= 11_009_000;
	t.log(`libvirt ${version}: ${takesManual ? 'takes manual disks alone' : 'refuses manual disks alone'}`);
	const act = async () => runProgram(domain, ['create', '--disk', 'vda=manual', '--disk', 'vdb=manual', '--yes', '--', domain.name, 'm']);
	if (!takesManual) {
		await expectRefused(t, domain, act, /libvirt 11\.9 or newer/);
		return;
	}

	const taken = await act();
	t.is(taken.exitCode, 0, report(taken));
	t.is(await readState(domain), 'paused');
	t.regex((await readRecords(domain))[0]![1], /<disk name='vda' snapshot='manual'\/>\s*<disk name='vdb' snapshot='manual'\/>/);
	t.deepEqual(await digestHeads(domain), digests);
	await virsh('resume', '--domain', domain.uuid);
	const dropped = await runProgram(domain, ['delete', '--yes', '--', domain.name, 'm']);
	t.is(dropped.exitCode, 0, report(dropped));
	t.deepEqual(await readRecords(domain), []);
	t.deepEqual(await digestHeads(domain), digests);
});
