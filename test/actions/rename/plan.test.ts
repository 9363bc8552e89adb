import test from 'ava';
import {planRename} from '../../../source/actions/rename/plan.ts';
import type {Checkpoint} from '../../../source/model/domain/snapshot.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/w'};
const rename = (world: Inventory, snapshot: string, name: string) => planRename({kind: 'rename', domain: {uuid, name: 'web'}, snapshot, name}, world, given);

function blockersOf(world: Inventory, snapshot = 's1', name = 'n1'): string[] {
	const result = rename(world, snapshot, name);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);
}

test('the record is written under the new name, the children are hung on it, and the old record goes last', t => {
	const plan = unwrap(rename(threeSnapshots(), 's2', 'n2'));
	t.deepEqual(plan.steps.map(({phase, id}) => `${phase} ${id}`), ['switch record', 'switch parent-1', 'switch old']);
	const records = plan.steps.slice(0, 2).map(step => unwrap(parseSnapshotXml(step.command.files[0]!.text, {isCurrent: false})));
	t.deepEqual(records.map(({name, parent, disks}) => [name, parent, disks.map(({overlayPath}) => overlayPath)]), [
		['n2', 's1', ['/d/vda.s2', '/d/vdb.s2']], ['s3', 'n2', ['/d/vda.s3', '/d/vdb.s3']],
	]);
	t.false(argvOf(plan.steps[0]!.command).includes('--current'));
	t.true(argvOf(plan.steps[2]!.command).join(' ').endsWith('--snapshotname s2 --metadata'));
	const {expected} = plan.targets[0];
	t.deepEqual([expected.currentSnapshot, expected.snapshots, expected.goneSnapshots], ['s3', [{name: 's1', parent: undefined}, {name: 'n2', parent: 's1'}, {name: 's3', parent: 'n2'}], ['s2']]);
	t.deepEqual([plan.images.created, plan.images.removed, plan.images.written], [[], [], []]);
});

test('the current one stays the current one, there and back', t => {
	const plan = unwrap(rename(threeSnapshots(), 's3', 'n3'));
	t.true(argvOf(plan.steps[0]!.command).includes('--current'));
	t.is(plan.targets[0].expected.currentSnapshot, 'n3');
	// libvirt makes the parent the current one when the current record goes.
	t.deepEqual(plan.steps[0]!.undo!.map(command => argvOf(command).includes('--current')), [false, true]);
	t.deepEqual(plan.steps.at(-1)!.undo!.map(command => argvOf(command).includes('--current')), [true]);
});

test('a name that is taken or cannot be one, a state inside the images, and a session that only reads are refused', t => {
	t.deepEqual(blockersOf(threeSnapshots(), 's1', 's2'), ['name-taken']);
	t.deepEqual(blockersOf(threeSnapshots(), 's1', 'a/b'), ['name']);
	const inside = threeSnapshots();
	inside.details.snapshots[0]!.disks[0]!.mode = 'internal';
	t.deepEqual(blockersOf(inside), ['not-supported']);
	const reading = threeSnapshots();
	reading.host.isReadOnly = true;
	t.deepEqual(blockersOf(reading), ['not-permitted']);
	t.like(rename(threeSnapshots(), 'nothing', 'n1'), {ok: false, failure: {kind: 'snapshot-not-found'}});
});

/** s1 has a copy of the firmware's variables beside them. */
function withVariables(more: {isWritable?: boolean; names?: string[]} = {}): Inventory {
	const base = threeSnapshots();
	const facts = {
		inode: '1:2', sizeBytes: 528, allocatedBytes: 4096, mode: '600', uid: 0, gid: 0, links: 1, modifiedAt: '1790000000.5', changedAt: '1790000000.5', isRaw: true,
	};
	return {
		...base,
		details: {...base.details, snapshots: base.details.snapshots.map(snapshot => ({...snapshot, domain: {...snapshot.domain!, nvramPath: '/n/web.fd'}}))},
		folders: new Map([...base.folders, ['/n', {
			path: '/n', isWritable: more.isWritable ?? true, freeBytes: 1024 ** 3, device: '2', names: new Set(['web.fd', 'web.fd.vsnap-s1', ...more.names ?? []]),
		}]]),
		nvramPath: '/n/web.fd',
		nvramFiles: new Map(['/n/web.fd', '/n/web.fd.vsnap-s1'].map(path => [path, facts as never])),
	};
}

