/**
Kill -9 after every step of what is done beside checkpoints, on a domain that is off, and then `recover` in both directions: all checkpoints are there, and the next increment from each
restores the disk. A delete merges the bitmaps with the images; an old libvirt writes records of snapshots only while those of the checkpoints are set aside.
*/
import test, {type ExecutionContext} from 'ava';
import {change, readChangePlan, type Verb} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {readIncrement, rememberPoint} from './increments.ts';
import {recover, report} from './program.ts';
import {whereKilled} from './recover-killed.ts';
import {lines, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {writeLive} from './slots.ts';
import {markLive, readParents, takeDiskSnapshot} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const checkpoints = ['c0', 'c1', 'c2'];

const dump = async (domain: LabDomain, name: string) => virsh('checkpoint-dumpxml', '--domain', domain.uuid, '--checkpointname', name);

async function point(t: ExecutionContext, domain: LabDomain, name: string): Promise<void> {
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', name);
	await rememberPoint(t, domain, name);
}

/** c0, s1, c1, s2, c2 with writes between, one of which puts back what the image below holds. Off. */
async function makeChain(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await start(domain);
	await point(t, domain, 'c0');
	await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await writeLive(domain, [{target: 'vda', pattern: 99, slot: 1}]);
	await point(t, domain, 'c1');
	await markLive(domain, 3);
	await writeLive(domain, [{target: 'vda', pattern: 17, slot: 1}]);
	await takeDiskSnapshot(domain, 's2');
	await point(t, domain, 'c2');
	await markLive(domain, 5);
	await stop(domain);
	return domain;
}

async function expectIncrements(t: ExecutionContext, domain: LabDomain, where: string): Promise<void> {
	await start(domain);
	await markLive(domain, 6);
	t.deepEqual(lines(await virsh('checkpoint-list', '--domain', domain.uuid, '--name')).filter(name => name !== '').sort(), checkpoints, where);
	for (const name of checkpoints) {
		t.like(await readIncrement(domain, name), {refusal: undefined, isExact: true}, `${where} ${name}`);
	}

	await stop(domain);
}

const scenarios: Array<{verb: Verb; names: string[]; after: Record<string, string | undefined>}> = [
	{verb: 'delete', names: ['s1'], after: {s2: undefined}},
	{verb: 'merge', names: ['s2'], after: {s1: undefined}},
	{verb: 'rename', names: ['s1', 'r1'], after: {r1: undefined, s2: 'r1'}},
];

for (const {verb, names, after} of scenarios) {
	test.serial(`${verb}: killed after each step, recovered in both directions`, async t => {
		const domain = await makeChain(t);
		const before = await readParents(domain);
		const documents = await Promise.all(checkpoints.map(async name => dump(domain, name)));
		const template = await makeTemplate(t, domain);
		const restore = async () => {
			await template.restore();
			for (const document of documents) {
				await withFile(document, async file => virsh('checkpoint-create', '--domain', domain.uuid, '--xmlfile', file, '--redefine'));
			}
		};

		const plan = await readChangePlan(domain, verb, names);
		t.log(plan.steps.map(({id}) => id).join(' '));
		for (const at of plan.steps.keys()) {
			for (const direction of ['--roll-back', '--roll-forward'] as const) {
				const killed = {plan, at, moment: 'after' as const, direction};
				const shims = await makeShims(t, plan, {at, script: killMoments.after});
				const ended = await change(domain, verb, names, shims.options);
				t.is(ended.signal, 'SIGKILL', whereKilled(killed) + report(ended));
				const first = await recover(domain, direction);
				const isClosed = direction === '--roll-back' && first.exitCode === 3;
				t.true(!isClosed || plan.steps.slice(0, at + 1).some(({undo}) => undo === null), whereKilled(killed) + report(first));
				const recovered = isClosed ? await recover(domain, '--roll-forward') : first;
				const where = whereKilled(killed) + report(recovered);
				t.is(recovered.exitCode, 0, where);
				await shims.settle();
				const isBack = direction === '--roll-back' && !isClosed;
				t.deepEqual(await readParents(domain), isBack ? before : after, where);
				t.deepEqual(await readStrays(domain), [], where);
				await expectIncrements(t, domain, where);
				await restore();
			}
		}
	});
}
