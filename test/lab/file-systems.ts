/**
Small file systems for disks: one that is full, one that becomes read-only. They go away with the test.
*/
import {mkdir, rm, writeFile} from 'node:fs/promises';
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {attempt, run} from './run.ts';
import {domainPrefix, imagesPath} from './settings.ts';

/** A tmpfs of so many MiB. Gives its folder. Make it before the domain that lives on it, so that it goes away after that. */
export async function mountSmall(t: ExecutionContext, sizeMiB: number): Promise<string> {
	const folder = path.join(imagesPath, `${domainPrefix}${randomBytes(4).toString('hex')}`);
	await mkdir(folder, {recursive: true});
	t.teardown(async () => {
		await attempt('umount', ['-l', folder]);
		await rm(folder, {recursive: true, force: true});
	});
	await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m,mode=755`, 'tmpfs', folder]);
	return folder;
}

/** Takes all the room that is left. */
export async function fill(folder: string): Promise<void> {
	await attempt('dd', ['if=/dev/zero', `of=${path.join(folder, 'filler')}`, 'bs=4k', 'status=none']);
}

export async function makeReadOnly(folder: string): Promise<void> {
	await run('mount', ['-o', 'remount,ro', folder]);
}

export async function makeWritable(folder: string): Promise<void> {
	await run('mount', ['-o', 'remount,rw', folder]);
}

/** A loop device on a new file: a disk that is no file. Goes away with the test. */
export async function makeBlockDevice(t: ExecutionContext, filePath: string, sizeMiB: number): Promise<string> {
	await writeFile(filePath, '');
	await run('truncate', ['-s', `${sizeMiB}M`, filePath]);
	const device = await run('losetup', ['--find', '--show', filePath]);
	t.teardown(async () => {
		await attempt('losetup', ['-d', device.trim()]);
	});
	return device.trim();
}
