/** SIGINT, SIGTERM and SIGHUP in the middle of a revert end clean: all as before, or finished where the switch had begun. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectReverted} from './expect.ts';
import {readEvents, report, revert} from './program.ts';
import {makeShims, readPlan} from './shims.ts';
import {markOffline, takeChain, takeDiskSnapshot} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

for (const signal of ['INT', 'TERM', 'HUP'] as const) {
	test.serial(`SIG${signal} to the whole process group while overlays are made: everything is as before`, async t => {
		const domain = await makeDomain(t);
		await markOffline(domain, 1);
		await takeDiskSnapshot(domain, 's1');
		await markOffline(domain, 2);
		const plan = await readPlan(domain, 's1');
		const before = await readWorld(domain);
		const at = plan.steps.findIndex(step => step.id === 'create-vdb');
		const shims = await makeShims(t, plan, {at, script: `kill -s ${signal} -- "-$program"; "$name" "$@"; exit`});
		const result = await revert(domain, 's1', {...shims.options, hasOwnGroup: true});
		t.true(result.exitCode === 130 || (signal === 'HUP' && result.signal === 'SIGHUP'), report(result));
		t.deepEqual(await readWorld(domain), before);
		t.true(readEvents(result).some(event => event.kind === 'rolling-back'), report(result));
	});

	test.serial(`SIG${signal} after the switch has begun: the revert is finished`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		await stop(domain);
		const plan = await readPlan(domain, 's1');
		const at = plan.steps.findIndex(step => step.id === 'define');
		const shims = await makeShims(t, plan, {at, script: `kill -s ${signal} -- "-$program"; "$name" "$@"; exit`});
		const result = await revert(domain, 's1', {...shims.options, hasOwnGroup: true});
		await expectReverted(t, domain, {...result, exitCode: result.signal === 'SIGHUP' ? 0 : result.exitCode}, {digests: digests.get('s1')!, current: 's1'});
	});
}

test.serial('a closed standard output does not stop a revert in the middle', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const result = await revert(domain, 's1', {closesOutput: true});
	await expectReverted(t, domain, result, {digests, current: 's1'});
});
