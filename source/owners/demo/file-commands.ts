/**
The file tools (stat, test, od, dd, chown, chmod, touch, sync, rm …) on the demo host's files, with the words of GNU coreutils.
*/
import path from 'node:path';
import {complain, say, type Answer} from './answer.ts';
import {runFind} from './find.ts';
import {readMemoryBytes} from './memory-file.ts';
import {formatFileStatus, formatFileSystemStatus} from './stat.ts';
import {addFile, type DemoFile, type DemoWorld} from './world.ts';

type FileCommand = (world: DemoWorld, words: string[]) => Answer;

/** Tools by name; the dispatcher answers for names that are not here. */
export const fileCommands: Record<string, FileCommand> = {
	stat(world, words) {
		const {options, paths} = split(words, ['--printf', '-c', '--format', '-t']);
		const format = options.get('--printf') ?? String.raw`${options.get('--format') ?? options.get('-c') ?? '%n'}\n`;
		return each(paths, place => {
			if (options.has('-f') || options.has('--file-system')) {
				return world.folders.has(place) || world.files.has(place)
					? say(formatFileSystemStatus(world, place, format))
					: complain(`stat: cannot read file system information for '${place}': No such file or directory`);
			}

			const status = formatFileStatus(world, place, format);
			return status === undefined ? complain(`stat: cannot statx '${place}': No such file or directory`) : say(status);
		});
	},

	test(world, words) {
		const [check, place = ''] = words;
		const file = world.files.get(place);
		const holds = {
			'-e': file !== undefined || world.folders.has(place),
			'-f': file !== undefined,
			'-d': world.folders.has(place),
			'-s': file !== undefined && sizeOf(file) > 0,
		}[check!] ?? (file !== undefined || world.folders.has(place));
		return {stdout: '', stderr: '', exitCode: holds ? 0 : 1};
	},

	find: runFind,

	od(world, words) {
		const {options, paths} = split(words, ['-A', '-t', '-N', '-j']);
		const [place = ''] = paths;
		const file = world.files.get(place);
		if (!file) {
			return complain(`od: ${place}: No such file or directory`);
		}

		const skip = Number(options.get('-j') ?? 0);
		const bytes = readMemoryBytes(file).subarray(skip, skip + Number(options.get('-N') ?? Number.POSITIVE_INFINITY));
		const lines: string[] = [];
		for (let place = 0; place < bytes.length; place += 16) {
			lines.push([...bytes.subarray(place, place + 16)].map(byte => ` ${byte.toString(16).padStart(2, '0')}`).join(''));
		}

		return say(lines.map(line => `${line}\n`).join(''));
	},

	head(world, words) {
		const {options, paths} = split(words, ['-c']);
		return each(paths, place => {
			const file = world.files.get(place);
			const start = file?.kind === 'image' && file.format === 'qcow2' ? 'QFI\uFFFD' : '\0\0\0\0';
			return file ? say(start.slice(0, Number(options.get('-c') ?? 0))) : complain(`head: cannot open '${place}' for reading: No such file or directory`);
		});
	},

	dd(world, words) {
		const operands = new Map(words.map(word => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]));
		const place = operands.get('of') ?? '';
		if (world.files.has(place) && operands.get('conv')?.split(',').includes('excl')) {
			return complain(`dd: failed to open '${place}': File exists`);
		}

		if (!world.folders.has(path.posix.dirname(place))) {
			return complain(`dd: failed to open '${place}': No such file or directory`);
		}

		addFile(world, {path: place, kind: 'empty', format: 'raw', allocatedBytes: 0, mode: 0o600});
		return say('');
	},

	chown(world, words) {
		const {options, paths: operands} = split(words, ['--reference']);
		const model = world.files.get(options.get('--reference') ?? '');
		if (options.has('--reference') && !model) {
			return complain(`chown: failed to get attributes of '${options.get('--reference')}': No such file or directory`);
		}

		const [owner = '', ...paths] = model ? [`${model.uid}:${model.gid}`, ...operands] : operands;
		const [uid, gid] = owner.split(':').map(Number);
		return change(world, 'chown', paths, file => {
			file.uid = uid ?? file.uid;
			file.gid = gid ?? file.gid;
		});
	},

	chmod(world, words) {
		const [mode = '', ...paths] = operandsOf(words);
		return change(world, 'chmod', paths, file => {
			file.mode = Number.parseInt(mode, 8);
		});
	},

	touch(world, words) {
		const {options, paths} = split(words, ['-d']);
		const [, seconds] = /^@(\d+(?:\.\d+)?)$/.exec(options.get('-d') ?? '') ?? [];
		return seconds === undefined
			? complain(`touch: invalid date format ‘${options.get('-d') ?? ''}’`)
			: each(paths, place => {
				const file = world.files.get(place);
				if (file) {
					file.modifiedAtMs = Number(seconds) * 1000;
				}

				// -c: what is not there is not made, and that is no failure.
				return say('');
			});
	},

	sync(world, words) {
		return each(operandsOf(words), place => world.files.has(place) || world.folders.has(place)
			? say('')
			: complain(`sync: error opening '${place}': No such file or directory`));
	},

	rm(world, words) {
		const isForced = words.some(word => /^-[a-z]*f/.test(word)) && !words[0]?.startsWith('--');
		return each(operandsOf(words), place => world.files.delete(place) || isForced
			? say('')
			: complain(`rm: cannot remove '${place}': No such file or directory`));
	},

	readlink(world, words) {
		return each(operandsOf(words), place => world.files.has(place) || world.folders.has(place) ? say(`${place}\n`) : {...complain(), stderr: ''});
	},

	id: () => say('0\n'),
};

function sizeOf(file: DemoFile): number {
	return file.kind === 'empty' ? 0 : file.allocatedBytes;
}

function change(world: DemoWorld, tool: string, paths: string[], edit: (file: DemoFile) => void): Answer {
	return each(paths, place => {
		const file = world.files.get(place);
		if (!file) {
			return complain(`${tool}: cannot access '${place}': No such file or directory`);
		}

		edit(file);
		return say('');
	});
}

/** What many paths give, one after the other; fails if one does, as coreutils do. */
function each(paths: string[], answer: (place: string) => Answer): Answer {
	const answers = paths.map(place => answer(place));
	return {
		stdout: answers.map(({stdout}) => stdout).join(''),
		stderr: answers.map(({stderr}) => stderr).join(''),
		exitCode: answers.some(({exitCode}) => exitCode !== 0) ? 1 : 0,
	};
}

function operandsOf(words: string[]): string[] {
	return split(words, []).paths;
}

function split(words: string[], withValue: string[]): {options: Map<string, string>; paths: string[]} {
	const options = new Map<string, string>();
	const paths: string[] = [];
	for (let index = 0; index < words.length; index++) {
		const word = words[index]!;
		const joined = /^(--[a-z-]+)=([\s\S]*)$/.exec(word) ?? /^(-[jNtA])(.+)$/.exec(word);
		if (word === '--') {
			paths.push(...words.slice(index + 1));
			break;
		}

		if (withValue.includes(word)) {
			options.set(word, words[++index] ?? '');
		} else if (joined && withValue.includes(joined[1]!)) {
			options.set(joined[1]!, joined[2]!);
		} else if (word.startsWith('-')) {
			options.set(word, '');
		} else {
			paths.push(word);
		}
	}

	return {options, paths};
}
