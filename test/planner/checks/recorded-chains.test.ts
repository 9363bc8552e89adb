import test from 'ava';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {planMerge} from '../../../source/actions/merge/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import type {Result} from '../../../source/model/result.ts';
import type {RecordedChain} from '../../../source/model/domain/domain.ts';
import {createAction} from '../../helpers/create-scene.ts';
import {planCreate} from '../../../source/actions/create/plan.ts';
import {findingsOf} from '../../helpers/domain-check.ts';
import {image} from '../../helpers/images.ts';
import {
	inventory, now, uuid, type Scene,
} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const domain = {uuid, name: 'web'};
const layer = (path: string | undefined, more: Partial<RecordedChain['layers'][number]> = {}) => ({path, format: 'qcow2', isEncrypted: false, ...more});

/** base ← s1 ← head, with what the definition and the snapshot's record say of it. */
function world(chain: RecordedChain | undefined, more: Partial<Scene> & {base?: Partial<Image>; ofRecord?: RecordedChain} = {}): Inventory {
	const {base, ofRecord, ...scene} = more;
	const made = inventory({
		heads: {vda: '/d/vda.s2'},
		current: 's2',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2', undefined, base), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1'), image('/d/other.qcow2')],
		...scene,
	});
	const withChain = (recordedChain: RecordedChain | undefined) => (disk: Inventory['details']['domain']['definition']['disks'][number]) => ({...disk, recordedChain});
	made.details.domain.definition = {...made.details.domain.definition, disks: made.details.domain.definition.disks.map(withChain(chain))};
	if (ofRecord) {
		const s2 = made.details.snapshots[1]!;
		made.details.snapshots[1] = {...s2, domain: {...s2.domain!, disks: s2.domain!.disks.map(withChain(ofRecord))}};
	}

	return made;
}

const actions: Record<string, (from: Inventory) => Result<Plan>> = {
	create: from => planCreate(createAction({snapshot: 'new', isDiskOnly: true}), from, given),
	revert: from => planRevert({kind: 'revert', domain, snapshot: 's2', currentState: {kind: 'discard'}, endState: undefined}, from, given),
	'revert --keep': from => planRevert({kind: 'revert', domain, snapshot: 's2', currentState: {kind: 'keep', name: 'k'}, endState: undefined}, from, given),
	branch: from => planBranch({kind: 'branch', domain, snapshot: 's2', name: 'b', currentState: {kind: 'discard'}}, from, given),
	merge: from => planMerge({kind: 'merge', domain, snapshot: 's2'}, from, given),
	delete: from => planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: false}, from, given),
};

const refusalOf = (planned: Result<Plan>) => planned.ok ? '' : describeFailure(planned.failure).message;
const agreeing: RecordedChain = {layers: [layer('/d/vda.s1'), layer('/d/vda.qcow2')], isWhole: true};

for (const [name, plan] of Object.entries(actions)) {
	test(`${name}: a recorded chain that differs from the headers is refused, with both told and both ways out`, t => {
		t.is(refusalOf(plan(world(undefined))), '');
		t.is(refusalOf(plan(world(agreeing))), '');
		t.is(refusalOf(plan(world({layers: [layer('/d/vda.s1')], isWhole: false}))), '', 'below, the headers are followed');
		const differing = refusalOf(plan(world({layers: [layer('/d/other.qcow2')], isWhole: true})));
		t.regex(differing, /\/d\/vda\.s2 is backed by: the XML says \/d\/other\.qcow2 \(qcow2\), the header says \/d\/vda\.s1 \(qcow2\)/);
		t.regex(differing, /qemu-img rebase -u -f qcow2 -F qcow2 -b \/d\/other\.qcow2 \/d\/vda\.s2.*virsh edit web/);
		t.regex(refusalOf(plan(world({layers: [layer('/d/vda.s1'), layer('/d/vda.qcow2', {format: 'raw'})], isWhole: true}))), /XML says \/d\/vda\.qcow2 \(raw\)/);
		t.regex(refusalOf(plan(world({layers: [layer('/d/vda.s1')], isWhole: true}))), /the XML says nothing, the header says \/d\/vda\.qcow2/);
		t.is(refusalOf(plan(world({layers: [layer(undefined)], isWhole: true}))), '', 'what is no file cannot be compared');
	});

	test(`L21, ${name}: an encrypted layer below a plain head is refused, and told once`, t => {
		t.deepEqual(refusalOf(plan(world(undefined, {base: {isEncrypted: true}}))).match(/\S+ is backed by \/d\/vda\.qcow2, which is encrypted/g), ['vda is backed by /d/vda.qcow2, which is encrypted']);
	});
}

test('a live snapshot by libvirt keeps the secret of an encrypted layer, so it is not refused', t => {
	const running = world({layers: [layer('/d/vda.s1'), layer('/d/vda.qcow2', {isEncrypted: true})], isWhole: false}, {base: {isEncrypted: true}, state: 'running'});
	running.liveXml = running.definitionXml;
	t.is(refusalOf(actions.create!(running)), '');
});

test('a record whose chain lost layers to merges is as good as before, one that stands on a layer it never knew is not', t => {
	t.is(refusalOf(actions.revert!(world(undefined, {ofRecord: {layers: [layer('/d/gone'), layer('/d/vda.qcow2')], isWhole: true}}))), '');
	t.regex(refusalOf(actions.revert!(world(undefined, {ofRecord: {layers: [layer('/d/other.qcow2')], isWhole: true}}))), /record of the snapshot and the images do not agree[\s\S]*rebase -u/);
});

test('the doctor shows both chains, and names the layer whose secret is not recorded', t => {
	const kinds = (from: Inventory) => findingsOf(from).filter(({kind}) => kind === 'chain-conflict' || kind === 'cannot-start');
	t.deepEqual(kinds(world(agreeing)), []);
	const [conflict] = kinds(world({layers: [layer('/d/other.qcow2')], isWhole: true}));
	t.is(conflict?.severity, 'problem');
	t.regex(conflict!.text, /the XML says \/d\/other\.qcow2 \(qcow2\), the header says \/d\/vda\.s1/);
	const secretless = kinds(world(undefined, {base: {isEncrypted: true}})).find(({kind}) => kind === 'cannot-start');
	t.regex(secretless!.text, /cannot be started: vda is backed by \/d\/vda\.qcow2, which is encrypted/);
	t.deepEqual(kinds(world({layers: [layer('/d/vda.s1'), layer('/d/vda.qcow2', {isEncrypted: true})], isWhole: false}, {base: {isEncrypted: true}})), []);
});

test('the doctor says why a domain cannot be started, and how to take a missing medium out', t => {
	const cdrom = '<disk type=\'file\' device=\'cdrom\'><driver name=\'qemu\' type=\'raw\'/><source file=\'/iso/x.iso\'/><target dev=\'hdc\' bus=\'ide\'/><readonly/></disk>';
	const off = world(undefined, {more: cdrom});
	off.details.missing = {files: new Set(['/iso/x.iso']), secrets: new Set()};
	const finding = findingsOf(off).find(({kind}) => kind === 'cannot-start');
	t.is(finding?.severity, 'problem');
	t.regex(finding!.remedy!, /virsh change-media --domain web --path hdc --eject --config/);
	const running = world(undefined, {more: cdrom, state: 'running'});
	running.details.missing = off.details.missing;
	t.is(findingsOf(running).find(({kind}) => kind === 'cannot-start')?.severity, 'warning');
});
