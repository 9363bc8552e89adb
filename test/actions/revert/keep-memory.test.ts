/** Keeping the current state with the memory of its guest: what the plan does, and what is refused. */
import test from 'ava';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {readCurrentState} from '../../../source/actions/current-state.ts';
import {revert} from '../../../source/actions/revert/spec.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {createdPaths, type Plan} from '../../../source/model/plan/plan.ts';
import {conditionOf} from '../../../source/model/domain/snapshot.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, snapshot, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/w'};
const keep = {kind: 'keep', name: 'k1', memory: true} as const;
const domain = {uuid, name: 'web'};
const planned = (world: Inventory) => planRevert({kind: 'revert', domain, snapshot: 's1', currentState: keep, endState: undefined}, world, given);
const stepOf = (plan: Plan, id: string) => plan.steps.find(step => step.id === id)!;
const refusalOf = (world: Inventory) => {
	const result = planned(world);
	return result.ok || result.failure.kind !== 'refused' ? '' : result.failure.blockers.map(({text, remedy}) => `${text} ${remedy}`).join('\n');
};

test('the guest is ended by saving its memory, and its record says that it has it', t => {
	for (const state of ['running', 'paused'] as const) {
		const world = threeSnapshots({state});
		const plan = unwrap(planned(world));
		const path = '/d/vda.k1.mem';
		t.deepEqual(argvOf(stepOf(plan, 'stop').command).slice(4), ['save', '--domain', uuid, '--file', path]);
		t.true(plan.steps.findIndex(({id}) => id === 'reserve-memory') < plan.steps.findIndex(({id}) => id === 'stop'));
		t.true(createdPaths(plan).includes(path));
		const record = unwrap(parseSnapshotXml(stepOf(plan, 'keep').command.files[0]!.text));
		t.deepEqual(record.memory, {mode: 'external', path});
		t.is(record.state, state);
		t.is(conditionOf(record), 'memory');
		t.regex(record.inactiveDomainXml!, /^<inactiveDomain/);
		const losses = plan.consequences.filter(({severity}) => severity === 'loss');
		t.deepEqual(losses, [], 'nothing is lost, so nothing is said to be');
	}
});

test('a branch keeps the memory as well, and begins as good as its snapshot', t => {
	const branchOf = (world: Inventory, currentState: Parameters<typeof planBranch>[0]['currentState']) =>
		unwrap(planBranch({kind: 'branch', domain, snapshot: 's1', name: 'b1', currentState}, world, given));
	t.is(argvOf(stepOf(branchOf(threeSnapshots({state: 'running'}), keep), 'stop').command)[4], 'save');
	const conditionIn = (state: string) => {
		const world = threeSnapshots();
		world.details.snapshots[0] = snapshot({name: 's1', state, frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}});
		return conditionOf(unwrap(parseSnapshotXml(stepOf(branchOf(world, {kind: 'discard'}), 'branch').command.files[0]!.text)));
	};

	t.is(conditionIn('disk-snapshot'), 'crash-consistent');
	t.is(conditionIn('shutoff'), 'off');
});

test('memory is refused where there is none, where disks would go on without it, and where it cannot be done', t => {
	t.regex(refusalOf(threeSnapshots()), /is off: there is no memory/);
	const partly = inventory({
		state: 'running',
		heads: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1'}, modes: {vdb: 'no'}}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vdb.qcow2')],
	});
	t.regex(refusalOf(partly), /vdb would continue without the memory/);
	const inside = inventory({
		state: 'running',
		heads: {vda: '/d/vda.qcow2'},
		current: 's1',
		snapshots: [{name: 's1', state: 'shutoff', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}}],
		images: [image('/d/vda.qcow2')],
	});
	t.regex(refusalOf(inside), /vsnap-tui create web k1 --memory internal/);
});

test('--memory goes with --keep', t => {
	t.deepEqual(readCurrentState({keep: 'k1', memory: true}), {ok: true, value: {kind: 'keep', name: 'k1', memory: true}});
	t.false(readCurrentState({memory: true}).ok);
});

test('of a guest that runs its memory can be kept, and one that is off has none', t => {
	const kept = {kind: 'keep', name: 'k1'} as const;
	const fieldsOf = (world: Inventory) => revert.fields({kind: 'revert', uuid, snapshot: 's1', currentState: kept, endState: undefined}, {details: world.details, kept, nowMs: 0});
	const running = fieldsOf(threeSnapshots({state: 'running'}));
	t.deepEqual(running.map(({id}) => id), ['current-state', 'keep-name', 'description', 'memory', 'end-state']);
	const memory = running[3];
	t.like(memory?.kind === 'choice' && [memory.chosen, memory.choices[0]!.change.request], ['lose', {currentState: keep}]);
	t.deepEqual(fieldsOf(threeSnapshots()).map(({id}) => id), ['current-state', 'keep-name', 'description', 'end-state']);
});
