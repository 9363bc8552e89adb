/**
A point is restored onto the domain that it is of: the disks are those of then, and the state that was left can be reverted to. Killed after each step, both ways lead out.
*/
import {readdir} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {backUp, digestPoint, makeBackups, readCheckpointNames, readManifests, type BackedUp} from './backups.ts';
import {startLab} from './daemons.ts';
import {readState, start, stop} from './domains.ts';
import {readError, recover, report, revert, runProgram, type ProgramOptions} from './program.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestHeads} from './slots.ts';
import {markLive, markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {readStrays} from './world.ts';

test.before(startLab);

type Given = {point: string; flags: string[]};

const argvOf = ({domain, folder}: BackedUp, {point, flags}: Given) => ['restore', folder, '--at', point, `--onto=${domain.name}`, ...flags, '--json'];

const restore = async (made: BackedUp, given: Given, options: ProgramOptions = {}) => runProgram(made.domain, [...argvOf(made, given), '--yes'], options);

async function readPlan(t: ExecutionContext, made: BackedUp, given: Given): Promise<Plan> {
	const shown = await runProgram(made.domain, [...argvOf(made, given), '--dry-run']);
	t.is(shown.exitCode, 0, report(shown));
	return JSON.parse(shown.stdout) as Plan;
}

test.serial('a running domain goes on with a point, and a revert to the state that was kept gives its bytes', async t => {
	const made = await makeBackups(t, 3);
	const {domain, folder, points, held} = made;
	const left = await markLive(domain, 5);
	const restored = await restore(made, {point: points[0]!, flags: ['--keep', 'before']});
	t.is(restored.exitCode, 0, report(restored));
	t.is(await readState(domain), 'running');
	t.deepEqual(await readCheckpointNames(domain), []);
	await stop(domain);
	t.deepEqual(await digestHeads(domain), held.get(points[0]!));
	t.deepEqual(await readStrays(domain), []);
	await start(domain);
	const now = await markLive(domain, 6);
	const next = await backUp(domain, folder);
	t.is(next.exitCode, 0, report(next));
	const newest = (await readManifests(folder)).at(-1)!;
	t.true(newest.disks.every(({kind}) => kind === 'full'));
	t.deepEqual(await digestPoint(folder, newest), now);
	const back = await revert(domain, 'before', {flags: ['--discard']});
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), left);
	// What was restored is an overlay of nothing, so it stays as any image that stands alone; the plan of the revert says so.
	t.is((await readStrays(domain)).length, 2);
});

test.serial('beside snapshots, of a domain that is off, with the current state discarded or kept', async t => {
	const made = await makeBackups(t, 2);
	const {domain, points, held} = made;
	const frozen = await digestHeads(domain);
	await takeDiskSnapshot(domain, 's1');
	await stop(domain);
	await markOffline(domain, 6);
	const restored = await restore(made, {point: points[1]!, flags: ['--discard']});
	t.is(restored.exitCode, 0, report(restored));
	t.is(await readState(domain), 'shut off');
	t.deepEqual(await digestHeads(domain), held.get(points[1]!));
	t.deepEqual(await readParents(domain), {s1: undefined});
	const back = await revert(domain, 's1', {flags: ['--discard']});
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), frozen);
	const left = await markOffline(domain, 5);
	const kept = await restore(made, {point: points[0]!, flags: ['--keep', 'left']});
	t.is(kept.exitCode, 0, report(kept));
	t.deepEqual(await digestHeads(domain), held.get(points[0]!));
	t.deepEqual(await readParents(domain), {s1: undefined, left: 's1'});
	const again = await revert(domain, 'left', {flags: ['--discard']});
	t.is(again.exitCode, 0, report(again));
	t.deepEqual(await digestHeads(domain), left);
});

test.serial('what is not said is asked for, and a point that is not there is named', async t => {
	const made = await makeBackups(t, 1);
	const unsaid = await restore(made, {point: made.points[0]!, flags: []});
	t.is(unsaid.exitCode, 2, report(unsaid));
	const missing = await restore(made, {point: 'nothing', flags: ['--discard']});
	t.is(missing.exitCode, 3, report(missing));
	t.regex(readError(missing).blockers![0]!.text, /There is no point "nothing"/);
});

test.serial('killed after each step, both ways', async t => {
	const made = await makeBackups(t, 2, {sizeMiB: 8, diskCount: 1});
	const {domain, points, held} = made;
	const given = {point: points[0]!, flags: ['--keep', 'before', '--shutoff']};
	await stop(domain);
	const left = await markOffline(domain, 5);
	const template = await makeTemplate(t, domain);
	// It brings back no checkpoints, so each round begins without them.
	await template.restore();
	const first = await readPlan(t, made, given);
	// The first looks at the backup, in this program itself.
	const ids = first.steps.slice(1).map(({id}) => id);
	t.is(first.steps[0]!.id, 'verify');
	for (const [at, id] of ids.entries()) {
		for (const direction of ['--roll-back', '--roll-forward'] as const) {
			const where = `killed after ${id}, then ${direction}`;
			const files = (await readdir(domain.folder)).sort();
			const plan = await readPlan(t, made, given);
			const shims = await makeShims(t, {...plan, steps: plan.steps.slice(1)}, {at, script: killMoments.after});
			const killed = await restore(made, given, shims.options);
			t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
			const recovered = await recover(domain, direction);
			await shims.settle();
			t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
			if (direction === '--roll-forward') {
				t.deepEqual(await digestHeads(domain), held.get(points[0]!), where);
				t.deepEqual(await readStrays(domain), [], where);
				const back = await revert(domain, 'before', {flags: ['--discard']});
				t.is(back.exitCode, 0, `${where}\n${report(back)}`);
				t.deepEqual(await digestHeads(domain), left, where);
				await template.restore();
			} else {
				t.deepEqual((await readdir(domain.folder)).sort(), files, where);
				t.deepEqual(await readStrays(domain), [], where);
			}

			t.deepEqual(await digestHeads(domain), left, where);
		}
	}
});
