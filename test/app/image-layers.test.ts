import {mkdtemp, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {imageLayers} from '../../source/app/browse/image-layers.ts';
import {withFileSizes} from '../../source/hosts/shared/file-sizes.ts';
import type {DomainDetails} from '../../source/model/domain/inventory.ts';
import type {Image} from '../../source/model/images/image.ts';
import {createLocalRunner} from '../../source/tools/run/run.ts';
import {fakeServices, uuidOf} from '../helpers/fake-services.ts';
import {acceptedFrame, createBrain, frameOf} from '../helpers/screen-harness.ts';
import {unwrap} from '../helpers/unwrap.ts';

const folder = '/var/lib/libvirt/images';
const gibibyte = 2 ** 30;

function database(): DomainDetails {
	return fakeServices().world.allDetails.find(({domain}) => domain.uuid === uuidOf(2))!;
}

function withImages(details: DomainDetails, ...images: Array<Partial<Image>>): DomainDetails {
	return {...details, images: [...details.images, ...images.map(image => ({...details.images[0]!, ...image}))]};
}

const told = (details: DomainDetails) => imageLayers(details).nodes.map(({name, parent, layer: {title, images, others}}) => ({
	name, parent, title, files: Object.fromEntries([...images].map(([target, image]) => [target, image.path.slice(folder.length + 1)])), others,
}));

test('the images of one snapshot stand in one row, those of the current state in another above it', t => {
	t.deepEqual(imageLayers(database()).targets, ['vda', 'vdb']);
	t.deepEqual(told(database()), [
		{
			name: 'snapshot:nightly', parent: undefined, title: 'nightly', files: {vda: 'db01.qcow2', vdb: 'db01-data.qcow2'}, others: [],
		},
		{
			name: 'head:NOW', parent: 'snapshot:nightly', title: 'NOW', files: {vda: 'db01.nightly', vdb: 'db01-data.nightly'}, others: [],
		},
	]);
});

test('a template below and an overlay of another domain have rows of their own, in the column of their disk', t => {
	const details = database();
	const images = details.images.map(image => image.path.endsWith('/db01.qcow2') ? {...image, backingPath: `${folder}/golden.qcow2`} : image);
	const rows = told(withImages({...details, images}, {path: `${folder}/golden.qcow2`}, {path: `${folder}/clone.qcow2`, backingPath: `${folder}/golden.qcow2`}));
	t.deepEqual(rows.filter(({title}) => title.endsWith('.qcow2')), [
		{
			name: `${folder}/golden.qcow2`, parent: undefined, title: 'golden.qcow2', files: {vda: 'golden.qcow2'}, others: [],
		},
		{
			name: `${folder}/clone.qcow2`, parent: `${folder}/golden.qcow2`, title: 'clone.qcow2', files: {vda: 'clone.qcow2'}, others: [],
		},
	]);
	t.is(rows[0]!.parent, `${folder}/golden.qcow2`);
});

test('two images of one disk never share a row: the definition and what runs may differ', t => {
	const details = database();
	const {liveDefinition, definition} = details.domain;
	const pending = {...definition, disks: definition.disks.map(disk => disk.target === 'vda' ? {...disk, sourcePath: `${folder}/next.qcow2`} : disk)};
	const rows = told(withImages({...details, domain: {...details.domain, liveDefinition, definition: pending}}, {path: `${folder}/next.qcow2`}));
	t.deepEqual(rows.filter(({title}) => title === 'NOW').map(({files}) => files), [{vda: 'db01.nightly', vdb: 'db01-data.nightly'}, {vda: 'next.qcow2'}]);
});

test('memory files and firmware variables are measured where they are there', async t => {
	const place = await mkdtemp(path.join(tmpdir(), 'vsnap-sizes-'));
	const [memory, nvram, copy] = ['m.mem', 'nv.fd', 'nv.fd.vsnap-nightly'].map(name => path.join(place, name)) as [string, string, string];
	await writeFile(memory, 'x'.repeat(3000));
	await writeFile(copy, 'x'.repeat(200));
	const details = database();
	const definition = {...details.domain.definition, nvramPath: nvram};
	const snapshots = details.snapshots.map(snapshot => ({...snapshot, memory: {mode: 'external' as const, path: memory}, domain: definition}));
	const measured = unwrap(await withFileSizes(createLocalRunner(), {...details, domain: {...details.domain, definition}, snapshots}));
	t.deepEqual([...measured.fileSizes!], [[memory, 3000], [copy, 200]]);
});

for (const [columns, rows] of [[80, 24], [120, 40]] as const) {
	test(`the images with memory, NVRAM and what nothing needs, at ${columns}x${rows}`, async t => {
		const brain = createBrain({start: {domain: 'db01'}, columns, rows});
		const details = database();
		const nvramPath = `${folder}/db01_VARS.fd`;
		const definition = {...details.domain.definition, nvramPath};
		Object.assign(brain.world.allDetails.find(({domain}) => domain.uuid === uuidOf(2))!, {
			domain: {...details.domain, definition, liveDefinition: definition},
			snapshots: details.snapshots.map(snapshot => ({...snapshot, domain: {...snapshot.domain!, nvramPath}})),
			fileSizes: new Map([[`${folder}/db01.nightly.mem`, 2 * gibibyte], [nvramPath, 540_672], [`${nvramPath}.vsnap-nightly`, 540_672]]),
		});
		brain.send({kind: 'started'});
		await brain.answer();
		brain.type('3');
		await brain.answer();
		brain.state = {...brain.state, health: {...brain.state.health, found: {[uuidOf(2)]: [{
			kind: 'orphan', severity: 'warning', text: '', meaning: '', images: [`${folder}/db01.old`], imageBytes: [1.2 * gibibyte],
		}]}}};
		const frame = await frameOf(brain.state);
		t.is(frame, await acceptedFrame(`images-files-${columns}x${rows}`, frame));
	});
}
