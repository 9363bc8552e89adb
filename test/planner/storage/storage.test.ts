/** The contract that every kind of storage keeps, and what is on none of them. */
import {posix} from 'node:path';
import test from 'ava';
import {planAction} from '../../../source/actions/plan-action.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import {objectionTo} from '../../../source/model/images/may-change.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Storage} from '../../../source/planner/storage/kind.ts';
import {placeInXml, storageAt, storageOf} from '../../../source/planner/storage/storage.ts';
import {image as anImage} from '../../helpers/images.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {domainXml, inventory, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

/** A new kind is one more line below, with an image on it. */
function keepsContract(kind: Storage['kind'], image: Image): void {
	const {path} = image;
	const graph = buildImageGraph([image], []);
	const storage = storageAt(graph, path);
	const site = {graph, inventory: inventory({heads: {vda: path}, snapshots: [], images: [image]})};

	test(`${kind}: an image is known by its path`, t => {
		t.is(storage.kind, kind);
		t.is(storage.path, path);
	});

	test(`${kind}: libvirt's XML names it by its own attribute, and is read back as the same`, t => {
		const {type, attribute} = storage.inXml;
		const xml = unwrap(changeDomainXml(domainXml({vda: '/elsewhere'}), {sources: new Map([['vda', {path, format: 'qcow2', isDevice: type === 'block'}]])}));
		t.true(xml.includes(`${attribute}="${path}"`), xml);
		t.like(storageOf(unwrap(parseDomainXml(xml)).disks[0]!), {kind, path});
	});

	test(`${kind}: new files lie beside it, or nowhere`, t => {
		t.true(storage.stem === undefined || posix.dirname(storage.stem) === posix.dirname(path), storage.stem);
	});

	test(`${kind}: it is removed by its whole name, and exactly where nothing is said against that`, t => {
		t.is(storage.removal === undefined, objectionTo(graph, path, {kind: 'remove'}) !== undefined);
		t.is(storage.removal?.argv.at(-1) ?? path, path);
	});

	test(`${kind}: more takes no less room, and a lack is refused with a way out`, t => {
		const [little, much] = [0, 1024 ** 4].map(bytes => storage.room(site, bytes)!);
		t.true(much!.bytes >= little!.bytes);
		t.is(much!.pool, little!.pool);
		t.true(little!.bytes >= 0 && little!.freeBytes > 0);
		const blocker = much!.lack(much!.bytes);
		t.is(blocker.kind, 'no-space');
		t.regex(blocker.text, /GiB|TiB/);
		t.truthy(blocker.remedy);
	});
}

keepsContract('file', anImage('/d/vda.qcow2'));
keepsContract('block-device', anImage('/dev/vg/vda', undefined, {file: {...anImage('').file!, isRegular: false}}));

test('an image in the network is known by its URL, and nobody removes it or looks for room beside it', t => {
	for (const path of ['nbd://store:10809/vol', 'nbd+unix:///vol?socket=/run/s']) {
		const world = inventory({heads: {vda: '/d/vda.s1'}, snapshots: [], images: [anImage('/d/vda.s1', path), anImage(path, undefined, {format: 'raw', file: undefined})]});
		const site = {graph: buildImageGraph(world.details.images, []), inventory: world};
		const storage = storageAt(site.graph, path);
		t.like(storage, {kind: 'network', path, stem: undefined, removal: undefined});
		t.is(storage.room(site, 1024 ** 4), undefined);
		t.is(objectionTo(site.graph, path, {kind: 'remove', without: ['/d/vda.s1']})?.reason, 'is-device');
		const xml = unwrap(changeDomainXml(domainXml({vda: '/d/vda.s1'}), {sources: new Map([['vda', placeInXml(site, {path, format: 'raw'})]])}));
		t.like(storageOf(unwrap(parseDomainXml(xml)).disks[0]!), {kind: 'network', path});
	}
});

test('a volume is what libvirt says that it is on the host, and the definition goes on naming it as a volume', t => {
	const path = '/pool/vda.qcow2';
	const disk = {sourceType: 'volume', sourcePath: path, sourceVolume: {pool: 'p', volume: 'vda.qcow2'}};
	t.is(storageOf(disk), undefined, 'not known');
	t.is(storageOf({...disk, sourceVolume: {...disk.sourceVolume, kind: 'file'}})?.kind, 'file');
	t.is(storageOf({...disk, sourceVolume: {...disk.sourceVolume, kind: 'block'}})?.kind, 'block-device');

	const world = inventory({heads: {vda: path}, snapshots: [], images: [anImage(path), anImage('/pool/vda.s1', path)]});
	Object.assign(world.details.domain.definition.disks[0]!, {...disk, sourceVolume: {...disk.sourceVolume, kind: 'file'}});
	const site = {graph: buildImageGraph(world.details.images, []), inventory: world};
	t.deepEqual(placeInXml(site, {path, format: 'qcow2'}), {path, format: 'qcow2', volume: {pool: 'p', volume: 'vda.qcow2'}});
	t.deepEqual(placeInXml(site, {path: '/pool/vda.s1', format: 'qcow2'}), {path: '/pool/vda.s1', format: 'qcow2'});
	const back = unwrap(changeDomainXml(domainXml({vda: '/pool/vda.s1'}), {sources: new Map([['vda', placeInXml(site, {path, format: 'qcow2'})]])}));
	t.regex(back, /<disk [^>]*type="volume"[^>]*>[^]*<source pool="p" volume="vda.qcow2"\s*\/?>/);
	t.false(back.includes('/pool/vda'));
});

test('files that come or go in a pool end the plan with a look of that pool, if it is active', t => {
	const world = inventory({heads: {vda: '/d/vda.qcow2'}, snapshots: [], images: [anImage('/d/vda.qcow2')]});
	Object.assign(world.details.domain.definition.disks[0]!, {sourceType: 'volume', sourceVolume: {pool: 'my pool', volume: 'vda.qcow2', kind: 'file'}});
	const plan = unwrap(planAction({kind: 'create', domain: {uuid, name: 'web'}, snapshot: 's1', description: undefined, memory: undefined, disks: [], isDiskOnly: true, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false}, world, {id: 'p', now: new Date(0), workPath: '/w/p'}));
	const last = plan.steps.at(-1)!;
	t.deepEqual(argvOf(last.command).slice(4), ['pool-refresh', '--pool', 'my pool']);
	t.deepEqual(last.command.onlyIf, {kind: 'pool-active', uuid, pool: 'my pool'});
	t.deepEqual(last.undo, []);
	t.deepEqual(plan.images.created.map(({path}) => path), ['/d/vda.s1']);
});

test('a volume of which nothing is known, the network and an empty drive are on no storage that plans work with', t => {
	for (const source of [{sourceType: 'volume', sourcePath: 'pool/volume'}, {sourceType: 'network', sourcePath: 'export'}, {sourceType: 'file', sourcePath: undefined}]) {
		t.is(storageOf(source), undefined);
	}
});
