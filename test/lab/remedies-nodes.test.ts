/** What is advised where a standalone QEMU does not tell which image is meant, or has a disk that a snapshot does not know, is done, and the action then works. */
import {
	chmod, mkdtemp, readdir, rm,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	askBare, digestBare, doBare, isListening, markBare, quit, readBareTree, runBare, type BareDomain,
} from './bare-domain.ts';
import {exportBare} from './exports.ts';
import {writeBootSector} from './memory-counter.ts';
import {makeOtherUser} from './other-user.ts';
import {run, waitFor} from './run.ts';
import {domainPrefix} from './settings.ts';
import {digestImage} from './slots.ts';

async function makeFolder(t: ExecutionContext): Promise<BareDomain> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}nodes-`));
	const domain: BareDomain = {name: 'nodes', folder, socketPath: path.join(folder, 'q.sock'), statePath: path.join(folder, 'state')};
	t.teardown(async () => {
		await quit(domain);
		await rm(folder, {recursive: true, force: true});
	});
	return domain;
}

/** In the folder of the images, whose names may be relative to it. `through`: more nodes, the last of which is the disk of the last image, `below0` and so on. */
async function startOn(domain: BareDomain, images: string[], through: Array<Record<string, unknown>> = [], more: string[] = []): Promise<void> {
	const nodes = images.map((filename, index) => ({driver: 'qcow2', 'node-name': `below${index}`, file: {driver: 'file', filename}}));
	const drives = [...nodes.slice(0, through.length === 0 ? undefined : -1), ...through.slice(-1)].map(node => node['node-name'] as string);
	await run('qemu-system-x86_64', [
		...'-nodefaults -display none -m 16 -machine pc,accel=tcg -daemonize'.split(' '),
		...[...nodes, ...through].flatMap(node => ['-blockdev', JSON.stringify(node)]),
		...drives.flatMap(drive => ['-device', `virtio-blk-pci,drive=${drive}`]),
		...more,
		'-qmp',
		`unix:${domain.socketPath},server=on,wait=off`,
	], {cwd: domain.folder});
	await waitFor('QEMU listens', async () => isListening(domain));
}

async function makeImage(domain: BareDomain, name: string, ...options: string[]): Promise<string> {
	const image = path.join(domain.folder, name);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', ...options, image, '4M'], {cwd: domain.folder});
	return image;
}

async function refused(t: ExecutionContext, domain: BareDomain, args: string[], remedy: string): Promise<string> {
	const result = await runBare(domain, args);
	const said = `${result.stdout}${result.stderr}`.replaceAll(/\s+/g, ' ');
	t.true([3, 6].includes(result.exitCode!), said);
	t.true(said.includes(remedy), said);
	return said;
}

const headsOf = async (domain: BareDomain): Promise<string[]> =>
	(await askBare<Array<{inserted?: {file: string}}>>(domain, 'query-block')).flatMap(({inserted}) => inserted?.file ?? []);

test.serial('a job whose filter has a name of its own hides no image', async t => {
	const domain = await makeFolder(t);
	const image = await makeImage(domain, 'a.qcow2');
	await startOn(domain, [image]);
	await markBare(domain, 1);
	await askBare(domain, 'blockdev-add', {driver: 'null-co', 'node-name': 'target', size: 4 * 1024 * 1024});
	await askBare(domain, 'blockdev-mirror', {'job-id': 'copy', device: 'below0', target: 'target', sync: 'full', speed: 1, 'filter-node-name': 'named'});
	t.deepEqual((await readBareTree(domain)).images.map(({path: found}) => found), [image]);
	const create = ['create', domain.name, 's1', '--disk-only', '--yes'];
	const said = await refused(t, domain, create, 'Wait until it has ended, or cancel it (QMP: job-cancel {"id":"copy"}).');
	t.notRegex(said, /not on an image file/);
	await askBare(domain, 'job-cancel', {id: 'copy'});
	await waitFor('the job ends', async () => (await askBare<unknown[]>(domain, 'query-block-jobs')).length === 0);
	await doBare(domain, ...create);
});

test.serial('a disk through a node that is not known: on the image itself the action works', async t => {
	const domain = await makeFolder(t);
	const images = [await makeImage(domain, 'a.qcow2'), await makeImage(domain, 'b.qcow2')];
	await startOn(domain, images);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	const held = await markBare(domain, 1);
	const heads = await headsOf(domain);
	const drop = ['delete', domain.name, 's1', '--yes'];
	await quit(domain);
	await startOn(domain, heads, [{driver: 'quorum', 'node-name': 'voting', 'vote-threshold': 1, children: ['below1']}]);
	await refused(t, domain, drop, 'Start QEMU on the image itself, then try again.');
	await quit(domain);
	await startOn(domain, heads);
	await doBare(domain, ...drop);
	t.deepEqual(await digestBare(domain), held);
});

test.serial('a guest that was given its memory and has not run since: its images are activated as advised (QEMU 10.0 and newer)', async t => {
	const domain = await makeFolder(t);
	const image = await makeImage(domain, 'a.qcow2');
	await startOn(domain, [image]);
	await doBare(domain, 'checkpoint', 'create', '--yes', '--', domain.name, 'c1');
	const memory = path.join(domain.folder, 'memory');
	await askBare(domain, 'stop');
	await askBare(domain, 'migrate', {uri: `exec:cat >${memory}`});
	await waitFor('the memory is saved', async () => (await askBare<{status: string}>(domain, 'query-migrate')).status === 'completed');
	await quit(domain);
	await startOn(domain, [image], [], ['-S', '-incoming', `exec:cat ${memory}`]);
	await waitFor('the memory is there', async () => (await askBare<{status: string}>(domain, 'query-status')).status !== 'inmigrate');
	const create = ['create', domain.name, 's1', '--disk-only', '--yes'];
	const {major} = (await askBare<{qemu: {major: number}}>(domain, 'query-version')).qemu;
	if (major >= 10) {
		const said = await refused(t, domain, create, 'Activate them (QMP: blockdev-set-active {"active":true}), then try again.');
		const [, execute, parameters] = /QMP: (\S+) ({.*?})/.exec(said)!;
		await askBare(domain, execute!, JSON.parse(parameters!) as Record<string, unknown>);
	} else {
		t.log(`QEMU ${major} activates its images at once`);
	}

	await doBare(domain, ...create);
	t.regex(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name), /"health": ?"good"/);
});

test.serial('relative names of a process that may not be looked at: by its own user, or with whole paths', async t => {
	const domain = await makeFolder(t);
	const member = await makeOtherUser(t);
	await makeImage(domain, 'a.qcow2');
	await startOn(domain, ['a.qcow2']);
	await run('chmod', ['a+rX', domain.folder, path.join(domain.folder, 'a.qcow2')]);
	await chmod(domain.socketPath, 0o666);
	const asMember = async (...args: string[]) => member.runProgram(['--qmp', `${domain.name}=${domain.socketPath}`, ...args], {env: {VSNAP_TUI_STATE: path.join(member.home, 'state')}});
	const told = await asMember('doctor', domain.name);
	t.true(told.stdout.replaceAll(/\s+/g, ' ').includes('Run as a user who may look at its process, or start QEMU with the absolute paths of its images; then try again.'), told.stdout + told.stderr);
	t.notRegex(await doBare(domain, 'doctor', domain.name), /record-unreadable/);

	await quit(domain);
	await startOn(domain, [path.join(domain.folder, 'a.qcow2')]);
	await chmod(domain.socketPath, 0o666);
	const again = await asMember('doctor', domain.name);
	t.notRegex(again.stdout, /record-unreadable/);
	t.is(again.stderr, '');
});

test.serial('a data file that is named without its folder is named by its whole path as advised, and the images are merged', async t => {
	const domain = await makeFolder(t);
	const image = await makeImage(domain, 'a.qcow2', '-o', 'data_file=store.raw');
	await startOn(domain, ['a.qcow2']);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	const [head] = await headsOf(domain) as [string];
	await quit(domain);
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 7 1M 64k', head], {cwd: domain.folder});
	const seen = path.join(domain.folder, 'seen.raw');
	await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', head, seen], {cwd: domain.folder});
	const drop = ['delete', domain.name, 's1', '--yes'];
	const advice = await refused(t, domain, drop, 'Record the absolute path: cd ');
	await run('sh', ['-ec', /cd \S+ && qemu-img amend .*?a\.qcow2/.exec(advice)![0]]);
	await doBare(domain, ...drop);
	t.is(await digestImage(image, 'qcow2'), await digestImage(seen));
	t.deepEqual((await readdir(domain.folder)).filter(name => name.startsWith('a.')), ['a.qcow2']);
});

test.serial('an image below two disks, which QEMU has open twice: all is copied as advised', async t => {
	const domain = await makeFolder(t);
	const base = await makeImage(domain, 'base.qcow2');
	const images = [await makeImage(domain, 'a.qcow2', '-F', 'qcow2', '-b', base), await makeImage(domain, 'b.qcow2', '-F', 'qcow2', '-b', base)];
	await startOn(domain, images);
	const target = path.join(domain.folder, 'backups');
	await run('mkdir', ['-m', '700', target]);
	const backup = (...options: string[]) => ['backup', 'create', ...options, '--to', target, '--yes', '--', domain.name];
	await doBare(domain, ...backup());
	await markBare(domain, 1);
	await refused(t, domain, backup(), 'Copy everything, which needs no bitmaps: --full.');
	await doBare(domain, ...backup('--full'));
	const socket = path.join(domain.folder, 'export.sock');
	const {checkpoints} = JSON.parse(await doBare(domain, 'tree', '--json', domain.name)) as {checkpoints: Array<{name: string}>};
	await refused(t, domain, ['backup', 'export', `--socket=${socket}`, `--since=${checkpoints[0]!.name}`, '--', domain.name], 'Leave --since out: the whole disks need no bitmaps.');
	const exporting = exportBare(domain, socket);
	await exporting.begun;
	exporting.end();
	t.is((await exporting.ended).exitCode, 0);
});

test.serial('memory inside the images and a disk that came later: the disks alone are reverted as advised', async t => {
	const domain = await makeFolder(t);
	const image = await makeImage(domain, 'a.qcow2');
	const later = await makeImage(domain, 'later.qcow2');
	await writeBootSector(image, 'qcow2');
	await startOn(domain, [image]);
	const held = await markBare(domain, 1);
	await doBare(domain, 'create', domain.name, 's1', '--memory=internal', '--yes');
	t.is((await readBareTree(domain)).snapshots[0]!.memory, 'internal');
	await askBare(domain, 'blockdev-add', {driver: 'qcow2', 'node-name': 'later', file: {driver: 'file', filename: later}});
	await askBare(domain, 'device_add', {driver: 'virtio-blk-pci', drive: 'later', id: 'later'});
	const back = ['revert', domain.name, 's1', '--discard', '--yes'];
	await refused(t, domain, back, 'Revert with --shutoff: then only the disks of the snapshot are reverted.');
	await doBare(domain, ...back, '--shutoff');
	t.is(await digestImage(image, 'qcow2'), held[0]!);
});
