/**
What a bare QEMU was started with, and what it has to be started with again: on other images, paused, from saved memory, in the background. Pure text.
*/
import {posix} from 'node:path';
import type {BootFile} from '../domain/domain.ts';
import {fail, succeed, type Result} from '../result.ts';
import {
	describeOption, formatArgv, formatPairs, parseCommandLine, parsePairs, type CommandLine, type QemuOption,
} from './options.ts';
import type {Image} from './drive-options.ts';
import {findDrives} from './drives.ts';

export type HeadOfDrive = {
	target: string;
	/** As the monitor knows the backend of the disk; may be empty. */
	device: string;
	/** What the guest writes to at this moment. */
	path: string;
	format: string;
	isDevice?: boolean;
	/** The head and all that it is backed by: the command line names whichever of these was the head when QEMU was started. */
	chain: string[];
};

function unreadable(reason: string): Result<never> {
	return fail({kind: 'unreadable', what: 'The command line of QEMU', reason});
}

/**
The command line for a start on the current heads. Every disk must have its drive and every drive its disk; drives get the name that the
monitor knows them by. Fails with `unreadable`, naming the disk or the argument.
*/
export function withPresentHeads(argv: readonly string[], heads: readonly HeadOfDrive[]): Result<string[]> {
	const parsed = parseCommandLine(argv);
	const drives = parsed.ok ? findDrives(parsed.value) : parsed;
	if (!parsed.ok || !drives.ok) {
		return parsed.ok ? drives as Result<never> : parsed;
	}

	const free = new Set(drives.value.filter(({kind}) => kind === 'disk'));
	for (const {target, device, path, format, isDevice, chain} of heads) {
		const fitting = [...free].filter(drive => drive.path !== undefined && chain.includes(drive.path));
		const named = fitting.filter(drive => device !== '' && drive.name === device);
		const [drive, ...others] = named.length > 0 ? named : fitting;
		if (drive === undefined || others.length > 0) {
			return unreadable(drive === undefined
				? `it names no image of the disk ${target} (${path}): it was plugged in later`
				: `it names images of the disk ${target} more than once`);
		}

		free.delete(drive);
		if (drive.oddity !== undefined) {
			return unreadable(`the argument ${drive.text} cannot be put on another image: ${drive.oddity}`);
		}

		const changed = drive.change({path, format, isDevice, ...(/^[a-z][\w.-]*$/i.test(device) ? {name: device} : {})});
		if (!changed.ok) {
			return changed;
		}
	}

	const left = [...free].find(drive => drive.path !== undefined);
	return left === undefined ? succeed(formatArgv(parsed.value)) : unreadable(`the argument ${left.text} belongs to no disk that the guest has now`);
}

/** The same with other images, by the paths that the command line names now. Fails where a path is not that of exactly one drive. */
export function withImages(argv: readonly string[], images: ReadonlyMap<string, Image>): Result<string[]> {
	const parsed = parseCommandLine(argv);
	const drives = parsed.ok ? findDrives(parsed.value) : parsed;
	if (!parsed.ok || !drives.ok) {
		return parsed.ok ? drives as Result<never> : parsed;
	}

	for (const [path, image] of images) {
		const [drive, ...others] = drives.value.filter(candidate => candidate.path === path);
		if (drive === undefined || others.length > 0) {
			return unreadable(drive === undefined ? `it does not name ${path}` : `it names ${path} more than once`);
		}

		const changed = drive.change(image);
		if (!changed.ok) {
			return changed;
		}
	}

	return succeed(formatArgv(parsed.value));
}

/** The images that the command line names; none where it is not understood. */
export function imagesOfDrives(argv: readonly string[]): string[] {
	const parsed = parseCommandLine(argv);
	const drives = parsed.ok ? findDrives(parsed.value) : parsed;
	return drives.ok ? drives.value.flatMap(({path}) => path ?? []) : [];
}

const bootFiles: Record<string, BootFile['what']> = {
	kernel: 'kernel', initrd: 'initrd', dtb: 'device tree', bios: 'firmware',
};

/**
What a start opens besides the images; none where it is not understood. A `-bios` without a folder may be one of QEMU's own, and an `-initrd` with a comma may be
several files.
*/
export function bootFilesOf(argv: readonly string[]): BootFile[] {
	const parsed = parseCommandLine(argv);
	if (!parsed.ok) {
		return [];
	}

	const {folder, options} = parsed.value;
	const named = options.flatMap(({name, value = ''}): BootFile[] => {
		const what = bootFiles[name];
		return what === undefined || value === '' || (name === 'bios' && !value.includes('/')) || (name === 'initrd' && value.includes(',')) ? [] : [{what, path: posix.resolve(folder, value)}];
	});
	const drives = findDrives(parsed.value);
	const flash = drives.ok ? drives.value.filter(({kind}) => kind === 'firmware').flatMap(({path}): BootFile[] => path === undefined ? [] : [{what: 'firmware', path}]) : [];
	return [...named, ...flash];
}

/** The name of the drive that opens this image, as `-device drive=` and the monitor use it. */
export function nameOfDrive(argv: readonly string[], path: string): string | undefined {
	const parsed = parseCommandLine(argv);
	const drives = parsed.ok ? findDrives(parsed.value) : parsed;
	return drives.ok ? drives.value.find(drive => drive.path === path)?.name : undefined;
}