test('the copy of the firmware\'s variables goes to its new name before the records, and its old name goes last', t => {
	const plan = unwrap(rename(withVariables(), 's1', 'n1'));
	t.deepEqual(plan.images.created, [{path: '/n/web.fd.vsnap-n1'}]);
	t.deepEqual(plan.images.removed, ['/n/web.fd.vsnap-s1']);
	t.true(plan.steps.some(({phase, command}) => phase === 'create' && argvOf(command).includes('/n/web.fd.vsnap-n1') && argvOf(command).includes('/n/web.fd.vsnap-s1')));
	// As old as it was: its age tells that it belongs to this snapshot.
	t.true(plan.steps.some(({id, command}) => id === 'date-nvram' && argvOf(command).some(word => word.includes('1790000000.5'))));
	t.deepEqual(plan.steps.filter(({phase}) => phase === 'remove').map(({command}) => argvOf(command).at(-1)), ['/n/web.fd.vsnap-s1']);
	t.deepEqual(unwrap(rename(withVariables(), 's2', 'n2')).images.created, []);
});

test('a copy of the variables that cannot have the new name keeps the old one, and so does the snapshot', t => {
	t.deepEqual(blockersOf(withVariables({names: ['web.fd.vsnap-n1']})), ['name-taken']);
	t.deepEqual(blockersOf(withVariables({isWritable: false})), ['not-permitted']);
	t.deepEqual(blockersOf(withVariables(), 's1', 'n'.repeat(245)), ['name']);
});

test('what its record notes goes with the name: frozen file systems, and the checkpoints of a state that was kept', t => {
	const checkpoint: Checkpoint = {name: 'c1', description: 'a & <b>', parent: undefined, createdAt: 5, disks: [{target: 'vda', bitmap: 'c1'}, {target: 'vdb', bitmap: undefined}], xml: ''};
	const world = threeSnapshots();
	const noted = world.details.snapshots.map(snapshot => {
		const domainXml = unwrap(changeDomainXml(snapshot.domainXml!, {
			sources: new Map(), frozenNote: {snapshot: snapshot.name, uuid}, checkpointsNote: {snapshot: snapshot.name, uuid, checkpoints: [{checkpoint, origins: new Map([['vda', '/d/a "b" & c']])}]},
		}));
		return unwrap(parseSnapshotXml(snapshot.xml.replace(snapshot.domainXml!, domainXml.trimEnd())));
	});
	const plan = unwrap(rename({...world, details: {...world.details, snapshots: noted}}, 's2', 'n & "2"'));
	const [renamed, child] = plan.steps.map(step => step.command.files[0]).slice(0, 2).map(file => unwrap(parseSnapshotXml(file!.text)));
	for (const record of [renamed!, child!]) {
		t.true(record.isFrozen, record.name);
		t.deepEqual(record.checkpoints?.map(one => ({...one, checkpoint: {...one.checkpoint, xml: ''}})), [{checkpoint, origins: new Map([['vda', '/d/a "b" & c']])}], record.name);
	}

	// A copy in another record, or in a definition that libvirt reverted to, says nothing.
	t.is(unwrap(parseSnapshotXml(child!.xml.replace('<name>s3</name>', '<name>x</name>'))).checkpoints, undefined);
	t.false(unwrap(changeDomainXml(child!.domainXml!, {sources: new Map()})).includes('vsnap:'));
});

test('beside checkpoints an old libvirt changes no record of a snapshot: theirs are set aside meanwhile, the youngest first', t => {
	const checkpoints = ['c1', 'c2'].map((name, index): Checkpoint => ({name, description: undefined, parent: index === 0 ? undefined : 'c1', createdAt: index, disks: [], xml: `<domaincheckpoint><name>${name}</name></domaincheckpoint>`}));
	const idsOn = (libvirtVersion: number) => unwrap(rename(threeSnapshots({checkpoints, libvirtVersion}), 's3', 'n3')).steps.map(({id}) => id);
	t.deepEqual(idsOn(11_003_000), ['record', 'old']);
	t.deepEqual(idsOn(10_000_000), ['delete-checkpoint-record-c2', 'delete-checkpoint-record-c1', 'record', 'old', 'redefine-checkpoint-c1', 'redefine-checkpoint-c2']);
	t.deepEqual(unwrap(rename(threeSnapshots({checkpoints}), 's3', 'n3')).targets[0].expected.checkpoints, [{name: 'c1', parent: undefined}, {name: 'c2', parent: 'c1'}]);
});
