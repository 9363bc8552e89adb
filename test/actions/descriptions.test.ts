/** What snapshots were taken for stands wherever they may be lost: a description may be the reason to leave one. */
import test from 'ava';
import {readCurrentState} from '../../source/actions/current-state.ts';
import {planBranch} from '../../source/actions/branch/plan.ts';
import {planDelete} from '../../source/actions/delete/plan.ts';
import {planMerge} from '../../source/actions/merge/plan.ts';
import {planRevert} from '../../source/actions/revert/plan.ts';
import {goneWith, type Plan} from '../../source/model/plan/plan.ts';
import type {CurrentState} from '../../source/model/plan/request.ts';
import {parseSnapshotXml} from '../../source/model/xml/parse-snapshot.ts';
import {image} from '../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid} from '../helpers/inventory.ts';
import {unwrap} from '../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const domain = {uuid, name: 'web'};
const sixDaysAgo = Date.UTC(2026, 10, 15, 10) / 1000;
const audit = 'Do NOT delete before the audit';

function described(world = threeSnapshots()) {
	const {details} = world;
	return {...world, details: {...details, snapshots: details.snapshots.map(snapshot => ({...snapshot, createdAt: sixDaysAgo, description: snapshot.name === 's2' ? audit : undefined}))}};
}

const inside = () => described(inventory({
	state: 'running',
	heads: {vda: '/d/vda.qcow2'},
	current: 's2',
	snapshots: [{name: 's2', state: 'running', memory: '<memory snapshot=\'internal\'/>', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}}],
	images: [image('/d/vda.qcow2', undefined, {internalSnapshots: [{id: '1', tag: 's2', createdAt: sixDaysAgo, vmStateBytes: 1}] as never})],
}));

const plans: Record<string, () => Plan> = {
	'delete of one': () => unwrap(planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: false}, described(), given)),
	'delete of it and its descendants': () => unwrap(planDelete({kind: 'delete', domain, snapshot: 's1', scope: 'with-children', isMetadataOnly: false}, described(), given)),
	'delete of its descendants': () => unwrap(planDelete({kind: 'delete', domain, snapshot: 's1', scope: 'children-only', isMetadataOnly: false}, described(), given)),
	'delete by libvirt, inside the images of a running domain': () => unwrap(planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: false}, inside(), given)),
	merge: () => unwrap(planMerge({kind: 'merge', domain, snapshot: 's2'}, described(), given)),
};
for (const [name, plan] of Object.entries(plans)) {
	test(`${name}: name, age and description stand among the losses, on the last page and in the result`, t => {
		const made = plan();
		const loss = made.consequences.find(({text}) => text.startsWith('"s2"'));
		t.is(loss?.severity, 'loss');
		t.is(loss?.text, `"s2" of 2026-11-15 10:00 UTC (6 days ago) is deleted: you can no longer revert to it. Its description: "${audit}".`);
		t.is(loss?.what, `snapshot "s2" ("${audit}")`);
		t.true(goneWith(made).includes(`Deleted: "s2" of 2026-11-15 10:00 UTC (6 days ago): ${audit}`));
	});
}

test('everything that goes is told, also what has no description', t => {
	t.deepEqual(goneWith(plans['delete of it and its descendants']!()), [
		'Deleted: "s1" of 2026-11-15 10:00 UTC (6 days ago)',
		`Deleted: "s2" of 2026-11-15 10:00 UTC (6 days ago): ${audit}`,
		'Deleted: "s3" of 2026-11-15 10:00 UTC (6 days ago)',
	]);
});

test('a record alone that is deleted takes its description with it', t => {
	const made = unwrap(planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: true}, described(), given));
	t.true(made.consequences.some(({severity, text}) => severity === 'warning' && text === `The record of "s2" of 2026-11-15 10:00 UTC (6 days ago) is deleted. Its description: "${audit}".`));
});

test('--keep takes a description', t => {
	t.deepEqual(readCurrentState({keep: 'k1', description: audit}), {ok: true, value: {kind: 'keep', name: 'k1', description: audit}});
	t.like(readCurrentState({description: audit}), {ok: false, failure: {kind: 'usage'}});
});

const keep = (description?: string): CurrentState => ({kind: 'keep', name: 'k1', ...(description !== undefined && {description})});
const ways: Record<string, (description?: string) => Plan> = {
	revert: description => unwrap(planRevert({kind: 'revert', domain, snapshot: 's1', currentState: keep(description), endState: 'shutoff'}, described(), given)),
	branch: description => unwrap(planBranch({kind: 'branch', domain, snapshot: 's1', name: 'b1', currentState: keep(description), endState: 'shutoff'}, described(), given)),
};
for (const [name, plan] of Object.entries(ways)) {
	test(`the state that a ${name} keeps is recorded with its description, or with what it was left for`, t => {
		const recorded = (made: Plan) => unwrap(parseSnapshotXml(made.steps.find(({id}) => id === 'keep')!.command.files[0]!.text)).description;
		t.is(recorded(plan('<with "quotes" & all>')), '<with "quotes" & all>');
		t.regex(recorded(plan())!, /^The state that was left for /u);
	});
}
