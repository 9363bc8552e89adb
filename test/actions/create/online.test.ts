/** What a snapshot of a running domain makes, writes to and records: settled here, whoever runs the domain does the rest. */
import test from 'ava';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {
	idsOf, planOf, refusalOf, stepOf, twoDisks,
} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const running = () => twoDisks({state: 'running'});

test('of the disks alone: an overlay each, which the domain then writes to, and nothing inside the images', t => {
	const plan = planOf(running(), {isDiskOnly: true});
	t.deepEqual(createdPaths(plan), ['/d/vda.s1', '/d/vdb.s1']);
	t.deepEqual(plan.images.created.map(({backingPath, format}) => [backingPath, format]), [['/d/vda.qcow2', 'qcow2'], ['/d/vdb.qcow2', 'qcow2']]);
	t.deepEqual(plan.images.written ?? [], []);
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s1'}, {target: 'vdb', path: '/d/vdb.s1'}]);
	t.like(plan.targets[0].expected, {currentSnapshot: 's1', snapshots: [{name: 's1', parent: undefined}]});
});

test('a disk that is left out stays on its image, and gets no file', t => {
	const plan = planOf(running(), {isDiskOnly: true, disks: [{target: 'vdb', mode: 'no'}]});
	t.deepEqual(createdPaths(plan), ['/d/vda.s1']);
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s1'}]);
});

test('with memory in a file that nobody named: beside the first disk; one that was named is taken', t => {
	t.deepEqual(createdPaths(planOf(running(), {memory: {mode: 'external'}})), ['/d/vda.s1', '/d/vdb.s1', '/d/vda.s1.mem']);
	t.deepEqual(createdPaths(planOf(running(), {memory: {mode: 'external', path: '/d/s1'}})), ['/d/vda.s1', '/d/vdb.s1', '/d/s1']);
});

test('inside the images: no file is made, both images are written to, and the heads stay', t => {
	const plan = planOf(running(), {memory: {mode: 'internal'}});
	t.deepEqual(createdPaths(plan), []);
	t.deepEqual(plan.images.written, ['/d/vda.qcow2', '/d/vdb.qcow2']);
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.qcow2'}, {target: 'vdb', path: '/d/vdb.qcow2'}]);
	t.regex(refusalOf(running(), {memory: {mode: 'internal'}, disks: [{target: 'vdb', mode: 'no'}]}), /vdb is left out, but an internal snapshot needs every disk/);
});

test('an overlay that was made beforehand is taken, not made', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/ready', '/d/vda.qcow2', {ownBytes: 0}), image('/d/ready-b', '/d/vdb.qcow2', {ownBytes: 0})];
	const plan = planOf(twoDisks({state: 'running', images}), {
		isDiskOnly: true, disks: [{target: 'vda', mode: 'external', path: '/d/ready', reuse: 'existing'}, {target: 'vdb', mode: 'external', path: '/d/ready-b', reuse: 'existing'}],
	});
	t.deepEqual(createdPaths(plan), []);
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/ready'}, {target: 'vdb', path: '/d/ready-b'}]);
});

test('libvirt records a running domain by itself; a standalone QEMU\'s is recorded by us, with what it was', t => {
	t.false(idsOf(planOf(running(), {isDiskOnly: true})).split(' ').includes('record'));
	const world = running();
	const node = (nodeName: string) => ({nodeName, isNamedByPerson: false, device: nodeName, bitmaps: []});
	const plan = planOf({
		...world,
		liveXml: world.definitionXml,
		host: {...world.host, hypervisor: 'qemu', hypervisorVersion: 7_002_000},
		bare: {
			socketPath: '/run/q.sock', metadataPath: '/m/web', argv: ['qemu-system-x86_64'], nodes: new Map([['vda', node('#block1')], ['vdb', node('#block2')]]), commands: new Set(['snapshot-save', 'snapshot-delete', 'transaction']),
		},
	}, {isDiskOnly: true});
	const {files} = stepOf(plan, 'record').command as {files: Array<{text: string}>};
	const snapshot = unwrap(parseSnapshotXml(files.map(({text}) => text).find(text => text.includes('<domainsnapshot'))!));
	t.like(snapshot, {name: 's1', state: 'disk-snapshot', memory: {mode: 'no'}});
	t.deepEqual(snapshot.disks.map(({target, overlayPath}) => [target, overlayPath]), [['vda', '/d/vda.s1'], ['vdb', '/d/vdb.s1']]);
});
