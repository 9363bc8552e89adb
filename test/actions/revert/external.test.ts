import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Plan, type Step} from '../../../source/model/plan/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {RevertAction} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Pin} from '../../../source/model/images/pin.ts';
import {memoryFormatOf} from '../../../source/model/domain/memory-format.ts';
import {image, pin} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';

const action = (more: Partial<RevertAction> = {}): RevertAction =>
	({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined, ...more});
const given = {id: 'p1', now, workPath: '/state/files/p1'};
const plan = (world: Inventory, more: Partial<RevertAction> = {}) => unwrap(planRevert(action(more), world, given));
const stepNamed = (made: Plan, id: string) => made.steps.find(step => step.id === id)!;
const ids = (made: Plan) => made.steps.map(step => step.id);
const xmlOf = (step: Step) => step.command.files[0]!.text;
const blockersOf = (world: Inventory, more: Partial<RevertAction> = {}) => {
	const result = planRevert(action(more), world, given);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(blocker => blocker.kind);
};

test('all new overlays are made before anything is switched, and the old heads go last', t => {
	const made = plan(threeSnapshots());
	const phases = made.steps.map(step => step.phase);
	t.deepEqual([...phases].sort((a, b) => ['check', 'create', 'switch', 'remove'].indexOf(a) - ['check', 'create', 'switch', 'remove'].indexOf(b)), phases);
	t.deepEqual(made.images.removed, ['/d/vda.s3', '/d/vdb.s3']);
	t.deepEqual(argvOf(stepNamed(made, 'create-vda').command), ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', '/d/vda.qcow2', '/d/vda.20261121-100000']);
});

test('an overlay that another snapshot froze is never removed', t => {
	t.false(plan(threeSnapshots()).images.removed.some(path => path.endsWith('.s1') || path.endsWith('.s2')));
});

test('a new overlay never takes a name that exists, nor one that another disk gets', t => {
	const world = threeSnapshots();
	world.folders.get('/d')!.names.add('vda.20261121-100000');
	t.is(createdPaths(plan(world))[0], '/d/vda.20261121-100000-2');
	const same = inventory({
		heads: {vda: '/d/x.img', vdb: '/d/x.raw'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/x.qcow2', vdb: '/d/x.raw'}, overlays: {vda: '/d/x.img', vdb: '/d/y'}}],
		images: [image('/d/x.qcow2'), image('/d/x.raw'), image('/d/x.img', '/d/x.qcow2')],
	});
	t.is(new Set(createdPaths(plan(same))).size, 2);
});

test('the definition names the new overlays and carries no backing store', t => {
	const xml = xmlOf(stepNamed(plan(threeSnapshots({more: '<disk type=\'file\' device=\'cdrom\'><source file=\'/iso/a.iso\'/><target dev=\'sda\'/><readonly/></disk>'})), 'define'));
	t.regex(xml, /vda\.20261121-100000/);
	t.notRegex(xml, /backingStore/);
});

test('a revert to a snapshot with children leaves its record alone before libvirt 9.9, and rewrites it from then on', t => {
	t.notRegex(xmlOf(stepNamed(plan(threeSnapshots()), 'current')), /20261121/);
	t.regex(xmlOf(stepNamed(plan(threeSnapshots({libvirtVersion: 11_003_000})), 'current')), /20261121/);
	t.regex(xmlOf(stepNamed(plan(threeSnapshots(), {snapshot: 's3'}), 'current')), /20261121/, 'a leaf is rewritten on every version');
});

test('overlays of an earlier revert by libvirt leave the record of the former current snapshot', t => {
	const world = threeSnapshots({libvirtVersion: 11_003_000});
	const made = unwrap(planRevert(action({snapshot: 's3'}), inventory({
		libvirtVersion: 11_003_000,
		heads: {vda: '/d/vda.r'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}, revertDisks: {vda: '/d/vda.r'}},
			{name: 's3', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s3'}},
		],
		images: [...world.details.images.slice(0, 2), image('/d/vda.r', '/d/vda.qcow2')],
	}), given));
	t.true(ids(made).includes('drop-revert-disks'));
	t.notRegex(xmlOf(stepNamed(made, 'drop-revert-disks')), /vda\.r['"]/);
	t.regex(stepNamed(made, 'current').undo!.at(-1)!.files[0]!.text, /vda\.r['"]/, 'going back must not forget the overlay in use');
});

test('keeping the current state records it before the switch and removes nothing', t => {
	const made = plan(threeSnapshots({state: 'running'}), {currentState: {kind: 'keep', name: 'before'}});
	t.deepEqual(made.images.removed, []);
	t.true(ids(made).indexOf('stop') < ids(made).indexOf('keep') && ids(made).indexOf('keep') < ids(made).indexOf('define'));
	const xml = xmlOf(stepNamed(made, 'keep'));
	t.regex(xml, /<parent>\s*<name>s3<\/name>/);
	t.regex(xml, /\/d\/vda\.s3/);
	t.deepEqual(made.targets[0].expected.snapshots.at(-1), {name: 'before', parent: 's3'});
});

test('a running domain is stopped after the overlays exist, without mercy only where its state is lost', t => {
	const made = plan(threeSnapshots({state: 'running'}));
	t.true(ids(made).indexOf('stop') > ids(made).indexOf('sync'));
	t.false(argvOf(stepNamed(made, 'stop').command).includes('--graceful'));
	t.true(argvOf(stepNamed(plan(threeSnapshots({state: 'running'}), {currentState: {kind: 'keep', name: 'k'}}), 'stop').command).includes('--graceful'));
});

test('a block device that the snapshot left out stands in the preview as not reverted', t => {
	const more = '<disk type=\'block\' device=\'disk\'><driver name=\'qemu\' type=\'raw\'/><source dev=\'/dev/vg/lv\'/><target dev=\'vdz\'/></disk>';
	const world = inventory({
		heads: {vda: '/d/vda.s1'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}, more}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2')],
		more,
	});
	t.true(plan(world).consequences.some(({severity, text}) => severity === 'warning' && /^vdz was left out of the snapshot and is not reverted: .*\/dev\/vg\/lv/.test(text)));
});

test('a disk that the snapshot left out keeps its file, and gets an overlay where a pin needs its image', t => {
	const scene = {
		heads: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1'}, modes: {vdb: 'no'} as const}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vdb.qcow2')],
	};
	const free = plan(inventory(scene));
	t.deepEqual(createdPaths(free), ['/d/vda.20261121-100000']);
	t.true(free.consequences.some(({severity, text}) => severity === 'warning' && text.startsWith('vdb was left out')));
	const pinned = plan(inventory({...scene, foreignPins: [pin('/d/vdb.qcow2', 'content', 'snapshot x of other', 'other')]}));
	t.is(createdPaths(pinned).length, 2);
	t.false(pinned.images.removed.includes('/d/vdb.qcow2'));
});

test('a disk that came after the snapshot leaves the definition and its file stays', t => {
	const world = threeSnapshots({heads: {vda: '/d/vda.s3', vdb: '/d/vdb.s3', vdc: '/d/vdc.qcow2'}});
	const made = plan(world);
	t.notRegex(xmlOf(stepNamed(made, 'define')), /vdc/);
	t.false(made.images.removed.includes('/d/vdc.qcow2'));
	t.true(made.consequences.some(({text}) => text.includes('/d/vdc.qcow2 stays')));
});

test('an image that another domain stands on is not removed', t => {
	const world = threeSnapshots({foreignPins: [pin('/d/clone', 'head', 'head of clone', 'other')]});
	world.details.images.push(image('/d/clone', '/d/vda.s3'));
	t.deepEqual(plan(world).images.removed, ['/d/vdb.s3']);
});

test('all blockers are named at once', t => {
	const world = threeSnapshots();
	world.details.domain.hasManagedSave = true;
	world.jobs.push({text: 'a block job on vda', remedy: 'Wait.'});
	world.folders.get('/d')!.isWritable = false;
	world.folders.get('/d')!.freeBytes = 1000;
	world.details.images.find(({path}) => path === '/d/vdb.qcow2')!.problems.push({kind: 'missing'});
	t.deepEqual(blockersOf(world, {currentState: {kind: 'keep', name: 's2'}}).sort(), ['image-missing', 'job-running', 'managed-save', 'name-taken', 'no-space', 'not-permitted']);
});

for (const [name, reason] of [['a/b', '/'], ['.x', 'a leading dot'], ['', 'nothing'], ['x\ny', 'a newline'], ['ü'.repeat(124), '248 bytes']] as const) {
	test(`a kept state may not be named with ${reason}`, t => {
		t.deepEqual(blockersOf(threeSnapshots(), {currentState: {kind: 'keep', name}}), ['name']);
	});
}

test('a frozen image that another domain writes to is refused', t => {
	t.deepEqual(blockersOf(threeSnapshots({foreignPins: [pin('/d/vda.qcow2', 'head', 'head of other', 'other')]})), ['image-in-use']);
});

test('a frozen image whose data file another domain writes to, itself or by an image of its own, is refused', t => {
	const withDataFile = (foreignPins: Pin[]) => {
		const world = threeSnapshots({foreignPins});
		world.details.images.find(({path}) => path === '/d/vda.qcow2')!.dataFilePath = '/d/store.raw';
		world.details.images.push(image('/x/other.qcow2', undefined, {dataFilePath: '/d/store.raw'}), image('/x/overlay.qcow2', '/x/other.qcow2'));
		return blockersOf(world);
	};

	t.deepEqual(withDataFile([]), []);
	t.deepEqual(withDataFile([pin('/d/store.raw', 'head', 'head of other', 'other')]), ['image-in-use']);
	t.deepEqual(withDataFile([pin('/x/other.qcow2', 'head', 'head of other', 'other')]), ['image-in-use']);
	t.deepEqual(withDataFile([pin('/x/overlay.qcow2', 'head', 'head of other', 'other')]), [], 'it only reads what lies below its overlay');
});

test('a template that is off and unchanged is warned of, one that was written to since or that runs is refused', t => {
	const template = (isIdle: boolean, more: {mode?: number; modifiedAt?: string} = {}) => {
		const world = threeSnapshots({foreignPins: [{...pin('/d/vda.qcow2', 'head', 'head of template', 'other'), isIdle}]});
		const base = world.details.images.find(({path}) => path === '/d/vda.qcow2')!;
		base.file = {...base.file!, modifiedAt: '1789990000.5', ...more};
		return world;
	};

	const warned = plan(template(true)).consequences.filter(({text}) => text.includes('head of template'));
	t.deepEqual(warned.map(({severity}) => severity), ['warning']);
	t.false(plan(template(true, {mode: 0o444})).consequences.some(({text}) => text.includes('head of template')));
	t.deepEqual(blockersOf(template(true, {modifiedAt: '1790000005.0'})), ['image-in-use']);
	t.deepEqual(blockersOf(template(false)), ['image-in-use']);
});

test('a head that is frozen already cannot be kept a second time', t => {
	const world = threeSnapshots({heads: {vda: '/d/vda.s2', vdb: '/d/vdb.s2'}});
	t.deepEqual(blockersOf(world, {currentState: {kind: 'keep', name: 'k'}}), ['image-needed', 'image-needed']);
});

test('memory without disks is refused, and a memory file that was not found', t => {
	const scene = {
		heads: {vda: '/d/vda.m'},
		current: 'm',
		images: [image('/d/vda.qcow2'), image('/d/vda.m', '/d/vda.qcow2')],
	};
	const recipe = {name: 'm', state: 'running', memory: '/d/m.mem', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.m'}};
	t.deepEqual(blockersOf(inventory({...scene, snapshots: [recipe]}), {snapshot: 'm'}), ['memory-file']);
	t.deepEqual(blockersOf(inventory({...scene, snapshots: [{...recipe, overlays: {}, modes: {vda: 'no'}}]}), {snapshot: 'm'}), ['memory-only']);
});

test('memory of a kind that this libvirt does not know yet is refused', t => {
	const recipe = {name: 'm', state: 'running', memory: '/d/m.mem', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.m'}};
	const blockersOn = (libvirtVersion: number, kind: number) => {
		const world = inventory({
			heads: {vda: '/d/vda.m'}, current: 'm', images: [image('/d/vda.qcow2'), image('/d/vda.m', '/d/vda.qcow2')], snapshots: [recipe], libvirtVersion,
		});
		world.memoryFiles.set('/d/m.mem', {
			kind: 'good', path: '/d/m.mem', sizeBytes: 1, definition: world.details.domain.definition, domainXml: world.definitionXml, modifiedAt: '1', format: memoryFormatOf(kind),
		});
		return blockersOf(world, {snapshot: 'm'});
	};

	t.deepEqual([blockersOn(9_000_000, 4), blockersOn(9_000_000, 5), blockersOn(10_004_000, 5), blockersOn(10_004_000, 6), blockersOn(11_002_000, 6)], [[], ['memory-file'], [], ['memory-file'], []]);
});

test('the plan is plain JSON and the same for the same world', t => {
	const text = () => JSON.stringify(plan(threeSnapshots(), {currentState: {kind: 'keep', name: 'k'}}));
	t.is(text(), text());
	t.is(JSON.stringify(JSON.parse(text())), text());
});

test('the fingerprint changes with the state, the definition, the records and the images, and with nothing else', t => {
	const base = threeSnapshots();
	const parts = (change: (world: Inventory) => void) => {
		const world = structuredClone(base);
		change(world);
		const [before, after] = [plan(base).targets[0].fingerprint, plan(world).targets[0].fingerprint];
		return Object.keys(after).filter(part => before[part] !== after[part]);
	};

	t.deepEqual(parts(world => {
		world.definitionXml += ' ';
	}), ['its definition']);
	t.deepEqual(parts(world => {
		world.details.images.find(({path}) => path === '/d/vda.qcow2')!.file!.modifiedAt = '2.0';
	}), ['image /d/vda.qcow2']);
	t.deepEqual(parts(world => {
		world.folders.get('/d')!.freeBytes++;
	}), []);
});
