import test from 'ava';
import {certain, doubtful} from '../../source/model/images/image-users.ts';
import {unwrap} from '../helpers/unwrap.ts';
import {createdPaths, type Plan} from '../../source/model/plan/plan.ts';
import {executePlan} from '../../source/engine/run/execute.ts';
import type {World} from '../../source/engine/world.ts';
import {planRevert} from '../../source/actions/revert/plan.ts';
import type {FileStamp, UnfinishedAction} from '../../source/engine/ports.ts';
import {proveRemoval} from '../../source/engine/run/made-files.ts';
import {defaultDirection, type Direction} from '../../source/engine/run/progress.ts';
import {recover} from '../../source/engine/recover/recover.ts';
import {readWays} from '../../source/engine/recover/ways.ts';
import {fail, succeed, type Result} from '../../source/model/result.ts';
import {createMemoryStore} from '../../source/tools/state/memory-store.ts';
import {
	fakeHost, Killed, lineOf, pretendSwitched, type FakeHost,
} from '../helpers/fake-host.ts';
import {describeStanding} from '../../source/model/text/describe-standing.ts';
import {now, threeSnapshots, uuid} from '../helpers/inventory.ts';

type Scene = {host: FakeHost; plan: Plan; world: World; unfinished: UnfinishedAction; go: (direction: Direction, fresh?: Result<Plan>) => ReturnType<typeof recover>};

/** A revert of a domain that is off, killed as soon as this step had done its work. */
async function killedAfter(stepId: string, change: (plan: Plan) => Plan = plan => plan): Promise<Scene> {
	const inventory = threeSnapshots({state: 'shutoff'});
	const plan = change(unwrap(planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined}, inventory, {id: 'p1', now, workPath: '/w'})));
	const host = fakeHost(inventory);
	host.answers.set('file-exists', true).set('domain-off', true).set('file-empty', true);
	const world = {host: host.host, store: createMemoryStore(), clock: {now: () => now}, person: {user: 'root', from: undefined}};
	const next = plan.steps[plan.steps.findIndex(step => step.id === stepId) + 1]!;
	host.onRun = line => line === lineOf(next.command) ? 'die' : 'succeed';
	await executePlan(world, plan, {onEvent: () => undefined, interrupt: new AbortController().signal}).catch((error: unknown) => {
		if (!(error instanceof Killed)) {
			throw error;
		}
	});
	host.ran.length = 0;
	host.onRun = () => 'succeed';
	const unfinished = unwrap(await world.store.readUnfinished())[0]!;
	const go: Scene['go'] = async (direction, fresh = succeed({...plan, id: 'p2'})) =>
		recover(world, unfinished, {direction, planAnew: async () => fresh, onEvent: () => undefined, interrupt: new AbortController().signal});
	return {host, plan, world, unfinished, go};
}

/** The definition is on the new disks, as after "define". */
async function switched(): Promise<Scene> {
	const scene = await killedAfter('define');
	pretendSwitched(scene.host, scene.plan);
	return scene;
}

const writtenTo = (path: string): FileStamp => ({path, inode: '1:1', sizeBytes: 65_536, modifiedAt: '9', allocatedBytes: 65_536});

test('what the domain does now is told by what is there, not by what was planned', async t => {
	const before = await killedAfter('overlay-vda');
	t.is(describeStanding(unwrap(await readWays(before.host.host, before.unfinished)).now), 'The domain is off, and the images of its disks are complete.');
	// The new disks are named, and were not found.
	const {host, unfinished} = await switched();
	t.is(describeStanding(unwrap(await readWays(host.host, unfinished)).now), 'The domain is off, but images of vda, vdb are missing or cannot be read.');
	host.inventory = {...host.inventory, details: {...host.inventory.details, filesElsewhere: {text: 'elsewhere', remedy: ''}}};
	t.is(describeStanding(unwrap(await readWays(host.host, unfinished)).now), 'The domain is off. The images of its disks could not be looked at.');
});

test('new disks that were written to are not put back, and finishing or giving up is what is advised', async t => {
	const {host, plan, unfinished, go} = await switched();
	host.stamps.set(createdPaths(plan)[0]!, writtenTo(createdPaths(plan)[0]!));
	const ways = unwrap(await readWays(host.host, unfinished));
	t.regex(ways.back!.reason, /would be lost/);
	t.regex(ways.back!.remedy, /--roll-forward.*--give-up web/s);
	t.is(ways.forward, undefined);
	t.is(ways.advice, 'forward');
	t.like(await go('back'), {kind: 'half-way', failure: {kind: 'recovery-refused'}});
	t.deepEqual(host.ran, []);
});

test('a block more for attributes, which libvirt adds when the domain starts, is no write to a new disk', async t => {
	const {host, plan, unfinished} = await switched();
	const [path] = createdPaths(plan) as [string];
	const [stamp] = unwrap(await host.host.readFileStamps([path])) as [FileStamp];
	host.stamps.set(path, {...stamp, allocatedBytes: stamp.allocatedBytes + 4096});
	t.is(unwrap(await readWays(host.host, unfinished)).back, undefined);
	for (const change of [{allocatedBytes: stamp.allocatedBytes + 131_072}, {sizeBytes: stamp.sizeBytes + 1}, {modifiedAt: 'later'}]) {
		host.stamps.set(path, {...stamp, ...change});
		t.regex(unwrap(await readWays(host.host, unfinished)).back!.reason, /would be lost/, JSON.stringify(change));
	}
});

