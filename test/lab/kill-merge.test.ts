/**
Kill -9 after every step, and in those that copy, of a delete and of a merge, on real images, and then `recover` in both directions. A commit gives up the state of the
snapshot that goes: from there on the only way is forward. The current state and all other snapshots hold their bytes at every moment.
*/
import test, {type ExecutionContext} from 'ava';
import {change, digestSnapshots, readChangePlan, type Verb} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {report} from './program.ts';
import {
	expectRecovered, readBackingNames, recoverKilled, whereKilled, type Killed,
} from './recover-killed.ts';
import {run} from './run.ts';
import {killMoments, makeShims, type KillMoment} from './shims.ts';
import {
	markOffline, readParents, takeDiskSnapshot, type Digests,
} from './snapshots.ts';
import {makeTemplate, type Template} from './template.ts';
import {readWorld} from './world.ts';

test.before(startLab);

type Scenario = {
	domain: LabDomain;
	template: Template;
	verb: Verb;
	name: string;
	before: Record<string, Digests>;
	/** Parents afterwards. */
	parents: Record<string, string | undefined>;
};

async function crash(t: ExecutionContext, scenario: Scenario, killed: Killed): Promise<void> {
	const {domain, template, verb, name, before, parents} = scenario;
	const backingNames = await readBackingNames(domain);
	const shims = await makeShims(t, killed.plan, {at: killed.at, script: killMoments[killed.moment]});
	const ended = await change(domain, verb, [name], shims.options);
	t.is(ended.signal, 'SIGKILL', whereKilled(killed) + report(ended));
	const {isBack, where} = await recoverKilled(t, domain, killed);
	await shims.settle();
	await expectRecovered(t, domain, {before, gone: name, isBack}, where);
	if (isBack) {
		const world = await readWorld(domain);
		t.is(world.definitionXml, template.world.definitionXml, where);
		t.deepEqual(world.snapshots, template.world.snapshots, where);
		t.is(world.current, template.world.current, where);
		t.deepEqual(Object.keys(world.files), Object.keys(template.world.files), where);
		// They may have grown; what they stand on is what it was.
		t.deepEqual(await readBackingNames(domain), backingNames, where);
	} else {
		t.deepEqual(await readParents(domain), parents, where);
	}

	await template.restore();
}

/** After every step, and in those that copy, where a command goes on without its parent. */
async function killEverywhere(t: ExecutionContext, scenario: Scenario): Promise<number> {
	const plan = await readChangePlan(scenario.domain, scenario.verb, [scenario.name]);
	for (const [at, step] of plan.steps.entries()) {
		const moments: KillMoment[] = step.progress === undefined ? ['after'] : ['after', 'during'];
		for (const [turn, moment] of moments.entries()) {
			await crash(t, scenario, {plan, at, moment, direction: (at + turn) % 2 === 0 ? '--roll-back' : '--roll-forward'});
		}
	}

	return plan.steps.length;
}

test.serial('a delete that pulls: every step', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	for (const [index, name] of ['s1', 's2'].entries()) {
		await markOffline(domain, index + 1);
		await takeDiskSnapshot(domain, name);
	}

	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', `${domain.folder}/vda.s2`]);
	const steps = await killEverywhere(t, {
		domain, template: await makeTemplate(t, domain), verb: 'delete', name: 's2', before: await digestSnapshots(domain), parents: {s1: undefined},
	});
	t.true(steps >= 6);
});

test.serial('a merge that commits: every step', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', `${domain.folder}/vda.s1`]);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	const steps = await killEverywhere(t, {
		domain, template: await makeTemplate(t, domain), verb: 'merge', name: 's2', before: await digestSnapshots(domain), parents: {s1: undefined},
	});
	t.true(steps >= 8);
});
