/**
The real host of libvirt, planner and executor on the demo host: what the screen and the verbs stand on with --demo.
*/
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import type {RevertAction} from '../../../source/model/plan/request.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {createLibvirtHost} from '../../../source/hosts/libvirt/host.ts';
import {demoNow} from '../../helpers/demo.ts';
import {blockersOf, openEngine} from './engine.ts';

/** The engine, asked for reverts alone. */
function openWorld() {
	const engine = openEngine();
	return {
		...engine,
		plan: async (name: string, request: Partial<RevertAction> & {snapshot: string}) => engine.plan(name, {kind: 'revert', currentState: {kind: 'discard'}, endState: undefined, ...request}),
	};
}

const sample = openWorld();

test('the host tells its name and version', async t => {
	t.like(unwrap(await sample.host.readHost()), {hypervisor: 'demo', uri: 'demo:///system', hostname: 'kvm-demo', libvirtVersion: 9_000_000, hypervisorVersion: 7_002_022});
});

test('every domain is listed with its state', async t => {
	const domains = unwrap(await sample.host.readDomains());
	t.is(domains.length, sample.demo.world.domains.size);
	t.deepEqual(domains.filter(({state}) => state === 'nostate'), []);
	const counts = unwrap(await sample.host.readSnapshotCounts(domains.map(({uuid}) => uuid)));
	t.is(counts.get(domains.find(({name}) => name === 'ci-golden')!.uuid), 60);
});

for (const {name, uuid, snapshots} of sample.demo.world.domains.values()) {
	test(`the picture of ${JSON.stringify(name)} can be read whole`, async t => {
		const details = unwrap(await sample.host.readDetails(uuid, {withForeignPins: false}));
		t.is(details.snapshots.length, snapshots.size);
		t.deepEqual(details.unreadable, []);
		t.is(details.images.some(image => image.problems.some(({kind}) => kind === 'missing' || kind === 'backing-missing')), name === 'mail' || name === 'test-fedora');
		t.true(details.images.every(image => image.problems.length > 0 || image.file !== undefined));
	});
}

for (const [name, snapshot, kinds] of [
	['mail', 'before-dovecot', ['image-missing', 'chain-broken']],
	['ldap', 'schema-2', ['memory-file']],
	['archive', 'before-reindex', ['job-running']],
	['jira', 'v9.12', ['managed-save']],
] as const) {
	test(`a revert of ${name} is refused because of its trouble`, async t => {
		const {plan} = openWorld();
		const found = blockersOf(await plan(name, {snapshot}));
		t.true(kinds.some(kind => found.includes(kind)), `found: ${found.join(', ')}`);
	});
}

for (const [name, request] of [
	['web', {snapshot: 's3'}],
	['web', {snapshot: 's1', endState: 'running'}],
	['web', {snapshot: 'hotfix', currentState: {kind: 'keep', name: 'before hotfix'}}],
	['db', {snapshot: 'before-migration'}],
	['db', {snapshot: 'tuning', endState: 'running'}],
	['build', {snapshot: 'toolchain-14', endState: 'running'}],
	['legacy', {snapshot: 'year-end-2024'}],
	['git', {snapshot: 'v9'}],
	['clone-a', {snapshot: 'fresh'}],
	['ci-golden', {snapshot: 'nightly-033'}],
	['vpn', {snapshot: 'before-patches'}],
	['test -x "it\'s" $(touch x) \u009B31m;ok', {snapshot: '--help; echo "pwned"'}],
	['test -x "it\'s" $(touch x) \u009B31m;ok', {snapshot: ' blanks and \u{1F4A5} '}],
] as Array<[string, Partial<RevertAction> & {snapshot: string}]>) {
	test(`${JSON.stringify(name)} goes back to ${JSON.stringify(request)}, and again`, async t => {
		const {plan, execute, demo} = openWorld();
		for (let round = 0; round < 2; round++) {
			const planned = unwrap(await plan(name, {...request, currentState: round === 0 ? request.currentState ?? {kind: 'discard'} : {kind: 'discard'}}));
			const {outcome} = await execute(planned);
			t.like(outcome, {kind: 'done', remarks: undefined});
			const domain = demo.world.domains.get(planned.action.domain.uuid)!;
			t.is(domain.currentSnapshot, request.snapshot);
			t.is(domain.state, planned.targets[0].expected.endState!);
			t.deepEqual(planned.images.removed.filter(path => demo.world.files.has(path)), []);
		}
	});
}

test('a snapshot that is taken between the plan and its run is noticed', async t => {
	const {plan, execute, demo} = openWorld();
	const planned = unwrap(await plan('web', {snapshot: 's1'}));
	await demo.runner({argv: ['virsh', '-q', 'snapshot-create-as', 'web', 'meanwhile', '--disk-only'], where: 'here'});
	const {outcome} = await execute(planned);
	t.like(outcome, {kind: 'rolled-back', failure: {kind: 'host-changed'}});
});

test('a step that fails leaves everything as it was', async t => {
	const {plan, execute, demo} = openWorld();
	const planned = unwrap(await plan('web', {snapshot: 's1'}));
	const before = [...demo.world.files.keys()].sort();
	const [first, second] = createdPaths(planned);
	const {runner} = demo;
	t.truthy(first);
	const host = createLibvirtHost({
		...demo,
		async runner(request) {
			return request.argv[0] === 'qemu-img' && request.argv[1] === 'create' && request.argv.includes(second!)
				? {ok: false, failure: {kind: 'tool-failed', cause: {argv: request.argv, exitCode: 1, timedOut: false, stderr: 'No space left on device', durationMs: 1}}}
				: runner(request);
		},
		uri: 'demo:///system',
		isReadOnly: false,
		hypervisor: 'demo',
	});
	const outcome = await executePlan({host, store: createMemoryStore(), clock: {now: () => demoNow}, person: {user: 'root', from: undefined}}, planned, {
		onEvent: () => undefined,
		interrupt: new AbortController().signal,
	});
	t.is(outcome.kind, 'rolled-back');
	t.deepEqual([...demo.world.files.keys()].sort(), before);
	t.is(demo.world.domains.get(planned.action.domain.uuid)!.state, 'running');
	t.is((await execute(unwrap(await plan('web', {snapshot: 's1'})))).outcome.kind, 'done');
});
