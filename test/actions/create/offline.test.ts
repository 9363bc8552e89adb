/** Plans for snapshots of a domain that is off: commands, their order, their undo, and what must be true afterwards. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, textsOf, twoDisks,
} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';

test('internal: each disk is tagged, then it is recorded; a failure takes the tags back', t => {
	const plan = planOf(twoDisks());
	t.is(idsOf(plan), 'check-vda check-vdb tag-vda tag-vdb record');
	t.deepEqual(argvOf(stepOf(plan, 'tag-vdb').command), ['qemu-img', 'snapshot', '-c', 's1', '/d/vdb.qcow2']);
	const [undo, ...whileOn] = stepOf(plan, 'tag-vdb').undo!;
	t.deepEqual(argvOf(undo!), ['qemu-img', 'snapshot', '-d', 's1', '/d/vdb.qcow2']);
	const isTagged = {kind: 'image-has-tag', path: '/d/vdb.qcow2', tag: 's1'} as const;
	t.deepEqual(undo!.onlyIf, {kind: 'all', of: [{kind: 'domain-off', uuid}, isTagged]});
	// Where somebody has started the domain meanwhile, libvirt takes it out.
	t.deepEqual(whileOn.map(command => [argvOf(command)[4], command.onlyIf]), ['snapshot-create', 'snapshot-delete'].map(verb => [verb, {kind: 'all', of: [{kind: 'domain-active', uuid}, isTagged]}]));
	t.deepEqual(createdPaths(plan), []);
	t.deepEqual(plan.images.written, ['/d/vda.qcow2', '/d/vdb.qcow2']);
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.qcow2'}, {target: 'vdb', path: '/d/vdb.qcow2'}]);
	t.like(plan.targets[0].expected, {currentSnapshot: 's1', endState: 'shutoff', snapshots: [{name: 's1', parent: undefined}]});
	t.regex(textsOf(plan), /no memory to save, and its disks are frozen inside their images/);
});

test('external: overlays first, with the format of what is below, then the definition, then the record with the overlays', t => {
	const plan = planOf(twoDisks(), {disks: [{target: 'vda', mode: 'external'}], description: 'a & b'});
	t.is(idsOf(plan), 'check-vda check-vdb reserve-vda create-vda reserve-vdb create-vdb open-vda open-vdb sync define record');
	t.deepEqual(argvOf(stepOf(plan, 'create-vda').command), ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', '/d/vda.qcow2', '/d/vda.s1']);
	t.deepEqual(plan.steps.map(step => step.phase).filter((phase, index, all) => phase !== all[index - 1]), ['check', 'create', 'switch']);
	const record = stepOf(plan, 'record');
	t.true(argvOf(record.command).join(' ').includes('snapshot-create --domain 6f7e0f5a-3c1d-4f0e-9a55-0d4b8f8f0001 --xmlfile /w/snapshot-new.xml --redefine --current'));
	const snapshot = unwrap(parseSnapshotXml(record.command.files[0]!.text));
	t.deepEqual(snapshot.disks, [{target: 'vda', mode: 'external', overlayPath: '/d/vda.s1'}, {target: 'vdb', mode: 'external', overlayPath: '/d/vdb.s1'}]);
	t.deepEqual(snapshot.domain!.disks.map(disk => disk.sourcePath), ['/d/vda.qcow2', '/d/vdb.qcow2']);
	t.like(snapshot, {description: 'a & b', state: 'shutoff', createdAt: 1_795_255_200, memory: {mode: 'no'}});
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s1'}, {target: 'vdb', path: '/d/vdb.s1'}]);
	t.deepEqual(createdPaths(plan), ['/d/vda.s1', '/d/vdb.s1']);
	t.regex(textsOf(plan), /--disk-only/);
});

test('with --disk-only libvirt makes it external, a bare QEMU goes by the table', t => {
	const plan = planOf(twoDisks(), {isDiskOnly: true});
	t.is(createdPaths(plan).length, 2);
	t.regex(textsOf(plan), /A snapshot of a domain that is off is internal by default/);
	const world = twoDisks();
	t.is(planOf({...world, host: {...world.host, hypervisor: 'qemu'}, bare: {socketPath: undefined, metadataPath: '/m', argv: undefined, nodes: new Map(), commands: new Set()}}, {isDiskOnly: true}).images.created.length, 0);
});

test('a raw disk gets a qcow2 overlay that names raw below, and cannot be internal', t => {
	const world = twoDisks({images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2', undefined, {format: 'raw', clusterSizeBytes: undefined})]});
	world.definitionXml = world.definitionXml.replace(/type='qcow2'(?=[^<]*\/><source file='\/d\/vdb)/u, 'type=\'raw\'');
	world.details.domain.definition.disks[1]!.format = 'raw';
	const argv = argvOf(stepOf(planOf(world, {isDiskOnly: true}), 'create-vdb').command);
	t.is(argv[argv.indexOf('-F') + 1], 'raw');
	t.regex(refusalOf(world), /vdb is raw/);
});

test('the snapshot comes after the current one, and undoing the record makes that one current again', t => {
	const plan = planOf(threeSnapshots(), {snapshot: 's4', isDiskOnly: true});
	t.deepEqual(plan.targets[0].expected.snapshots.at(-1), {name: 's4', parent: 's3'});
	t.is(unwrap(parseSnapshotXml(stepOf(plan, 'record').command.files[0]!.text)).parent, 's3');
	const undo = stepOf(plan, 'record').undo!;
	t.deepEqual(undo[0]!.onlyIf, {kind: 'snapshot-exists', uuid: plan.action.domain.uuid, name: 's4'});
	t.deepEqual(argvOf(undo[1]!).slice(-2), ['--redefine', '--current']);
	t.regex(undo[1]!.files[0]!.text, /<name>s3<\/name>/);
});

test('overlays of an earlier revert leave the record of the former current snapshot, for they are frozen from here on', t => {
	const world = threeSnapshots({
		heads: {vda: '/d/vda.r', vdb: '/d/vdb.r'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}, revertDisks: {vda: '/d/vda.r', vdb: '/d/vdb.r'}}],
		images: ['vda', 'vdb'].flatMap(disk => [image(`/d/${disk}.qcow2`), image(`/d/${disk}.s1`, `/d/${disk}.qcow2`), image(`/d/${disk}.r`, `/d/${disk}.qcow2`)]),
		libvirtVersion: 11_003_000,
	});
	const plan = planOf(world, {snapshot: 'b1', isDiskOnly: true});
	t.notRegex(stepOf(plan, 'drop-revert-disks').command.files[0]!.text, /revertDisks|vda\.r/);
	// What is taken back must not lose the names of the heads.
	t.regex(stepOf(plan, 'record').undo![1]!.files[0]!.text, /vda\.r/);
});

test('--no-metadata makes the overlays and records nothing, and says so', t => {
	const plan = planOf(threeSnapshots(), {snapshot: 's4', isDiskOnly: true, hasNoMetadata: true});
	t.false(plan.steps.some(step => step.id === 'record'));
	t.is(plan.targets[0].expected.currentSnapshot, 's3');
	t.is(plan.targets[0].expected.snapshots.length, 3);
	t.regex(textsOf(plan), /warning: No snapshot records this layer/);
});

test('a name that is taken is not used: another one is chosen, and told', t => {
	const world = twoDisks();
	world.folders.get('/d')!.names.add('vda.s1');
	const plan = planOf(world, {isDiskOnly: true});
	t.deepEqual(createdPaths(plan), ['/d/vda.20261121-100000', '/d/vdb.s1']);
	t.regex(textsOf(plan), /vda is called vda\.20261121-100000, because vda\.s1 is taken/);
});

test('a disk that is left out, and one that somebody else takes care of, keep their images', t => {
	const plan = planOf(twoDisks(), {isDiskOnly: true, disks: [{target: 'vdb', mode: 'no'}]});
	t.deepEqual(createdPaths(plan), ['/d/vda.s1']);
	t.regex(textsOf(plan), /vdb is left out/);
	const manual = planOf(twoDisks(), {isDiskOnly: true, disks: [{target: '/d/vdb.qcow2', mode: 'manual'}]});
	t.deepEqual(createdPaths(manual), ['/d/vda.s1']);
	t.is(unwrap(parseSnapshotXml(stepOf(manual, 'record').command.files[0]!.text)).disks[1]!.mode, 'manual');
});

test('read-only media, empty drives and disks that the definition takes out are left out by themselves', t => {
	const more = '<disk type=\'file\' device=\'cdrom\'><driver name=\'qemu\' type=\'raw\'/><source file=\'/d/x.iso\'/><target dev=\'sda\'/><readonly/></disk>'
		+ '<disk type=\'file\' device=\'floppy\'><target dev=\'fda\'/></disk>'
		+ '<disk type=\'file\' device=\'disk\' snapshot=\'no\'><driver name=\'qemu\' type=\'qcow2\'/><source file=\'/d/swap.qcow2\'/><target dev=\'vdc\'/></disk>';
	const plan = planOf(twoDisks({more, images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/swap.qcow2')]}), {isDiskOnly: true});
	t.deepEqual(createdPaths(plan), ['/d/vda.s1', '/d/vdb.s1']);
	t.deepEqual(unwrap(parseSnapshotXml(stepOf(plan, 'record').command.files[0]!.text)).disks.map(disk => disk.mode), ['external', 'external', 'no', 'no', 'no']);
});

const prepared = (more = {}) => image('/p/over', '/d/vda.qcow2', {allocatedBytes: 200_000, ownBytes: 0, ...more});
const reuse = {isDiskOnly: true, disks: [{target: 'vda', mode: 'external' as const, path: '/p/over', reuse: 'existing' as const}]};

test('a prepared overlay that fits is used as it is', t => {
	const world = twoDisks({images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), prepared({backingName: '../d/vda.qcow2'})]});
	const plan = planOf(world, reuse);
	t.false(plan.steps.some(step => ['reserve-vda', 'create-vda'].includes(step.id)));
	t.deepEqual(argvOf(stepOf(plan, 'open-vda').command), ['qemu-img', 'info', '--backing-chain', '--output=json', '-f', 'qcow2', '/p/over']);
	t.deepEqual(createdPaths(plan), ['/d/vdb.s1']);
	t.deepEqual(plan.targets[0].expected.heads[0], {target: 'vda', path: '/p/over'});
	t.true(Object.keys(plan.targets[0].fingerprint).includes('image /p/over'));
});

for (const [what, overlay, reason] of [
	['is missing', undefined, /not there/],
	['is no qcow2', prepared({format: undefined, problems: [{kind: 'unreadable', reason: 'not in qcow2 format'}]}), /cannot be read as qcow2: not in/],
	['has another size', prepared({virtualSizeBytes: 1024 ** 3 - 512}), /in size/],
	['stands on another image', prepared({backingPath: '/d/vdb.qcow2'}), /is backed by \/d\/vdb\.qcow2/],
	['has no backing file', prepared({backingPath: undefined, backingName: undefined}), /has no backing file/],
	['does not record the format below', prepared({backingFormat: undefined}), /does not record the format/],
	['takes what is below for raw', prepared({backingFormat: 'raw'}), /records its backing file as raw/],
	['is open elsewhere', prepared({problems: [{kind: 'locked', processes: []}]}), /open in another process/],
] as const) {
	test(`a prepared overlay that ${what} is refused`, t => {
		const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), ...(overlay === undefined ? [] : [overlay])];
		t.regex(refusalOf(twoDisks({images}), reuse), reason);
	});
}

test('a prepared overlay that holds a single cluster is refused with the figure, and one of which nobody can tell', t => {
	const holding = (ownBytes: number | undefined) => twoDisks({images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), prepared({ownBytes})]});
	t.regex(refusalOf(holding(65_536), reuse), /holds 64\.0 KiB of data already.*--reuse vda=existing-with-data/);
	t.regex(refusalOf(holding(undefined), reuse), /appears to hold data.*--reuse vda=existing-with-data/);
});

test('the data of a prepared overlay is taken where it is meant, and told as a loss, but never under a guest that runs', t => {
	const meant = {isDiskOnly: true, disks: [{...reuse.disks[0]!, reuse: 'existing-with-data' as const}]};
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), prepared({ownBytes: 65_536})];
	const plan = planOf(twoDisks({images}), meant);
	t.regex(textsOf(plan), /loss: The prepared overlay \/p\/over holds 64\.0 KiB of data already: .* instead of the current content of vda, which stays in \/d\/vda\.qcow2/);
	t.false(plan.steps.some(step => ['reserve-vda', 'create-vda'].includes(step.id)));
	t.is(refusalOf(twoDisks({images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), prepared()]}), meant), '');
	t.regex(refusalOf(twoDisks({images, state: 'running'}), {...meant, disks: [...meant.disks, {target: 'vdb', mode: 'no'}]}), /under the running guest/);
});

test('a prepared overlay that something stands on or holds is refused', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), prepared(), image('/p/above', '/p/over')];
	t.regex(refusalOf(twoDisks({images}), reuse), /in use: \/p\/above/);
});

test('without a backing file the disk starts empty, as large as it was, and the plan says so loudly', t => {
	const plan = planOf(twoDisks(), {isDiskOnly: true, disks: [{target: 'vda', mode: undefined, reuse: 'no-backing-file'}]});
	t.deepEqual(argvOf(stepOf(plan, 'create-vda').command), ['qemu-img', 'create', '-q', '-f', 'qcow2', '/d/vda.s1', String(1024 ** 3)]);
	t.regex(textsOf(plan), /loss: vda will start empty/);
});

test('without a record of its own, a new layer is named by the record of the current snapshot, where libvirt acts on it', t => {
	const scene = (libvirtVersion: number, hasChild: boolean) => twoDisks({
		heads: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'},
		current: 's0',
		libvirtVersion,
		snapshots: [
			{name: 's0', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1', vdb: '/d/vdb.s1'}},
			...(hasChild ? [{name: 'c', parent: 's0', frozen: {vda: '/d/vda.c', vdb: '/d/vdb.c'}, overlays: {}}] : []),
		],
		images: ['vda', 'vdb'].flatMap(disk => [image(`/d/${disk}.qcow2`), image(`/d/${disk}.s1`, `/d/${disk}.qcow2`), image(`/d/${disk}.c`, `/d/${disk}.qcow2`)]),
	});
	const asked = {snapshot: 'nm', isDiskOnly: true, hasNoMetadata: true, disks: [{target: 'vdb', mode: 'no' as const}]};
	for (const plan of [planOf(scene(12_008_000, true), asked), planOf(scene(9_000_000, false), asked)]) {
		const step = stepOf(plan, 'name-heads');
		const record = unwrap(parseSnapshotXml(step.command.files[0]!.text));
		t.deepEqual(record.disks.map(({overlayPath}) => overlayPath), ['/d/vda.nm', '/d/vdb.s1']);
		t.is(step.undo?.length, 1);
		t.regex(textsOf(plan), /No snapshot records this layer: you cannot revert to it/);
	}

	t.notRegex(idsOf(planOf(scene(9_000_000, true), asked)), /name-heads/, 'before 9.9 one with children keeps what it named');
	t.notRegex(idsOf(planOf(twoDisks(), asked)), /name-heads/, 'no snapshot is current');
});
