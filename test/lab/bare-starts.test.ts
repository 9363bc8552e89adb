/** QEMUs that somebody started in ways that hide where the disks are: with relative names and gone to "/", with filters on the disks, with -snapshot. */
import {
	copyFile, mkdtemp, readdir, rm,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
	digestBare, doBare, markBare, quit, readBareTree, runBare, startBare,
} from './bare-domain.ts';
import {run} from './run.ts';
import {domainPrefix} from './settings.ts';

test('of a QEMU that has gone to "/" with relative names the images are found, and it goes back and forth and is started again', async t => {
	const domain = await startBare(t, {isRelative: true});
	const heads = ['sys, 1.qcow2', 'data.qcow2'].map(name => path.join(domain.folder, name));
	t.deepEqual((await readBareTree(domain)).images.map(image => image.path).sort(), [...heads].sort());
	const first = await markBare(domain, 1);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	const overlays = (await readBareTree(domain)).images.map(image => image.path).filter(file => !heads.includes(file));
	const named = await Promise.all(overlays.map(async file => (JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', file])) as {'backing-filename': string})['backing-filename']));
	t.deepEqual(named.sort(), [...heads].sort());

	const second = await markBare(domain, 2);
	await doBare(domain, 'revert', domain.name, 's1', '--keep', 'k', '--running', '--yes');
	t.deepEqual(await digestBare(domain), first);
	await markBare(domain, 3);
	await doBare(domain, 'revert', domain.name, 'k', '--discard', '--running', '--yes');
	t.deepEqual(await digestBare(domain), second);
	await doBare(domain, 'merge', domain.name, 's1', '--yes');
	t.deepEqual(await digestBare(domain), second);
});

test('two QEMUs with the same relative names are told apart', async t => {
	const [one, other] = [await startBare(t, {isRelative: true}), await startBare(t, {isRelative: true})];
	for (const domain of [one, other]) {
		const {images} = await readBareTree(domain);
		t.deepEqual([...new Set(images.map(image => path.dirname(image.path)))], [domain.folder]);
	}
});

test('with -snapshot every action is refused for what it is, and nothing is made', async t => {
	for (const isRelative of [false, true]) {
		const domain = await startBare(t, {more: ['-snapshot'], isRelative});
		const names = await readdir(domain.folder);
		const images = ['data.qcow2', 'sys, 1.qcow2'].map(name => path.join(domain.folder, name));
		t.deepEqual((await readBareTree(domain)).images.map(image => image.path).sort(), images);
		for (const flags of [['--disk-only'], ['--memory', 'external'], []]) {
			const refused = await runBare(domain, ['create', domain.name, 's1', ...flags, '--yes']);
			t.is(refused.exitCode, 3, refused.stdout);
			t.regex(refused.stderr, /started with -snapshot: .* temporary overlay, which QEMU discards/);
			t.notRegex(refused.stderr, /missing|backup/);
		}

		t.deepEqual((await readdir(domain.folder)).filter(name => name !== 'state'), names.filter(name => name !== 'state'));
	}
});

const filters: Array<{driver: string; more: string[]; filter: Record<string, unknown>}> = [
	{driver: 'throttle', more: ['-object', 'throttle-group,id=g,x-iops-total=100000'], filter: {driver: 'throttle', 'throttle-group': 'g'}},
	{driver: 'copy-on-read', more: [], filter: {driver: 'copy-on-read'}},
	{
		driver: 'copy-before-write',
		more: ['-blockdev', '{"driver":"null-co","node-name":"scratch","size":4194304}'],
		filter: {driver: 'copy-before-write', target: 'scratch'},
	},
	{driver: 'blkdebug', more: [], filter: {driver: 'blkdebug'}},
];

for (const {driver, more, filter} of filters) {
	for (const isRelative of [false, true]) {
		test(`a disk below ${driver}${isRelative ? ', named from a folder,' : ''} is kept by a revert, its file is no orphan, and it can be reverted to`, async t => {
			const domain = await startBare(t, {more, filter, isRelative});
			const first = await markBare(domain, 1);
			await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
			const second = await markBare(domain, 2);
			await doBare(domain, 'revert', domain.name, 's1', '--keep', 'k', '--shutoff', '--yes');
			t.deepEqual(await digestBare(domain), first);
			const before = await readdir(domain.folder);
			await runBare(domain, ['doctor', domain.name, '--repair', 'orphan', '--yes']);
			t.deepEqual((await readdir(domain.folder)).sort(), before.sort());
			await doBare(domain, 'revert', domain.name, 'k', '--discard', '--running', '--yes');
			t.deepEqual(await digestBare(domain), second);
			await quit(domain);
		});
	}
}

test('a firmware file that is gone keeps a running QEMU from being stopped, for it could not be started again', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}bios-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const bios = path.join(folder, 'bios.bin');
	await copyFile('/usr/share/seabios/bios-256k.bin', bios);
	const domain = await startBare(t, {more: ['-bios', bios]});
	await markBare(domain, 1);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	const second = await markBare(domain, 2);
	await rm(bios);
	for (const flags of [['--running', '--keep', 'k'], ['--shutoff', '--discard']]) {
		const refused = await runBare(domain, ['revert', domain.name, 's1', ...flags, '--yes']);
		t.is(refused.exitCode, 3, refused.stdout + refused.stderr);
		t.true(refused.stderr.includes(`the firmware is missing (${bios})`), refused.stderr);
	}

	t.is((await readBareTree(domain)).domain.state, 'running');
	t.deepEqual(await digestBare(domain), second);
	await copyFile('/usr/share/seabios/bios-256k.bin', bios);
	await doBare(domain, 'revert', domain.name, 's1', '--running', '--discard', '--yes');
});
