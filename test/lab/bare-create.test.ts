/** Snapshots of domains that no libvirt knows, from making them to going back: offline by their image files alone, and running, by way of the table. */
import {
	copyFile, mkdtemp, readdir, readFile, rename, rm, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {
	digestBare, doBare, markBare, quit, readBareCounter, readBareTree, runBare, startBare, waitForBareCounter,
} from './bare-domain.ts';
import {run} from './run.ts';
import {domainPrefix, labEnvironment, programPath} from './settings.ts';
import {digestImage, readTags, writeOffline} from './slots.ts';

type Off = {folder: string; images: string[]};

/** Two images and no QEMU: a domain that is off. */
async function makeOff(t: ExecutionContext): Promise<Off> {
	const folder = await mkdtemp(path.join('/tmp', `${domainPrefix}off-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const images = ['-first, $(1).qcow2', 'second.qcow2'].map(name => path.join(folder, name));
	for (const image of images) {
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '4M']);
		await writeOffline(image, 1, 0);
	}

	return {folder, images};
}

async function runOff(off: Off, args: string[]): Promise<{exitCode: number | undefined; stdout: string; said: string}> {
	const result = await execa(process.execPath, [programPath, ...off.images.flatMap(image => ['--image', `off=${image}`]), ...args], {
		reject: false, extendEnv: false, timeout: 60_000, env: labEnvironment({VSNAP_TUI_STATE: path.join(off.folder, 'state')}),
	});
	return {exitCode: result.exitCode, stdout: result.stdout, said: `${result.stdout}\n${result.stderr}`};
}

async function doOff(t: ExecutionContext, off: Off, ...args: string[]): Promise<void> {
	const result = await runOff(off, args);
	t.is(result.exitCode, 0, result.said);
}

/** The images that the domain would start with, in the order of its disks. */
async function readOffHeads(off: Off): Promise<string[]> {
	const result = await runOff(off, ['create', 'off', 'probe', '--dry-run', '--json', '--disk', 'vda=external', '--disk', 'vdb=external']);
	return (JSON.parse(result.stdout) as {targets: [{before: {heads: Array<{path: string}>}}]}).targets[0].before.heads.map(head => head.path);
}

async function digestAll(images: string[]): Promise<string[]> {
	return Promise.all(images.map(async image => digestImage(image, 'qcow2')));
}

for (const [rows, flags] of [
	['row 1', []],
	['row 4', ['--disk', 'vda=internal', '--disk', 'vdb=internal', '--memory', 'no']],
] as const) {
	test(`bare and off, ${rows}: both disks are frozen inside their images, and come back from there`, async t => {
		const off = await makeOff(t);
		const frozen = await digestAll(off.images);
		await doOff(t, off, 'create', 'off', 's1', ...flags, '--yes');
		for (const image of off.images) {
			t.deepEqual(await readTags(image), ['s1']);
			await writeOffline(image, 2, 0);
		}

		t.notDeepEqual(await digestAll(off.images), frozen);
		await doOff(t, off, 'revert', 'off', 's1', '--discard', '--yes');
		t.deepEqual(await digestAll(off.images), frozen);
		t.deepEqual(await readOffHeads(off), off.images);
	});
}

test('bare and off, row 5: both disks go on in overlays, and come back to what was frozen', async t => {
	const off = await makeOff(t);
	const frozen = await digestAll(off.images);
	await doOff(t, off, 'create', 'off', 's1', '--disk', 'vda=external', '--disk', 'vdb=external', '--yes');
	const overlays = await readOffHeads(off);
	t.is(overlays.filter(image => off.images.includes(image)).length, 0);
	t.deepEqual(await digestAll(overlays), frozen);
	for (const overlay of overlays) {
		await writeOffline(overlay, 2, 0, 'qcow2');
	}

	t.deepEqual(await digestAll(off.images), frozen);
	await doOff(t, off, 'revert', 'off', 's1', '--discard', '--yes');
	const heads = await readOffHeads(off);
	t.deepEqual(await digestAll(heads), frozen);
	t.deepEqual((await readdir(off.folder)).sort(), ['state', ...[...heads, ...off.images].map(image => path.basename(image))].sort());
});

test('bare and off: one of two disks cannot be frozen, so none is', async t => {
	const off = await makeOff(t);
	await run('qemu-img', ['snapshot', '-c', 's1', off.images[1]!]);
	const before = await Promise.all(off.images.map(async image => readTags(image)));
	const result = await runOff(off, ['create', 'off', 's1', '--yes']);
	t.is(result.exitCode, 3, result.said);
	t.deepEqual(await Promise.all(off.images.map(async image => readTags(image))), before);
});

test('bare and off: a relative chain on prepared overlays opens in the folder that it is moved to as a whole', async t => {
	const off = await makeOff(t);
	const frozen = await digestAll(off.images);
	const prepared = ['a.over', 'b.over'].map(name => path.join(off.folder, name));
	for (const [index, overlay] of prepared.entries()) {
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', `./${path.basename(off.images[index]!)}`, overlay]);
	}

	const ways = ['vda', 'vdb'].flatMap((target, index) => ['--disk', `${target}=external:${prepared[index]!}`, '--reuse', `${target}=existing`]);
	await doOff(t, off, 'create', 'off', 's1', ...ways, '--yes');
	t.deepEqual(await readOffHeads(off), prepared);
	const moved = `${off.folder} moved`;
	await rename(off.folder, moved);
	try {
		t.deepEqual(await digestAll(prepared.map(overlay => path.join(moved, path.basename(overlay)))), frozen);
	} finally {
		await rename(moved, off.folder);
	}
});

test.serial('bare and running, row 25: memory and both disks, paused or live, and the guest goes on from the saved value', async t => {
	const domain = await startBare(t);
	const digests = await markBare(domain, 1);
	await waitForBareCounter(domain, 3);
	const low = await readBareCounter(domain);
	const disks = ['--disk', 'vda=external', '--disk', 'vdb=external'];
	await doBare(domain, 'create', domain.name, 'm1', '--memory', 'external', ...disks, '--live', '--yes');
	const high = await readBareCounter(domain);
	await markBare(domain, 2);
	await waitForBareCounter(domain, high + 12);
	await doBare(domain, 'revert', domain.name, 'm1', '--discard', '--paused', '--yes');
	t.deepEqual(await digestBare(domain), digests);
	const saved = await readBareCounter(domain);
	t.true(low <= saved && saved <= high, `${low} <= ${saved} <= ${high}`);
	await doBare(domain, 'revert', domain.name, 'm1', '--discard', '--running', '--yes');
	await waitForBareCounter(domain, saved + 3);
});

test.serial('bare and running, row 23: memory alone; the disks go on, so that nothing can be put back to it', async t => {
	const domain = await startBare(t);
	await waitForBareCounter(domain, 2);
	const heads = async () => (await readBareTree(domain)).images.map(image => image.path).sort();
	const before = await heads();
	const memoryPath = path.join(domain.folder, 'alone.mem');
	await doBare(domain, 'create', domain.name, 'm1', '--memory', `external:${memoryPath}`, '--disk', 'vda=no', '--disk', 'vdb=no', '--yes');
	t.true((await stat(memoryPath)).size > 50_000);
	t.deepEqual(await heads(), before);
	await waitForBareCounter(domain, await readBareCounter(domain) + 2);
	const reverted = await runBare(domain, ['revert', domain.name, 'm1', '--discard', '--yes']);
	t.is(reverted.exitCode, 3, reverted.stderr);
});

test.serial('a QEMU with UEFI firmware: its variables are kept with a snapshot while it runs, and come back with a revert', async t => {
	const folder = await mkdtemp(path.join('/tmp', `${domainPrefix}uefi-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const variablesPath = path.join(folder, 'VARS.fd');
	await copyFile('/usr/share/OVMF/OVMF_VARS_4M.fd', variablesPath);
	const flash = (unit: number, rest: string) => ['-drive', `if=pflash,unit=${unit},format=raw,${rest}`];
	const domain = await startBare(t, {more: ['-S', ...flash(0, 'readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd'), ...flash(1, `file=${variablesPath}`)]});
	const then = await readFile(variablesPath);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	t.true(then.equals(await readFile(`${variablesPath}.vsnap-s1`)));
	await quit(domain);
	const digests = await digestBare(domain);
	const {images} = await readBareTree(domain);
	for (const {path: image} of images.filter(({path: candidate}) => !images.some(({backing}) => backing === candidate))) {
		await writeOffline(image, 9, 1);
	}

	t.notDeepEqual(await digestBare(domain), digests);
	await writeFile(variablesPath, 'set since', {flag: 'r+'});
	await doBare(domain, 'revert', '--discard', '--yes', '--', domain.name, 's1');
	t.deepEqual(await digestBare(domain), digests);
	t.true(then.equals(await readFile(variablesPath)));
	t.deepEqual((await readdir(folder)).sort(), ['VARS.fd', 'VARS.fd.vsnap-s1']);
});
