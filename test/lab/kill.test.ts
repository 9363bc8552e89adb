/**
Kill -9 before, in and after every step of a plan, on real images, and then `recover` in both directions: the bytes are exactly those before or
after, virsh's records agree, and no file is left that nothing needs.
*/
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {waitForCounter} from './memory-counter.ts';
import {
	readLeftSecrets, recover, report, revert, type ProgramResult,
} from './program.ts';
import {
	killMoments, makeShims, readPlan, type KillMoment,
} from './shims.ts';
import {digestHeads, readTags} from './slots.ts';
import {
	markLive, markOffline, readCurrent, readParents, takeChain, takeInternalSnapshot, takeMemorySnapshot, type Digests,
} from './snapshots.ts';
import {makeTemplate, type Template} from './template.ts';
import {digestFolder, readStrays, readWorld} from './world.ts';

test.before(startLab);

const directions = ['--roll-back', '--roll-forward'] as const;
type Direction = typeof directions[number];

type Crash = {at: number; moment: KillMoment; direction: Direction};

type Scenario = {
	domain: LabDomain;
	template: Template;
	snapshot: string;
	flags: string[];
	/** What the disks hold before, and after the revert. */
	before: Digests;
	after: Digests;
	state: string;
	parents: Record<string, string | undefined>;
	/** For images that are changed in place: put back they hold the same bytes, but in other clusters; and these internal snapshots. */
	tags?: string[];
};

async function expectBefore(t: ExecutionContext, scenario: Scenario, message: string): Promise<void> {
	const {domain, template} = scenario;
	const world = await readWorld(domain);
	t.deepEqual(await digestHeads(domain), scenario.before, message);
	t.is(world.definitionXml, template.world.definitionXml, message);
	t.deepEqual(world.snapshots, template.world.snapshots, message);
	t.is(world.current, template.world.current, message);
	t.is(world.state, template.world.state, message);
	t.deepEqual(Object.keys(world.files), Object.keys(template.world.files), message);
	await expectFrozen(t, scenario, message);
}

/** The frozen images are the same files, byte for byte; images that are changed in place hold the same internal snapshots. */
async function expectFrozen(t: ExecutionContext, {domain, template, tags}: Scenario, message: string): Promise<void> {
	const files = tags ? {} : await digestFolder(domain.folder);
	for (const {target, path} of domain.disks) {
		if (tags) {
			t.deepEqual(await readTags(path), tags, message);
		} else {
			t.is(files[`${target}.qcow2`], template.world.files[`${target}.qcow2`], message);
		}
	}
}

async function expectAfter(t: ExecutionContext, scenario: Scenario, message: string): Promise<void> {
	const {domain} = scenario;
	t.deepEqual(await digestHeads(domain), scenario.after, message);
	t.is(await readCurrent(domain), scenario.snapshot, message);
	t.is(await readState(domain), scenario.state, message);
	t.deepEqual(await readParents(domain), scenario.parents, message);
	t.deepEqual(await readStrays(domain), [], message);
	await expectFrozen(t, scenario, message);
}

/** One crash and one recovery. Gives whether the world is as before, so that it need not be restored. */
async function crashAndRecover(t: ExecutionContext, scenario: Scenario, crash: Crash & {plan: Plan}): Promise<boolean> {
	const {domain} = scenario;
	const {plan, at, moment, direction} = crash;
	const step = plan.steps[at]!;
	const shims = await makeShims(t, plan, {at, script: killMoments[moment]});
	const killed = await revert(domain, scenario.snapshot, {...shims.options, flags: scenario.flags});
	const where = `killed ${moment} step ${at + 1}, ${step.id}, then ${direction}\n`;
	t.is(killed.signal, 'SIGKILL', `${where}${report(killed)}`);
	t.is(await shims.readReached(), at + 1, where);
	// At once: a command that outlives its parent must hold up the recovery until it has ended.
	let recovered: ProgramResult = await recover(domain, direction);
	let isBack = direction === '--roll-back';
	if (isBack && recovered.exitCode === 3) {
		t.is(step.phase, 'remove', `${where}only a removal may forbid to go back\n${report(recovered)}`);
		recovered = await recover(domain, '--roll-forward');
		isBack = false;
	}

	await shims.settle();
	t.is(recovered.exitCode, 0, where + report(recovered));
	await (isBack ? expectBefore : expectAfter)(t, scenario, where + report(recovered));
	// Journals and the XML of commands hold secrets.
	t.deepEqual(await readLeftSecrets(domain), [], where);
	return isBack;
}

