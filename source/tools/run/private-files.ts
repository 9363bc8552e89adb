/**
Files for nobody but us: what commands read, and lines that are on disk when they are written.
*/
import {constants} from 'node:fs';
import {mkdir, open, readFile, type FileHandle} from 'node:fs/promises';
import path from 'node:path';
import type {CommandFile} from '../../model/plan/plan.ts';

/**
A path that exists already is written over only where it is a file of its own, never through a link; one that holds the text already is left alone, so
that going back needs no room on the disk. Rejects where the file cannot be written.
*/
export async function writePrivately(files: readonly CommandFile[]): Promise<void> {
	for (const {path: filePath, text} of files) {
		await mkdir(path.dirname(filePath), {recursive: true, mode: 0o700});
		const present = await readFile(filePath, {encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NOFOLLOW}).catch(() => undefined);
		if (present === text) {
			continue;
		}

		await usingFile(filePath, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, async file => {
			await file.chmod(0o600);
			await file.writeFile(text);
			await file.sync();
		});
	}
}

/** Opens a file of our own (0600, never through a link), and closes it whatever happens. */
export async function usingFile(filePath: string, flags: number, act: (file: FileHandle) => Promise<void>): Promise<void> {
	const file = await open(filePath, flags | constants.O_NOFOLLOW, 0o600);
	try {
		await act(file);
	} finally {
		await file.close();
	}
}

export async function syncFolder(folderPath: string): Promise<void> {
	const folder = await open(folderPath, 'r');
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

/** Takes off what a crash left behind the last whole line, so that the next line does not grow on it. */
export async function cutTornLine(file: FileHandle): Promise<void> {
	const bytes = await file.readFile();
	const wholeBytes = bytes.lastIndexOf(0x0A) + 1;
	if (wholeBytes < bytes.length) {
		await file.truncate(wholeBytes);
		await file.sync();
	}
}

/** Whether something stands behind the last line end. */
export async function endsInMidLine(file: FileHandle): Promise<boolean> {
	const {size} = await file.stat();
	if (size === 0) {
		return false;
	}

	const {buffer} = await file.read({buffer: new Uint8Array(1), position: size - 1});
	return buffer[0] !== 0x0A;
}

/** On disk when this comes back; where it does not get there, the file is as long as before. For a file that nobody else appends to. */
export async function appendWholly(file: FileHandle, text: string): Promise<void> {
	const {size} = await file.stat();
	try {
		await file.appendFile(text);
		await file.sync();
	} catch (error) {
		await file.truncate(size).catch(() => undefined);
		throw error;
	}
}
