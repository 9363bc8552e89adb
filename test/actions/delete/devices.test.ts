/** Block devices among the images of a delete or a merge: committed into, or left; never pulled away and never removed. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {collect} from '../../../source/model/images/collect.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Pin} from '../../../source/model/images/pin.ts';
import {objectionTo} from '../../../source/model/images/may-change.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image, pin} from '../../helpers/images.ts';
import {inventory, now, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const deleted = {kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's1', scope: 'one', isMetadataOnly: false} as const;

function device(path: string, backingPath?: string, more: Partial<Image> = {}): Image {
	const made = image(path, backingPath, {format: backingPath === undefined ? 'raw' : 'qcow2', ...more});
	return {...made, allocatedBytes: made.virtualSizeBytes, file: {...made.file!, sizeBytes: 0, modifiedAt: '0', mode: 0o660, isRegular: false}};
}

const world = (images: Image[]) => inventory({
	heads: {vda: '/d/vda.s1'},
	current: 's1',
	snapshots: [{name: 's1', frozen: {vda: '/dev/vg/lv'}, overlays: {vda: '/d/vda.s1'}}],
	images,
});

test('an overlay file is committed into the device below it, and the disk is of the type block again', t => {
	const made = unwrap(planDelete(deleted, world([device('/dev/vg/lv'), image('/d/vda.s1', '/dev/vg/lv', {backingFormat: 'raw'})]), given));
	t.is(argvOf(made.steps.find(({id}) => id === 'commit-1')!.command).join(' '), 'qemu-img commit -q -f qcow2 -d -b /dev/vg/lv /d/vda.s1');
	t.deepEqual(made.images.removed, ['/d/vda.s1']);
	t.regex(made.steps.find(({id}) => id === 'define')!.command.files[0]!.text, /<disk type="block"[^>]*>.*type="raw".*<source dev="\/dev\/vg\/lv"/u);
	t.false(made.steps.some(({command}) => argvOf(command)[0] === 'touch'), 'a device node has no age of its content');
	t.is(made.steps.find(({id}) => id === 'commit-1')!.progress, undefined, 'a device does not grow');
});

test('a device that holds an overlay is left where it is after the commit, and the plan says so', t => {
	const made = unwrap(planDelete(deleted, inventory({
		heads: {vda: '/dev/vg/new'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.raw'}, overlays: {vda: '/dev/vg/new'}}],
		images: [image('/d/vda.raw', undefined, {format: 'raw', allocatedBytes: 1024 ** 4}), {...device('/dev/vg/new', '/d/vda.raw'), allocatedBytes: 1024}],
	}), given));
	t.deepEqual(made.images.removed, []);
	t.true(made.consequences.some(({text}) => text === '/dev/vg/new: a block device, and nothing needs it afterwards. It is not removed.'));
});

test('a device that cannot be committed into stays, with the reason', t => {
	const images = [device('/dev/vg/lv'), image('/d/vda.s1', '/dev/vg/lv', {virtualSizeBytes: 2 * (1024 ** 3)})];
	const {merges, staying} = collect(buildImageGraph(images, [pin('/d/vda.s1', 'head')]), {candidates: ['/dev/vg/lv'], domainUuid: 'own', isPossible: () => true});
	t.deepEqual(merges, []);
	t.is(staying[0]!.reason, 'in-use-elsewhere');
});

test('a device is never removed, by whatever planner asks', t => {
	const graph = buildImageGraph([device('/dev/vg/lv'), device('/dev/vg/top', '/dev/vg/lv')], []);
	t.is(objectionTo(graph, '/dev/vg/top', {kind: 'remove'})?.reason, 'is-device');
	t.is(objectionTo(graph, '/dev/vg/lv', {kind: 'overwrite', without: ['/dev/vg/top']}), undefined);
	const {removed, staying} = collect(graph, {candidates: ['/dev/vg/top'], domainUuid: 'own', isPossible: () => true});
	t.deepEqual([removed, staying.map(({reason}) => reason)], [[], ['is-device']]);
});

test('an image inside a device that could outgrow it is not written to', t => {
	const inside = device('/dev/vg/lv', undefined, {format: 'qcow2'});
	const refused = planDelete(deleted, world([inside, image('/d/vda.s1', '/dev/vg/lv')]), given);
	t.like(refused, {failure: {kind: 'refused', blockers: [{kind: 'no-space'}]}});
	const roomy = {...inside, allocatedBytes: 2 * inside.virtualSizeBytes};
	t.true(planDelete(deleted, world([roomy, image('/d/vda.s1', '/dev/vg/lv')]), given).ok);
});

test('an image with an external data file is committed into only, and the data file is made safe on disk with it', t => {
	const base = image('/dev/vg/lv', undefined, {dataFilePath: '/data/store.raw', dataFileName: '/data/store.raw', allocatedBytes: 1});
	const made = unwrap(planDelete(deleted, world([base, image('/d/vda.s1', '/dev/vg/lv')]), given));
	t.is(argvOf(made.steps.find(({id}) => id === 'commit-1')!.command).join(' '), 'qemu-img commit -q -f qcow2 -d -b /dev/vg/lv /d/vda.s1');
	t.deepEqual(argvOf(made.steps.find(({id}) => id === 'sync-commit-1')!.command), ['sync', '--', '/dev/vg/lv', '/data/store.raw']);
	t.deepEqual(made.images.removed, ['/d/vda.s1']);
	const relative = planDelete(deleted, world([{...base, dataFileName: 'store.raw'}, image('/d/vda.s1', '/dev/vg/lv')]), given);
	t.like(relative, {failure: {kind: 'refused', blockers: [{kind: 'not-supported'}]}});
	t.is(objectionTo(buildImageGraph([image('/d/top', '/d/base', {dataFilePath: '/data/store.raw'})], []), '/d/top', {kind: 'remove'})?.reason, 'has-data-file');
});

test('nothing is written into an external data file that somebody else needs', t => {
	const base = image('/d/base', undefined, {dataFilePath: '/data/store.raw'});
	const written = (more: Image[], pins: Pin[]) => objectionTo(buildImageGraph([base, image('/d/vda.s1', '/d/base'), ...more], pins), '/d/base', {kind: 'overwrite', without: ['/d/vda.s1']});
	t.is(written([], []), undefined);
	t.like(written([], [pin('/data/store.raw', 'head', 'head of other', 'other')]), {reason: 'needed', holders: [{label: 'head of other'}]});
	t.like(written([image('/x/other', undefined, {dataFilePath: '/data/store.raw'})], []), {reason: 'in-use-elsewhere', overlays: ['/x/other']});
	t.is(written([image('/x/other', undefined, {dataFilePath: '/x/store.raw'})], []), undefined);
});

test('a commit into a layer that is encrypted is refused', t => {
	const refused = planDelete(deleted, world([image('/dev/vg/lv', undefined, {isEncrypted: true}), image('/d/vda.s1', '/dev/vg/lv')]), given);
	t.like(refused, {failure: {kind: 'refused', blockers: [{kind: 'not-supported'}]}});
});

test('a disk that goes over to another file, or to another format, is told', t => {
	const raw = image('/d/vda.raw', undefined, {format: 'raw', allocatedBytes: 2 ** 30});
	const scene = (base: Image, overlay: Image) => inventory({
		heads: {vda: overlay.path}, current: 's1', snapshots: [{name: 's1', frozen: {vda: base.path}, overlays: {vda: overlay.path}}], images: [base, overlay],
	});
	const texts = (base: Image, overlay: Image) => unwrap(planDelete(deleted, scene(base, overlay), given)).consequences.map(({text}) => text).join('\n');
	t.regex(texts(raw, image('/d/vda.s1', raw.path, {backingFormat: 'raw'})), /vda is on vda\.raw \(raw\) afterwards, instead of vda\.s1 \(qcow2\)/);
	t.regex(texts({...raw, allocatedBytes: 1}, image('/d/vda.s1', raw.path, {backingFormat: 'raw'})), /vda\.raw \(raw\), the base of the chain, is removed: what it held is in vda\.s1 \(qcow2\)/);
});
