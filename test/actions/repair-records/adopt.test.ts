/** Records for what has none: overlays that nobody recorded, and states that only the images know. */
import test from 'ava';
import {planAdopt} from '../../../source/actions/repair-records/adopt.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {RepairRecordsAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const adopt = (world: Inventory, adopts: RepairRecordsAction['adopts']) => planAdopt({kind: 'repair-records', domain: {uuid, name: 'web'}, adopts}, world, {id: 'p1', now, workPath: '/w'});
const blockersOf = (result: ReturnType<typeof adopt>) => result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);

/** s1, and on its overlay two more that nothing tells of. */
const layered = (more: Partial<Scene> = {}) => inventory({
	heads: {vda: '/d/vda.two'},
	current: 's1',
	snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}],
	images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.one', '/d/vda.s1'), image('/d/vda.two', '/d/vda.one')],
	...more,
});

test('each overlay becomes that of a snapshot, from below, after the current one; the last is current, and all can be undone', t => {
	const plan = unwrap(adopt(layered(), 'layers'));
	t.deepEqual(plan.targets[0].expected.snapshots.map(({name, parent}) => [name, parent]), [
		['s1', undefined], ['found-19700101-000001', 's1'], ['found-19700101-000001-2', 'found-19700101-000001'],
	]);
	t.is(plan.targets[0].expected.currentSnapshot, 'found-19700101-000001-2');
	const [one, two] = plan.steps;
	t.regex(one!.command.files[0]!.text, /<disks>.*\/d\/vda\.one.*<\/disks>.*<source file=["']\/d\/vda\.s1["']/su, 'the overlay beside the image that it froze');
	t.deepEqual([one, two].map(step => argvOf(step!.command).includes('--current')), [false, true]);
	t.deepEqual(two!.undo!.map(command => argvOf(command).find(word => word.startsWith('snapshot-'))), ['snapshot-delete', 'snapshot-create'], 'the record goes, and s1 is current again');
	t.true(argvOf(two!.undo![1]!).includes('--current'));
	t.true(plan.steps.every(({phase, undo}) => phase === 'switch' && undo !== null));
	t.like(plan.images, {created: [], removed: [], written: []});
});

test('a state that only an image knows is recorded where it lies, as a root, and does not become current', t => {
	const base = image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'clean', memoryBytes: 0}, {tag: 's1', memoryBytes: 0}]});
	const plan = unwrap(adopt(layered({images: [base, ...layered().details.images.slice(1)]}), 'tags'));
	t.deepEqual(plan.targets[0].expected.snapshots.map(({name, parent}) => [name, parent]), [['s1', undefined], ['clean', undefined]], 'a name that a record has is not taken twice');
	t.is(plan.targets[0].expected.currentSnapshot, 's1');
	t.regex(plan.steps[0]!.command.files[0]!.text, /<source file=["']\/d\/vda\.qcow2/u);
	t.false(argvOf(plan.steps[0]!.command).includes('--current'));
	t.deepEqual([plan, unwrap(adopt(layered(), 'layers'))].map(({consequences}) => consequences[0]!.text.split(': ')[1]), ['you can revert to it or delete it.', 'you can revert to it, merge it or delete it.'], 'nothing is merged of what is inside the images');
});

test('memory that only the images know is recorded where every disk holds it, with the doubt about its machine', t => {
	const tagged = (memoryBytes: number) => ({internalSnapshots: [{tag: 'hmp', memoryBytes}]});
	const scene = (ofVdb: Parameters<typeof image>[2]) => inventory({
		state: 'running', heads: {vda: '/d/vda', vdb: '/d/vdb'}, snapshots: [], images: [image('/d/vda', undefined, tagged(1000)), image('/d/vdb', undefined, ofVdb)],
	});
	const plan = unwrap(adopt(scene(tagged(0)), 'tags'));
	t.regex(plan.steps[0]!.command.files[0]!.text, /<state>running<[^]*<memory snapshot=["']internal["']\/>[^]*<disk name=["']vdb["'] snapshot=["']internal["']/);
	t.regex(plan.consequences.find(({severity}) => severity === 'warning')?.text ?? '', /"hmp" holds the memory of a guest/);
	t.deepEqual(blockersOf(adopt(scene({}), 'tags')), ['not-supported']);
});

test('refused where everything has its record, beside a job, and read-only', t => {
	t.deepEqual(blockersOf(adopt(threeSnapshots(), 'layers')), ['not-supported']);
	t.deepEqual(blockersOf(adopt(threeSnapshots(), 'tags')), ['not-supported']);
	const world = layered();
	world.jobs.push({text: 'a backup', remedy: 'Wait.'});
	world.host.isReadOnly = true;
	t.deepEqual(blockersOf(adopt(world, 'layers')), ['job-running', 'not-permitted']);
});
