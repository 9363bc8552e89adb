/**
The process that serves a monitor, and how it was started: the kernel knows which socket is bound to the path, and which process holds it.
*/
import {readdir, readFile, readlink, stat} from 'node:fs/promises';
import path from 'node:path';
import type {QemuUser} from '../../model/domain/inventory.ts';
import {findStartFolder, readOpenFiles, type OpenFiles} from './locate-files.ts';
import {quietly} from './quietly.ts';

export type QemuProcess = {
	pid: number;
	/** Who started it. */
	uid: number;
	/** Whose rights it has, which is another one's after -runas. */
	user: QemuUser | undefined;
	/** Undefined where it may not be looked at. */
	argv: string[] | undefined;
	/** The folder that the relative names of its command line count from; undefined where that is not known. */
	folder: string | undefined;
	/** The folders that any of its names may count from, the likeliest first: names given since it went to another count from there. */
	folders: string[];
	open: OpenFiles;
};

/** A socket that listens has this flag in /proc/net/unix. */
const listening = 0x1_00_00;

/** Inode → path of the UNIX sockets that somebody listens on. A path that is not absolute counts from a folder that only its process knows. */
export function parseListeners(text: string): Map<string, string> {
	const lines = text.matchAll(/^[\da-f]+:(?: [\da-f]+){2} (?<flags>[\da-f]+)(?: [\da-f]+){2} +(?<inode>\d+) (?<name>.+)$/gim);
	return new Map([...lines].flatMap(({groups}) => (Number.parseInt(groups!.flags!, 16) & listening) === 0 ? [] : [[groups!.inode!, groups!.name!]]));
}

async function holds(pid: string, inodes: ReadonlyMap<string, string>): Promise<string[]> {
	const names = await quietly(async () => readdir(`/proc/${pid}/fd`)) ?? [];
	const links = await Promise.all(names.map(async name => quietly(async () => readlink(`/proc/${pid}/fd/${name}`))));
	return links.flatMap(link => {
		const inode = /^socket:\[(\d+)]$/.exec(link ?? '')?.[1];
		return inode !== undefined && inodes.has(inode) ? [inodes.get(inode)!] : [];
	});
}

/** Undefined where no process is seen that listens there: none does, or it is another user's. */
export async function readQemuProcess(socketPath: string): Promise<QemuProcess | undefined> {
	const listeners = parseListeners(await quietly(async () => readFile('/proc/net/unix', 'utf8')) ?? '');
	const wanted = new Map([...listeners].filter(([, name]) => path.basename(name) === path.basename(socketPath)));
	if (wanted.size === 0) {
		return undefined;
	}

	const pids = (await readdir('/proc')).filter(name => /^\d+$/.test(name)).sort((a, b) => Number(a) - Number(b));
	for (const pid of pids) {
		const names = await holds(pid, wanted);
		const found = names.length === 0 ? undefined : await describe(pid);
		if (found !== undefined && names.some(name => found.folders.some(folder => path.resolve(folder, name) === socketPath) || name === socketPath)) {
			return found;
		}
	}

	return undefined;
}

/** The effective ones. */
function parseUser(status: string | undefined): QemuUser | undefined {
	const [uid, gid] = ['Uid', 'Gid'].map(name => new RegExp(String.raw`^${name}:\s+\d+\s+(\d+)`, 'm').exec(status ?? '')?.[1]);
	return uid === undefined || gid === undefined ? undefined : {uid: Number(uid), gid: Number(gid)};
}

async function describe(pid: string): Promise<QemuProcess | undefined> {
	const [text, status, program, facts, current, open] = await Promise.all([
		quietly(async () => readFile(`/proc/${pid}/cmdline`, 'utf8')),
		quietly(async () => readFile(`/proc/${pid}/status`, 'utf8')),
		quietly(async () => readlink(`/proc/${pid}/exe`)),
		quietly(async () => stat(`/proc/${pid}`)),
		quietly(async () => readlink(`/proc/${pid}/cwd`)),
		readOpenFiles(pid),
	]);
	if (facts === undefined) {
		return undefined;
	}

	const words = text === undefined || text === '' ? undefined : text.replace(/\0$/, '').split('\0');
	// The search path that it was found by is not ours; a program that was replaced meanwhile no longer has a name.
	const isNamed = program !== undefined && !program.endsWith(' (deleted)');
	const argv = words && isNamed ? [program, ...words.slice(1)] : words;
	const hasGone = argv?.some(word => /^--?daemonize$/.test(word)) && current === '/';
	const folder = hasGone ? await findStartFolder(argv!, open) : current;
	return {
		pid: Number(pid), uid: facts.uid, user: parseUser(status), argv, folder, folders: [...new Set([folder, current].filter(found => found !== undefined))], open,
	};
}

/** Whether the process is still there. */
export async function isAlive(pid: number): Promise<boolean> {
	const text = await quietly(async () => readFile(`/proc/${pid}/stat`, 'utf8'));
	// One that has ended and whose parent has not asked no longer holds anything.
	return text !== undefined && !/^\d+ \(.*\) [ZX]/s.test(text);
}
