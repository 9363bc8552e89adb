/** Recovery that goes wrong itself: killed, with a torn journal, or after somebody else has touched the domain. */
import {appendFile} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import type {Plan, Step} from '../../source/model/plan/plan.ts';
import {crash, makeCrashed, type Crashed} from './crash.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectReverted} from './expect.ts';
import {
	readError, readLeftSecrets, recover, report, revert, runProgram,
} from './program.ts';
import {attempt, virsh, waitFor} from './run.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {digestHeads} from './slots.ts';
import {markLive, markOffline, takeChain} from './snapshots.ts';
import {readStrays, readWorld} from './world.ts';

test.before(startLab);

/** The commands of a roll-back in their order, as steps that shims know. */
function undoSteps(plan: Plan, lastId: string): Step[] {
	const last = plan.steps.findIndex(step => step.id === lastId);
	return plan.steps.slice(0, last + 1).reverse().flatMap(step => (step.undo ?? []).map(command => ({...step, command})));
}

async function expectBefore(t: ExecutionContext, {domain, template, digests}: Crashed, message: string): Promise<void> {
	t.deepEqual(await readWorld(domain), template.world, message);
	t.deepEqual(await digestHeads(domain), digests.get(''), message);
	t.deepEqual(await readLeftSecrets(domain), [], message);
}

test.serial('a roll-back that is killed at every other of its own commands is finished by the next one', async t => {
	const crashed = await makeCrashed(t, 'current');
	const {domain} = crashed;
	let {plan} = crashed;
	const count = undoSteps(plan, 'current').length;
	t.true(count >= 4);
	for (let at = 0; at < count; at += 2) {
		const moment = at % 4 === 0 ? 'before' : 'after';
		const shims = await makeShims(t, {...plan, steps: undoSteps(plan, 'current')}, {at, script: killMoments[moment]});
		const killed = await recover(domain, '--roll-back', shims.options);
		const where = `killed ${moment} undo ${at + 1}\n`;
		t.is(killed.signal, 'SIGKILL', where + report(killed));
		const recovered = await recover(domain, '--roll-back');
		t.is(recovered.exitCode, 0, where + report(recovered));
		await expectBefore(t, crashed, where + report(recovered));
		({plan} = await crash(t, domain, 'current'));
	}
});

test.serial('a roll-forward that is killed at each of its own commands is finished by the next one', async t => {
	const crashed = await makeCrashed(t, 'define');
	const {domain, digests, template} = crashed;
	let {plan} = crashed;
	const stepsLeft = ({steps}: Plan) => steps.slice(steps.findIndex(step => step.id === 'define') + 1);
	const count = stepsLeft(plan).length;
	t.true(count >= 3);
	for (let at = 0; at < count; at++) {
		const moment = at % 2 === 0 ? 'before' : 'after';
		// `define` was killed before the journal knew that it was done: it is run once more.
		const steps = [plan.steps.find(step => step.id === 'define')!, ...stepsLeft(plan)];
		const shims = await makeShims(t, {...plan, steps}, {at: at + 1, script: killMoments[moment]});
		const killed = await recover(domain, '--roll-forward', shims.options);
		const where = `killed ${moment} ${stepsLeft(plan)[at]!.id}\n`;
		t.is(killed.signal, 'SIGKILL', where + report(killed));
		await expectReverted(t, domain, await recover(domain, '--roll-forward'), {digests: digests.get('s1')!, current: 's1'});
		t.deepEqual(await readLeftSecrets(domain), [], where);
		await template.restore();
		({plan} = await crash(t, domain, 'define'));
	}
});

test.serial('a journal whose last line was torn by the crash is read, also when the recovery was killed as well', async t => {
	const crashed = await makeCrashed(t, 'current');
	const {domain, plan, journalPath} = crashed;
	await appendFile(journalPath, '{"at":"2026-11-2');
	const steps = undoSteps(plan, 'current');
	const shims = await makeShims(t, {...plan, steps}, {at: steps.length - 1, script: killMoments.after});
	const killed = await recover(domain, '--roll-back', shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	await expectBefore(t, crashed, report(recovered));
});

test.serial('until it is recovered, what is unfinished is told, and the domain is not reverted anew', async t => {
	const crashed = await makeCrashed(t, 'create-vda');
	const {domain} = crashed;
	const told = await runProgram(domain, ['recover', '--json']);
	t.is(told.exitCode, 4, report(told));
	t.true(told.stdout.includes(domain.name));
	const again = await revert(domain, 's2');
	t.is(again.exitCode, 3, report(again));
	t.regex(readError(again).message, /was interrupted/);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	await expectBefore(t, crashed, report(recovered));
	const log = await runProgram(domain, ['log', '--json']);
	t.is(log.exitCode, 0, report(log));
	t.regex(log.stdout, /recovered/);
	const now = await revert(domain, 's2');
	t.is(now.exitCode, 0, report(now));
});

test.serial('a domain that somebody has started on its new disks is not pulled back under them', async t => {
	const {domain, digests} = await makeCrashed(t, 'current');
	await start(domain);
	const written = await markLive(domain, 6);
	const refused = await recover(domain, '--roll-back');
	t.is(refused.exitCode, 3, report(refused));
	t.deepEqual(await digestHeads(domain), written);
	const finished = await recover(domain, '--roll-forward');
	t.is(finished.exitCode, 0, report(finished));
	t.deepEqual(await digestHeads(domain), written);
	t.deepEqual(await readStrays(domain), []);
	await expectReverted(t, domain, await revert(domain, 's2'), {digests: digests.get('s2')!, current: 's2'});
});

test.serial('an image that somebody reads when it is to be removed stays and is told, and the doctor removes it once it is free', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	await stop(domain);
	// What was written within the second of the snapshot could be a backup from before it, and would not be removed.
	const [, second] = /<creationTime>(\d+)</.exec(await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's1'))!;
	await waitFor('the second of the snapshot is over', async () => Date.now() / 1000 >= Number(second) + 1);
	await markOffline(domain, 3);
	const plan = await readPlan(domain, 's1');
	// Between the plan and the removal somebody starts to read the old head.
	const holderScript = `(sleep 3 | qemu-io -r -f qcow2 '${domain.folder}/vda.s1' >/dev/null 2>&1) </dev/null >/dev/null 2>&1 & sleep 0.5`;
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'current'), script: holderScript});
	const result = await revert(domain, 's1', shims.options);
	t.is(result.exitCode, 0, report(result));
	t.regex(result.stdout, /"remarks":\[[^\]]*vda\.s1 stays: it is used by/);
	t.deepEqual(await readStrays(domain), ['vda.s1']);
	await waitFor('nobody reads it any more', async () => (await attempt('qemu-io', ['-f', 'qcow2', '-c', 'quit', `${domain.folder}/vda.s1`])).exitCode === 0);
	const mended = await runProgram(domain, ['doctor', '--repair', 'orphan', '--yes', '--json', '--', domain.name]);
	await expectReverted(t, domain, mended, {digests: digests.get('s1')!, current: 's1'});
});
