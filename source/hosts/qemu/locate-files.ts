/**
Where the files are that a running QEMU names. Its names may be relative, and `-daemonize` takes it to "/" once it has opened its images, so that neither the
name nor the process's folder tells where they are: the files that it has open do.
*/
import {readdir, readFile, readlink, stat} from 'node:fs/promises';
import path from 'node:path';
import {imagesOfDrives} from '../../model/qemu/command-line.ts';
import {resolveBackingPath} from '../../tools/files/backing-name.ts';
import {quietly} from './quietly.ts';

/** Of a process: what it has open, by identity; the folder of the shell that started it; the folders that its names may count from, the likeliest first. */
export type OpenFiles = {identities: ReadonlySet<string>; shellFolder: string | undefined; folders: string[]};

/** The path of the file that QEMU means; undefined where that is not known. */
export type Locate = (name: string) => Promise<string | undefined>;

async function identityOf(file: string): Promise<string | undefined> {
	const facts = await quietly(async () => stat(file, {bigint: true}));
	return facts === undefined || facts.isDirectory() ? undefined : `${facts.dev}:${facts.ino}`;
}

function foldersAbove(file: string): string[] {
	const folder = path.dirname(file);
	return folder === '/' ? [] : [folder, ...foldersAbove(folder)];
}

async function readShellFolder(pid: string): Promise<string | undefined> {
	const environment = await quietly(async () => readFile(`/proc/${pid}/environ`, 'utf8')) ?? '';
	return environment.split('\0').find(pair => pair.startsWith('PWD=/'))?.slice('PWD='.length);
}

/** Empty where the process may not be looked at. */
export async function readOpenFiles(pid: string): Promise<OpenFiles> {
	const names = await quietly(async () => readdir(`/proc/${pid}/fd`)) ?? [];
	const open = await Promise.all(names.map(async name => ({
		link: await quietly(async () => readlink(`/proc/${pid}/fd/${name}`)) ?? '',
		identity: await identityOf(`/proc/${pid}/fd/${name}`),
	})));
	const files = open.filter(({link}) => link.startsWith('/') && !link.startsWith('/dev/'));
	const shellFolder = await readShellFolder(pid);
	return {
		identities: new Set(open.flatMap(({identity}) => identity ?? [])),
		shellFolder,
		folders: [...new Set([...shellFolder === undefined ? [] : [shellFolder], ...files.flatMap(({link}) => foldersAbove(link))])],
	};
}

/** Which of the paths are open in the process. */
async function countOpen({identities}: OpenFiles, paths: readonly string[]): Promise<number> {
	const found = await Promise.all(paths.map(async file => identityOf(file)));
	return found.filter(identity => identity !== undefined && identities.has(identity)).length;
}

/**
The folder in which a QEMU was started that has gone to "/" since: the one from which most relative images of its command line lead to files that it has open.
Where it names none, that of the shell; undefined where two are as likely.
*/
export async function findStartFolder(argv: readonly string[], open: OpenFiles): Promise<string | undefined> {
	const imagesFrom = (folder: string) => imagesOfDrives(['env', '-C', folder, ...argv]);
	const absolute = new Set(imagesFrom('/a').filter(image => imagesFrom('/b').includes(image)));
	const counted = await Promise.all(open.folders.map(async folder => ({folder, count: await countOpen(open, imagesFrom(folder).filter(image => !absolute.has(image)))})));
	const most = Math.max(0, ...counted.map(({count}) => count));
	const [first, ...others] = counted.filter(({count}) => count === most);
	if (most === 0) {
		return imagesFrom('/a').every(image => absolute.has(image)) ? open.shellFolder : undefined;
	}

	// The same file by way of a link is no doubt.
	const real = await Promise.all([first!, ...others].map(async ({folder}) => quietly(async () => stat(folder))));
	return real.every(facts => facts?.ino === real[0]?.ino && facts?.dev === real[0]?.dev) ? first!.folder : undefined;
}

/**
For names as QEMU gives them: a path, perhaps from a folder, or options in JSON. Where they may count from one folder alone, that needs no proof; of more, it is
the one from which the name leads to an open file.
*/
export function locateFor(found: {folders: readonly string[]; open: OpenFiles} | undefined): Locate {
	const {folders, open} = found ?? {folders: [], open: undefined};
	return async name => {
		const found = folders.map(folder => resolveBackingPath(path.join(folder, 'image'), name));
		if (new Set(found).size <= 1) {
			return found[0] ?? (name.startsWith('/') || /^[a-z][\w+.-]*:/i.test(name) ? resolveBackingPath('/image', name) : undefined);
		}

		for (const file of found) {
			const identity = await identityOf(file);
			if (identity !== undefined && open!.identities.has(identity)) {
				return file;
			}
		}

		return undefined;
	};
}