/** What ends with the terminal or the process that QEMU was started from, or makes paths and rights mean something else. */
const tied: Array<{names: string[]; value?: RegExp; why: string}> = [
	{names: ['nographic'], why: 'it uses the terminal'},
	{names: ['curses'], why: 'it uses the terminal'},
	{names: ['display'], value: /^curses\b/, why: 'it uses the terminal'},
	{names: ['serial', 'parallel', 'monitor', 'qmp', 'qmp-pretty', 'debugcon', 'gdb'], value: /^(?:mon:)?stdio\b/, why: 'it uses the terminal'},
	{names: ['chardev'], value: /^(?:backend=)?stdio\b/, why: 'it uses the terminal'},
	{names: ['add-fd'], why: 'it uses a file that was open when it was started'},
	{names: ['netdev', 'net', 'nic', 'chardev', 'device', 'object', 'fsdev', 'virtfs'], value: /(?:^|,)(?:addr\.str=fd|sock_fd|vhostfds?|fds?)=(?!,|$)/, why: 'it uses a file that was open when it was started'},
	{names: ['drive', 'blockdev', 'serial', 'monitor', 'qmp', 'pidfile', 'incoming'], value: /\/dev\/(?:fd|fdset)\//, why: 'it uses a file that was open when it was started'},
	{names: ['runas', 'chroot', 'run-with'], why: 'it changes its rights or its root once it runs'},
	{names: ['readconfig'], why: 'what that file holds is not known here'},
	{names: ['preconfig'], why: 'it waits for commands before it starts'},
	{names: ['snapshot'], why: 'it writes to temporary files'},
];

/** Why QEMU cannot be started again in the background with this command line, argument by argument; empty: it can. */
export function relaunchProblems(argv: readonly string[], socketPath: string | undefined): string[] {
	const parsed = parseCommandLine(argv);
	if (!parsed.ok) {
		return [parsed.failure.kind === 'unreadable' ? parsed.failure.reason : parsed.failure.kind];
	}

	const {options, folder} = parsed.value;
	const problems = options.flatMap(option => {
		const reason = tied.find(({names, value}) => names.includes(option.name) && (value === undefined || value.test(option.value ?? '')));
		return reason === undefined ? [] : [`${describeOption(option)}: ${reason.why}`];
	});
	const drives = findDrives(parsed.value);
	if (drives.ok) {
		problems.push(...drives.value.flatMap(drive => drive.oddity === undefined ? [] : [`${drive.text}: ${drive.oddity}`]));
	} else if (drives.failure.kind === 'unreadable') {
		problems.push(drives.failure.reason);
	}

	if (socketPath !== undefined && !monitorPaths(options, folder).includes(socketPath)) {
		problems.push(`no argument makes the monitor ${socketPath}, so it could not be reached afterwards`);
	}

	return problems;
}

/** The sockets of monitors: `-qmp unix:PATH`, and `-chardev socket` for `-mon`. */
function monitorPaths(options: readonly QemuOption[], folder: string): string[] {
	return options.flatMap(({name, value = ''}) => {
		const pairs = parsePairs(value);
		const [first] = pairs;
		const path = name === 'chardev'
			? pairs.find(({key}) => key === 'path')?.value
			: (name.startsWith('qmp') && first?.value === undefined && first?.key.startsWith('unix:') ? first.key.slice('unix:'.length) : undefined);
		return path === undefined ? [] : [path.startsWith('/') ? path : `${folder.replace(/\/$/, '')}/${path}`];
	});
}

/** A socket for which QEMU would wait until somebody connects, with `wait=off`: nobody does while it starts in the background. */
function withoutWaiting(option: QemuOption): QemuOption {
	const takesSocket = option.name === 'chardev' ? /^(?:backend=)?socket,/ : /^(?:mon:)?(?:unix|tcp|telnet):/;
	if (!['chardev', 'qmp', 'qmp-pretty', 'monitor', 'serial', 'parallel'].includes(option.name) || !takesSocket.test(option.value!)) {
		return option;
	}

	const pairs = parsePairs(option.value!);
	const isServer = pairs.some(({key, value}) => key === 'server' && (value === undefined || value === 'on'));
	const waits = !pairs.some(({key, value}) => key === 'nowait' || (key === 'wait' && value === 'off'));
	return isServer && waits ? {...option, value: formatPairs([...pairs.filter(({key}) => key !== 'wait'), {key: 'wait', value: 'off'}])} : option;
}

export type Relaunch = {
	isPaused: boolean;
	/** `incoming`: it waits for saved memory. `tag`: it goes on with the memory inside its images. */
	memory?: {kind: 'incoming'} | {kind: 'tag'; tag: string};
};

/** The command line that starts it anew, in the background. What it once was started from (`-incoming`, `-loadvm`, `-S`) does not come again. */
export function relaunchArgv(argv: readonly string[], {isPaused, memory}: Relaunch): Result<string[]> {
	const parsed = parseCommandLine(argv);
	if (!parsed.ok) {
		return parsed;
	}

	const dropped = new Set(['S', 'incoming', 'loadvm', 'daemonize']);
	const changed: CommandLine = {
		...parsed.value,
		options: [
			...parsed.value.options.filter(({name}) => !dropped.has(name)).map(option => withoutWaiting(option)),
			...(memory?.kind === 'incoming' ? [{name: 'incoming', value: 'defer'}] : []),
			...(memory?.kind === 'tag' ? [{name: 'loadvm', value: memory.tag}] : []),
			...(isPaused || memory?.kind === 'incoming' ? [{name: 'S', value: undefined}] : []),
			{name: 'daemonize', value: undefined},
		],
	};
	return succeed(formatArgv(changed));
}
