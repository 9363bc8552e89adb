/**
A domain that was put back to memory, paused, with checkpoints. QEMU from 10.0 on shows no bitmaps then, so there it is refused to make an overlay, and the
remedy is followed; an older one goes on at once. Either way the checkpoint is whole at the end. Run on 11.3 (QEMU 10.0) by pointing the lab there.
*/
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {markLive, takeMemorySnapshot} from './snapshots.ts';

test.before(startLab);

test('checkpoints outlive a paused revert to memory and the snapshot after it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const on = (verb: string, ...more: string[]) => [verb, '--domain', domain.uuid, ...more];
	await start(domain);
	await virsh(...on('checkpoint-create-as', '--name', 'c1'));
	await takeMemorySnapshot(domain, 'm1');
	const shown = await runProgram(domain, ['create', '--dry-run', '--', domain.name, 'inside']);
	t.regex(shown.stdout, /cannot revert to an internal snapshot beside bitmaps.*\(c1\)/, report(shown));
	const reverted = await revert(domain, 'm1', {flags: ['--paused']});
	t.is(reverted.exitCode, 0, report(reverted));
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 'after']);
	const first = await create();
	const version = await virsh('version');
	if (/hypervisor: QEMU \d\d/.test(version)) {
		t.is(first.exitCode, 3, report(first));
		t.regex(first.stderr, /has not activated its disks yet/);
		await virsh(...on('resume'));
		await virsh(...on('suspend'));
		const second = await create();
		t.is(second.exitCode, 0, report(second));
	} else {
		t.log('This QEMU activates its disks at once: nothing is refused.');
		t.is(first.exitCode, 0, report(first));
	}

	await virsh(...on('resume'));
	await markLive(domain, 3);
	const size = await virsh(...on('checkpoint-dumpxml', '--checkpointname', 'c1', '--size', '--no-domain'));
	t.regex(size, /size='[1-9]/, 'the checkpoint records what was written after the snapshot');
});