test('where somebody else went on from the switch, neither way is open but giving up', async t => {
	const {host, unfinished, go} = await switched();
	const {details} = host.inventory;
	host.inventory = {...host.inventory, details: {...details, snapshots: [...details.snapshots, {...details.snapshots[0]!, name: 'night'}]}};
	const ways = unwrap(await readWays(host.host, unfinished));
	t.is(ways.advice, 'give-up');
	for (const way of ['back', 'forward'] as const) {
		t.regex(ways[way]!.reason, /"night"/);
		t.regex(ways[way]!.remedy, /--give-up/);
		t.like(await go(way), {kind: 'half-way', failure: {kind: 'recovery-refused'}});
	}

	t.deepEqual(host.ran, []);
});

test('a new file that something needs, or that was written to, stays and is named', async t => {
	const needed = await killedAfter('open-vdb');
	needed.host.users.set(createdPaths(needed.plan)[0]!, [certain('snapshot night of other')]);
	const outcome = await needed.go('back');
	t.like(outcome, {kind: 'half-way', failure: {kind: 'step-failed', cause: {kind: 'file-stays', path: createdPaths(needed.plan)[0]!}}});
	t.deepEqual(needed.host.ran.filter(line => line.startsWith('rm')), [`rm -- ${createdPaths(needed.plan)[1]!}`]);

	// The journal knows how the first was made; of the second it knows nothing but that the guest had it.
	const [first, second] = createdPaths(needed.plan) as [string, string];
	const made = new Map([[first, {kind: 'stamped', stamp: {...writtenTo(first), modifiedAt: '0'}}], [second, {kind: 'handed-over'}]] as const);
	needed.host.users.clear();
	needed.host.answers.set('file-empty', false);
	needed.host.stamps.set(first, writtenTo(first));
	for (const path of [first, second]) {
		t.like(await proveRemoval({host: needed.host.host, uuid, made, hasSwitched: true}, path), {ok: false, failure: {kind: 'file-stays', path}});
	}
});

test('before the switch nothing could lead to a new file, so what cannot be read does not keep it', async t => {
	const {host, plan, go} = await killedAfter('open-vdb');
	for (const path of createdPaths(plan)) {
		host.users.set(path, [doubtful('the image x, which cannot be read: no')]);
	}

	t.deepEqual(await go('back'), {kind: 'done', takenBytes: 0});
	t.is(host.ran.filter(line => line.startsWith('rm')).length, 2);
});

test('a way back that ends elsewhere than it began is not called done', async t => {
	const {host, go} = await killedAfter('open-vdb');
	const {details} = host.inventory;
	host.inventory = {...host.inventory, details: {...details, images: details.images.filter(({path}) => path !== '/d/vda.s3')}};
	t.like(await go('back'), {kind: 'half-way', failure: {kind: 'not-as-before', findings: ['The image /d/vda.s3 was not found.']}});
});

test('what others changed before the switch is told, and is no reason to keep the action', async t => {
	const {host, go} = await killedAfter('open-vdb');
	const {details} = host.inventory;
	host.inventory = {...host.inventory, details: {...details, snapshots: [...details.snapshots, {...details.snapshots[0]!, name: 'night'}]}};
	t.deepEqual(await go('back'), {kind: 'done', remarks: ['Since then, somebody has created the snapshot "night".'], takenBytes: 0});
});

test('what was asked for is not forgotten where it cannot be done anew', async t => {
	const {world, go} = await killedAfter('open-vdb');
	const refused = await go('forward', fail({kind: 'refused', blockers: []}));
	t.like(refused, {kind: 'half-way', failure: {kind: 'request-kept', cause: {kind: 'refused'}}});
	t.is(unwrap(await world.store.readUnfinished()).length, 1);
	await go('give-up');
	t.deepEqual(unwrap(await world.store.readUnfinished()), []);
});

test('the old journal goes when that of the new plan is there', async t => {
	const {world, host, go} = await killedAfter('open-vdb');
	host.onRun = line => line.startsWith('dd') ? 'fail' : 'succeed';

	t.like(await go('forward'), {kind: 'rolled-back', failure: {kind: 'step-failed'}});
	t.deepEqual(unwrap(await world.store.readUnfinished()), [], 'the run of the new plan has told its end');
});

test('giving up touches nothing, and lists what is left', async t => {
	const {host, plan, world, go} = await switched();
	host.users.set(createdPaths(plan)[0]!, [certain('head of web')]);
	const outcome = await go('give-up');
	t.is(outcome.kind, 'done');
	const remarks = outcome.kind === 'done' ? outcome.remarks! : [];
	t.true(remarks.some(remark => remark.includes(createdPaths(plan)[0]!) && remark.includes('used by head of web')));
	t.true(remarks.some(remark => remark.includes('/d/vda.s3') && remark.includes('to be removed')));
	t.deepEqual(host.ran, []);
	t.deepEqual(unwrap(await world.store.readUnfinished()), []);
	t.like(unwrap(await world.store.readAudit()).entries.at(-1), {outcome: 'given-up'});
});

test('where there was no current snapshot, the way by itself is forward once one was made current: libvirt cannot take that back', async t => {
	const {unfinished} = await killedAfter('define', ({targets: [target], ...plan}) => ({...plan, targets: [{...target, before: {...target.before, currentSnapshot: undefined}}]}));
	const goingBack = {...unfinished, records: [...unfinished.records, {at: '', kind: 'rolling-back'} as const]};
	t.is(defaultDirection(goingBack), 'forward');
});
