import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {isUnresolved, resolveBackingPath} from '../../../source/tools/files/backing-name.ts';
import {parseImageInfo} from '../../../source/tools/files/parse-image-info.ts';
import {
	readChain, readHeader, readLocks, readTags, unknownImage,
} from '../../../source/tools/files/qemu-img.ts';
import type {Image} from '../../../source/model/images/image.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {fakeRunner, fixture} from '../../hosts/libvirt/fixture.ts';

const run = createLocalRunner();

/** A folder with a chain base ← middle ← top, with backing names relative to it. */
async function makeChain(): Promise<string> {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-img-'));
	const create = async (...rest: string[]) => run({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', ...rest], where: 'here'});
	unwrap(await create(path.join(folder, '-x base "q"'), '4M'));
	unwrap(await create('-F', 'qcow2', '-b', './-x base "q"', path.join(folder, 'middle')));
	unwrap(await create('-F', 'qcow2', '-b', path.join(folder, 'middle'), path.join(folder, 'top')));
	return folder;
}

test('a chain of four images is read from the top down', t => {
	const images = unwrap(parseImageInfo(fixture('qemu-img/chain.json'), '/var/lib/libvirt/images/labx/labx-run/vda.s3'));
	t.deepEqual(images.map(image => path.basename(image.path)), ['vda.s3', 'vda.s2', 'vda.s1', 'vda.qcow2']);
	t.is(images[3]!.backingPath, undefined);
	t.like(images[0], {format: 'qcow2', virtualSizeBytes: 67_108_864, clusterSizeBytes: 65_536, backingFormat: 'qcow2', problems: []});
});

test('internal snapshots, bitmaps and a relative backing name are read', t => {
	const [top, base] = unwrap(parseImageInfo(fixture('qemu-img/relative.json'), '/tmp/labx-q/sub/top.qcow2'));
	t.deepEqual(top!.internalSnapshots, [{tag: '007', memoryBytes: 0, createdAt: 1_795_229_600}, {tag: 'a b 😀', memoryBytes: 0, createdAt: 1_795_229_600}]);
	t.deepEqual(top!.bitmaps, [{name: 'c1', isUsable: true, granularityBytes: 65_536}, {name: 'c2', isUsable: false, granularityBytes: 131_072}]);
	t.is(top!.backingName, '../base.raw');
	t.is(top!.backingPath, '/tmp/labx-q/sub/../base.raw');
	t.is(base!.path, '/tmp/labx-q/sub/../base.raw');
});

test('an image tells its external data file, and a plain overlay on it has none', t => {
	const [top, base] = unwrap(parseImageInfo(fixture('qemu-img/data-file.json'), '/var/lib/libvirt/images/labf/vda.s1'));
	t.is(base!.dataFilePath, '/var/lib/libvirt/images/labf/store.raw');
	t.is(base!.dataFileName, '/var/lib/libvirt/images/labf/store.raw');
	t.is(top!.dataFilePath, undefined);
});

test('a relative data file is resolved against the folder of its image, as libvirt does', t => {
	const stdout = fixture('qemu-img/data-file.json').replaceAll('"/var/lib/libvirt/images/labf/store.raw"', '"store.raw"');
	const [, base] = unwrap(parseImageInfo(stdout, '/d/vda.s1'));
	t.is(base!.dataFilePath, '/d/store.raw');
	t.is(base!.dataFileName, 'store.raw');
});

test('an encrypted layer is known below a plain one', t => {
	const images = unwrap(parseImageInfo(fixture('qemu-img/encrypted.json'), '/var/lib/libvirt/images/labf/vdb.s1'));
	t.deepEqual(images.map(({isEncrypted}) => isEncrypted ?? false), [false, true]);
});

test('a block device below an overlay has its virtual size and nothing allocated', t => {
	const [, device] = unwrap(parseImageInfo(fixture('qemu-img/device.json'), '/var/lib/libvirt/images/labf/vdc.s1'));
	t.like(device, {path: '/dev/loop0', format: 'raw', virtualSizeBytes: 8_388_608, allocatedBytes: 0, problems: []});
});

test('an image in the network is not opened, and one that is not raw is not known', async t => {
	const never = async () => {
		throw new Error('nothing is run');
	};

	const url = 'nbd://store:10809/vol';
	t.like(unwrap(await readChain(never, url, 'raw')), [{path: url, problems: []}]);
	t.like(unwrap(await readChain(never, url, 'qcow2')), [{path: url, problems: [{kind: 'unreadable'}]}]);
});

test('backing names are counted from the image\'s own folder', t => {
	t.is(resolveBackingPath('/a/b', 'c'), '/a/c');
	t.is(resolveBackingPath('/a/b', './c'), '/a/c');
	t.is(resolveBackingPath('/b', 'c'), '/c');
	t.is(resolveBackingPath('/a/b', '/c'), '/c');
	t.is(resolveBackingPath('/a/b', 'file:/c'), '/c');
	for (const name of ['json:{}', 'json:{"driver":', 'json:{"driver":"file","filename":"c"}', 'json:null', 'nbds://host/x', 'file:c', 'file://host/c', 'nbd:unix:/s']) {
		t.is(resolveBackingPath('/a/b', name), name);
	}

	t.is(resolveBackingPath('/a/b', 'nbd://host/x'), 'nbd://host:10809/x', 'one name, with or without the port');
	t.is(resolveBackingPath('/a/b', 'json:{"driver":"raw","file":{"driver":"nbd","server":{"type":"unix","path":"/s"},"export":"x"}}'), 'nbd+unix:///x?socket=/s');
});

test('a backing name in QEMU\'s JSON, nested, dotted or behind a filter, means the file at the bottom', t => {
	for (const json of [
		'{"driver":"qcow2","file":{"driver":"file","filename":"/i/base"}}',
		'{"driver":"qcow2","file.driver":"file","file.filename":"/i/base"}',
		'{"driver":"copy-on-read","file":{"driver":"qcow2","file":{"driver":"host_device","filename":"/i/base"}}}',
		'{"file.file.filename":"/i/base"}',
	]) {
		t.is(resolveBackingPath('/a/b', `json:${json}`), '/i/base');
	}
});

test('what could be any file is told from what is elsewhere', t => {
	for (const name of ['json:{}', 'file:c', 'nbd:unix:/s', 'file://host/c', 'blkdebug::/i/base']) {
		t.true(isUnresolved(name), name);
	}

	for (const name of ['/c', 'nbd://host/x', 'https://host/x']) {
		t.false(isUnresolved(name), name);
	}
});

test('where a header names its backing file in no way that is understood, the name under which QEMU opened it counts', t => {
	const answer = JSON.stringify([
		{filename: '/i/top', format: 'qcow2', 'backing-filename': 'json:{"odd":1}', 'backing-filename-format': 'qcow2'},
		{filename: '/i/base', format: 'qcow2'},
	]);
	const [top, base] = unwrap(parseImageInfo(answer, '/i/top'));
	t.is(top!.backingPath, '/i/base');
	t.is(top!.backingName, 'json:{"odd":1}');
	t.is(base!.path, '/i/base');
});

test('an overlay whose header does not name the format below has a problem', t => {
	const [image] = unwrap(parseImageInfo(JSON.stringify({format: 'qcow2', 'backing-filename': '/b'}), '/a'));
	t.deepEqual(image!.problems, [{kind: 'backing-format-not-recorded'}]);
});

test('what is no JSON is not understood', t => {
	t.like(parseImageInfo('hello', '/a'), {ok: false, failure: {kind: 'host-not-understood'}});
});

test('a real chain with hostile and relative names is read', async t => {
	const folder = await makeChain();
	const images = unwrap(await readChain(run, path.join(folder, 'top'), 'qcow2'));
	t.deepEqual(images.map(image => image.path), ['top', 'middle', '-x base "q"'].map(name => path.join(folder, name)));
	t.deepEqual(images.flatMap(image => image.problems), []);
	await rm(folder, {recursive: true});
});

test('a missing link is named in the image that is missing and in the one above it, and what is above stays known', async t => {
	const folder = await makeChain();
	await rm(path.join(folder, '-x base "q"'));
	const images = unwrap(await readChain(run, path.join(folder, 'top'), 'qcow2'));
	t.deepEqual(images.map(image => image.problems), [[], [{kind: 'backing-missing', backingPath: path.join(folder, '-x base "q"')}], [{kind: 'missing'}]]);
	t.is(images[1]!.virtualSizeBytes, 4_194_304);
	await rm(folder, {recursive: true});
});

test('a link that is no image of its format is unreadable', async t => {
	const folder = await makeChain();
	await writeFile(path.join(folder, '-x base "q"'), 'not an image');
	const images = unwrap(await readChain(run, path.join(folder, 'top'), 'qcow2'));
	t.like(images[2]!.problems[0], {kind: 'unreadable'});
	await rm(folder, {recursive: true});
});

test('images that name each other end the walk', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-img-'));
	for (const [name, backing] of [['a', 'b'], ['b', 'a']] as const) {
		unwrap(await run({argv: ['qemu-img', 'create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', backing, path.join(folder, name), '1M'], where: 'here'}));
	}

	const images = unwrap(await readChain(run, path.join(folder, 'a'), 'qcow2'));
	t.is(images.length, 2);
	t.like(images[1]!.problems[0], {kind: 'unreadable'});
	await rm(folder, {recursive: true});
});

test('headers and tags are read from qcow2 images, and only from these', async t => {
	const folder = await makeChain();
	await writeFile(path.join(folder, 'text'), 'hello');
	await mkdir(path.join(folder, 'folder'));
	unwrap(await run({argv: ['dd', `if=${path.join(folder, 'top')}`, `of=${path.join(folder, 'cut')}`, 'bs=20', 'count=1'], where: 'here'}));
	t.like(await readHeader(run, path.join(folder, 'top')), {kind: 'image', image: {backingPath: path.join(folder, 'middle')}});
	t.deepEqual(await readHeader(run, path.join(folder, 'text')), {kind: 'no-image'});
	t.deepEqual(await readHeader(run, path.join(folder, 'folder')), {kind: 'no-image'});
	t.deepEqual(await readHeader(run, path.join(folder, 'missing')), {kind: 'no-image'});
	t.like(await readHeader(run, path.join(folder, 'cut')), {kind: 'unknown'});
	unwrap(await run({argv: ['qemu-img', 'snapshot', '-c', '007', path.join(folder, 'top')], where: 'here'}));
	t.deepEqual(await readTags(run, path.join(folder, 'top')), {ok: true, value: ['007']});
	await rm(folder, {recursive: true});
});

test('of a chain that is free only the top is asked; the image that QEMU holds is named with its process', async t => {
	const chain = ['/var/lib/libvirt/images/labx/labx-run/vda.s3', '/i/b', '/i/c'];
	const images = chain.map((name): Image => ({...unknownImage(name, 'qcow2', {kind: 'missing'}), problems: []}));
	const others: Record<string, {stdout: string}> = {find: {stdout: '/proc/811/fd/12\0'}, cat: {stdout: 'qemu-system-x86\n'}, 'qemu-img': {stdout: '[]'}};
	const locked = fakeRunner(argv => argv.at(-1) === chain[0] ? {stderr: fixture('qemu-img/locked.txt'), exitCode: 1} : others[argv[0]!]);
	await readLocks(locked, images, name => chain.slice(chain.indexOf(name)));
	t.deepEqual(images.map(image => image.problems), [[{kind: 'locked', processes: ['pid 811 (qemu-system-x86)']}], [], []] as unknown as Array<typeof images[0]['problems']>);
	const asked = locked.requests.filter(request => request.argv[0] === 'qemu-img').map(request => request.argv.at(-1));
	t.deepEqual(asked, [chain[0], chain[0], chain[1]]);
});
