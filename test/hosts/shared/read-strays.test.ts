import {link, mkdtemp, rm, symlink, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {openDemo} from '../../helpers/demo.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {abandonHead} from '../../../source/model/images/abandon-head.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import {pinsOfDomain} from '../../../source/model/images/pins.ts';
import {addFile} from '../../../source/hosts/demo/simulator/world.ts';
import {readImages} from '../../../source/hosts/shared/read-images.ts';
import {readStrays} from '../../../source/hosts/shared/read-strays.ts';
import {readFolder} from '../../../source/tools/files/folders.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {fakeRunner} from '../libvirt/fixture.ts';

const run = createLocalRunner();

test('overlays beside the heads that stand on them are found, also one above another and one that names an alias', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-strays-'));
	const at = (name: string) => path.join(folder, name);
	const create = async (name: string, ...rest: string[]) => unwrap(await run({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', ...rest, at(name), '1M'], where: 'here'}));
	const onto = (name: string) => ['-u', '-F', 'qcow2', '-b', name];
	await create('head');
	await create('z.below', ...onto(at('head')));
	await create('a.above', ...onto('z.below'));
	await symlink(at('head'), at('link'));
	await create('aliased', ...onto(at('link')));
	await create('json', ...onto(`json:{"driver":"qcow2","file":{"driver":"file","filename":"${at('head')}"}}`));
	await create('alone');
	await create('elsewhere', ...onto('/nowhere'));
	await link(at('head'), at('hard'));
	await writeFile(at('text'), 'QFI');
	const images = unwrap(await readImages(run, new Map([[at('head'), 'qcow2']])));
	const strays = unwrap(await readStrays(run, [unwrap(await readFolder(run, folder))], images));
	t.deepEqual(strays.map(image => path.basename(image.path)).sort(), ['a.above', 'aliased', 'json', 'link', 'z.below']);
	t.true(strays.every(image => image.file !== undefined));
	const graph = buildImageGraph([...images, ...strays], []);
	t.like(abandonHead(graph, at('head')), {removable: [], staying: [{path: at('head'), reason: 'in-use-elsewhere'}]});
	await rm(folder, {recursive: true});
});

test('of a folder with very many files the first are looked at, and images that are known are not read again', async t => {
	const names = Array.from({length: 1200}, (_, index) => `f${index}`);
	const heads: Record<string, {stdout: string}> = {head: {stdout: 'QFI\uFFFD'}};
	const runner = fakeRunner(argv => heads[argv[0]!] ?? (argv[0] === 'stat'
		? {stdout: argv.slice(argv.indexOf('--') + 1).map(name => `${name}\0${'5\0'.repeat(2)}1:${name}\0${'0\0'.repeat(3)}regular file\0${'1\0'}`).join('')}
		: {stderr: 'Image is not in qcow2 format', exitCode: 1}));
	const folder = {path: '/i', isWritable: true, freeBytes: 0, device: '1', names: new Set(names)};
	const known = {...unwrap(await readImages(fakeRunner(argv => argv[0] === 'stat' ? {stdout: ''} : {stdout: '[{"format":"qcow2"}]'}), new Map([['/i/f0', 'qcow2']])))[0]!};
	t.deepEqual(unwrap(await readStrays(runner, [folder], [known])), []);
	t.is(runner.requests.filter(({argv}) => argv[0] === 'qemu-img').length, 499);
});

test('a plan knows of an overlay without a domain that stands on the head', async t => {
	const demo = openDemo();
	const {host} = demo;
	const {uuid} = demo.named('web');
	const {domain} = unwrap(await host.readDetails(uuid, {withForeignPins: false}));
	const head = pinsOfDomain(domain, []).find(pin => pin.hold === 'head')!.path;
	const backup = `${head}.push-backup`;
	addFile(demo.world, {path: backup, backing: {name: head, format: 'qcow2'}});
	const {details} = unwrap(await host.readInventory(uuid));
	t.like(details.images.find(image => image.path === backup), {backingPath: head});
});