/** Several domains at once, each with its share of the crashes: most of the time a single one would wait for programs to start. */
const laneCount = 3;

/**
At these moments of each step in both directions; and at one of these, moments and directions by turns. `isFromSwitch`: what goes before the switch is the same
in other scenarios. A step with a condition may never be called, so nothing can be killed in it.
*/
type Crashes = {both: KillMoment[]; byTurns: KillMoment[]; isFromSwitch?: true};

function crashesOf(plan: Plan, {both, byTurns, isFromSwitch}: Crashes): Crash[] {
	return plan.steps.flatMap((step, at) => step.command.onlyIf !== undefined || (isFromSwitch && (step.phase === 'check' || step.phase === 'create'))
		? []
		: [
			...both.flatMap(moment => directions.map(direction => ({at, moment, direction}))),
			...byTurns.filter((_moment, turn) => turn === at % byTurns.length).map(moment => ({at, moment, direction: directions[Math.floor(at / byTurns.length) % 2]!})),
		]);
}

/** Gives how many steps the plan has. The first failure ends all lanes, and only then is anything cleaned up. */
async function killEverywhere(t: ExecutionContext, makeScenario: () => Promise<Scenario>, crashes: Crashes): Promise<number> {
	let hasFailed = false;
	const lanes = await Promise.allSettled(Array.from({length: laneCount}, async (_, lane) => {
		try {
			const scenario = await makeScenario();
			const plan = await readPlan(scenario.domain, scenario.snapshot, scenario.flags);
			for (const crash of crashesOf(plan, crashes).filter((_crash, index) => index % laneCount === lane)) {
				const isAsBefore = hasFailed || await crashAndRecover(t, scenario, {plan, ...crash});
				if (!isAsBefore) {
					await scenario.template.restore();
				}
			}

			return plan.steps.length;
		} catch (error) {
			hasFailed = true;
			throw error as Error;
		}
	}));
	return lanes.map(lane => {
		if (lane.status === 'rejected') {
			throw lane.reason as Error;
		}

		return lane.value;
	})[0]!;
}

test.serial('disks only, from shut off, discarding: every step, both ways', async t => {
	const steps = await killEverywhere(t, async () => {
		const domain = await makeDomain(t, {sizeMiB: 8});
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		await stop(domain);
		return {
			domain,
			template: await makeTemplate(t, domain),
			snapshot: 's1',
			flags: ['--discard'],
			before: digests.get('')!,
			after: digests.get('s1')!,
			state: 'shut off',
			parents: {s1: undefined, s2: 's1'},
		};
	}, {both: ['after'], byTurns: []});
	t.true(steps >= 10);
});

test.serial('disks only, from running to running, keeping', async t => {
	await killEverywhere(t, async () => {
		const domain = await makeDomain(t, {sizeMiB: 8});
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		return {
			domain,
			template: await makeTemplate(t, domain),
			snapshot: 's1',
			flags: ['--keep', 'left', '--running'],
			before: digests.get('')!,
			after: digests.get('s1')!,
			state: 'running',
			parents: {s1: undefined, s2: 's1', left: 's2'},
		};
	}, {both: [], byTurns: ['after'], isFromSwitch: true});
});

test.serial('with memory, from running to paused, discarding', async t => {
	await killEverywhere(t, async () => {
		const domain = await makeDomain(t, {sizeMiB: 8});
		await start(domain);
		const after = await markLive(domain, 1);
		await waitForCounter(domain, 3);
		await takeMemorySnapshot(domain, 'm1');
		const before = await markLive(domain, 2);
		return {
			domain,
			template: await makeTemplate(t, domain),
			snapshot: 'm1',
			flags: ['--discard', '--paused'],
			before,
			after,
			state: 'paused',
			parents: {m1: undefined},
		};
	}, {both: [], byTurns: ['after'], isFromSwitch: true});
});

test.serial('internal, from shut off, discarding', async t => {
	await killEverywhere(t, async () => {
		const domain = await makeDomain(t, {sizeMiB: 8});
		const after = await markOffline(domain, 1);
		await takeInternalSnapshot(domain, 'i1');
		const before = await markOffline(domain, 2);
		return {
			domain,
			template: await makeTemplate(t, domain),
			snapshot: 'i1',
			flags: ['--discard'],
			before,
			after,
			state: 'shut off',
			parents: {i1: undefined},
			tags: ['i1'],
		};
	}, {both: [], byTurns: ['before', 'after', 'during']});
});
