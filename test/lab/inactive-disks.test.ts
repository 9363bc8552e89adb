/**
A domain that was put back to memory, paused, with checkpoints. QEMU from 10.0 on shows no bitmaps then, so there it is refused to make an overlay, and the
remedy is followed; an older one goes on at once. Either way the checkpoint is whole at the end. Run on 11.3 (QEMU 10.0) by pointing the lab there.
*/
import test from 'ava';
import {
	askBare, doBare, runBare, startBare,
} from './bare-domain.ts';
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
	const drop = await runProgram(domain, ['checkpoint', 'delete', '--dry-run', '--', domain.name, 'c1']);
	const listed = await runProgram(domain, ['checkpoint', 'list', '--json', '--', domain.name]);
	t.notRegex(listed.stdout, /"health": ?"broken"/, report(listed));
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 'after']);
	const first = await create();
	const version = await virsh('version');
	if (/hypervisor: QEMU \d\d/.test(version)) {
		t.is(first.exitCode, 3, report(first));
		t.regex(first.stderr, /has not activated its disks yet/);
		t.is(drop.exitCode, 3, report(drop));
		t.regex(drop.stderr, /has not activated its disks yet/);
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

test('of a standalone QEMU likewise', async t => {
	const domain = await startBare(t);
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c1');
	await doBare(domain, 'create', '--memory', 'external', '--yes', '--', domain.name, 'm1');
	await doBare(domain, 'revert', '--paused', '--discard', '--yes', '--', domain.name, 'm1');
	const {major} = (await askBare<{qemu: {major: number}}>(domain, 'query-version')).qemu;
	const health = async () => (JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{disks: Array<{health: string}>}>}).checkpoints.flatMap(({disks}) => disks.map(one => one.health));
	for (const verb of [['create', '--disk-only', 's2'], ['checkpoint', 'delete', 'c1'], ['checkpoint', 'create', 'c2']]) {
		const refused = await runBare(domain, [...verb.slice(0, -1), '--dry-run', '--', domain.name, verb.at(-1)!]);
		if (major >= 10) {
			t.is(refused.exitCode, 3, `${verb.join(' ')}\n${refused.stdout}${refused.stderr}`);
			t.regex(refused.stderr, /has not activated its disks yet.*QMP: blockdev-set-active/s);
		} else {
			t.notRegex(refused.stderr, /has not activated/);
		}
	}

	t.deepEqual(await health(), major >= 10 ? ['unknown', 'unknown'] : ['good', 'good']);
	await askBare(domain, 'cont');
	await askBare(domain, 'stop');
	t.deepEqual(await health(), ['good', 'good']);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	t.deepEqual(await health(), ['good', 'good']);
});
