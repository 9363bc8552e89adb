/**
The file tools (stat, test, od, dd, chown, chmod, touch, sync, rm …) on the demo host's files, with the words of GNU coreutils.
*/
import {Buffer} from 'node:buffer';
import {createHash} from 'node:crypto';
import path from 'node:path';
import {complain, complainFirst, joinAnswers, parseArguments, say, type Answer} from '../program.ts';
import {addFile, type DemoFile, type DemoWorld} from '../world.ts';
import {formatXml, type XmlNode} from '../xml-node.ts';
import {formatFileStatus, formatFileSystemStatus, runFind} from './file-facts.ts';

type FileCommand = (world: DemoWorld, words: string[], input?: string) => Answer;

type Given = {world: DemoWorld; place: string; file: DemoFile | undefined; options: ReadonlyMap<string, string>};

/** A tool that does the same with each path. What it prints is undefined for a path that is not there; then it complains, with the path for `%`. */
function onEach(complaint: string, act: (given: Given) => string | undefined, withValue: string[] = []): FileCommand {
	return (world, words) => {
		const {options, paths} = parseArguments(words, withValue);
		return joinAnswers(paths.map(place => {
			const printed = act({world, place, file: world.files.get(place), options});
			return printed === undefined ? complain(`${complaint.replace('%', () => place)}: No such file or directory`) : say(printed);
		}));
	};
}

function isThere({file, world, place}: Given): boolean {
	return file !== undefined || world.folders.has(place);
}

function edit(file: DemoFile | undefined, facts: Partial<DemoFile>): string | undefined {
	if (!file) {
		return undefined;
	}

	Object.assign(file, facts);
	return '';
}

/** It is another for whatever is read from the file. */
export function digestOf({kind, text, writes, virtualSizeBytes, allocatedBytes}: DemoFile): string {
	return createHash('sha256').update(JSON.stringify([kind, text ?? '', writes, virtualSizeBytes, allocatedBytes])).digest('hex');
}

/** A saved memory file: libvirt's header of 92 bytes, the domain's XML, and then QEMU's stream, of which the demo has but the beginning ("QEVM" and its version). */
function memoryBytes(memory: XmlNode): Buffer {
	const xml = Buffer.from(`${formatXml(memory)}\0`);
	const header = Buffer.alloc(92);
	header.write('LibvirtQemudSave', 0, 'latin1');
	for (const [offset, value] of [[16, 2], [20, xml.length], [24, 1]] as const) {
		header.writeUInt32LE(value, offset);
	}

	return Buffer.concat([header, xml, Buffer.from('QEVM\0\0\0\u0003')]);
}

/** The header of a qcow2 image of version 3, with the name of its backing file behind it. */
function headerBytes({kind, format, virtualSizeBytes, backing}: DemoFile): Buffer | undefined {
	if (kind !== 'image' || format !== 'qcow2') {
		return undefined;
	}

	const name = Buffer.from(backing?.name ?? '');
	const header = Buffer.alloc(104);
	for (const [offset, value] of [[0, 0x51_46_49_FB], [4, 3], [16, name.length], [20, 16], [100, 104]] as const) {
		header.writeUInt32BE(value, offset);
	}

	header.writeBigUInt64BE(BigInt(name.length === 0 ? 0 : header.length), 8);
	header.writeBigUInt64BE(BigInt(virtualSizeBytes), 24);
	return Buffer.concat([header, name]);
}

/** Tools by name; the dispatcher answers for names that are not here. */
export const fileCommands: Record<string, FileCommand> = {
	stat: onEach('stat: cannot statx \'%\'', given => {
		const format = given.options.has('-f') ? formatFileSystemStatus : formatFileStatus;
		const lines = given.options.get('-c');
		return isThere(given) ? format(given.world, given.place, lines === undefined ? given.options.get('--printf') ?? '' : `${lines}\\n`) : undefined;
	}, ['--printf', '-c']),

	sha256sum: onEach('sha256sum: %', ({file, place}) => file && `${digestOf(file)} *${place}\n`),

	/** `!` before a check, and `-ef` between two names, which never are those of one file here. */
	test(world, [check = '', place = '', ...more]) {
		if (check === '!') {
			const {exitCode} = fileCommands.test!(world, [place, ...more]);
			return {...say(), exitCode: exitCode === 0 ? 1 : 0};
		}

		if (place === '-ef') {
			return {...say(), exitCode: check === more[0] && world.files.has(check) ? 0 : 1};
		}

		const file = world.files.get(place);
		const holds: Record<string, boolean> = {'-f': file !== undefined, '-d': world.folders.has(place), '-s': file !== undefined && file.kind !== 'empty'};
		return {...say(), exitCode: holds[check] ?? (file !== undefined || world.folders.has(place)) ? 0 : 1};
	},

	find: runFind,

	od: onEach('od: %', ({file, options}) => {
		const skip = Number(options.get('-j') ?? 0);
		const whole = file?.memory ? memoryBytes(file.memory) : (file && headerBytes(file));
		const bytes = whole?.subarray(skip, skip + Number(options.get('-N') ?? Number.POSITIVE_INFINITY)) ?? [];
		// Sixteen bytes a line.
		return file && [...bytes].map((byte, index) => ` ${byte.toString(16).padStart(2, '0')}${index % 16 === 15 || index === bytes.length - 1 ? '\n' : ''}`).join('');
	}, ['-N', '-j']),

	head: onEach('head: cannot open \'%\' for reading', ({file, options}) => {
		const start = file?.text ?? (file?.memory ? memoryBytes(file.memory).toString('latin1') : (file?.kind === 'image' && file.format === 'qcow2' ? 'QFI\uFFFD' : '\0\0\0\0'));
		return file && start.slice(0, Number(options.get('-c') ?? 0));
	}, ['-c']),

	/** Makes an empty file, or writes what it is given. */
	dd(world, words, text) {
		const place = words.find(word => word.startsWith('of='))!.slice(3);
		const refused = complainFirst(
			`dd: failed to open '${place}'`,
			[world.files.has(place) && words.includes('conv=excl'), 'File exists'],
			[!world.folders.has(path.posix.dirname(place)), 'No such file or directory'],
		);
		if (!refused) {
			addFile(world, text === undefined
				? {path: place, kind: 'empty', format: 'raw', allocatedBytes: 0, mode: 0o600}
				: {path: place, kind: 'text', format: 'raw', allocatedBytes: Buffer.byteLength(text), mode: 0o600, text});
		}

		return refused ?? say();
	},

	chown(world, words) {
		const {options, paths} = parseArguments(words, []);
		const reference = options.get('--reference');
		const model = world.files.get(reference ?? '') ?? (world.folders.has(reference ?? '') ? {uid: 0, gid: 0} : undefined);
		const [owner = '', ...places] = model ? [`${model.uid}:${model.gid}`, ...paths] : paths;
		const [uid, gid] = owner.split(':').map(Number);
		return reference !== undefined && !model
			? complain(`chown: failed to get attributes of '${reference}': No such file or directory`)
			: onEach('chown: cannot access \'%\'', ({file}) => edit(file, {uid, gid}))(world, ['--', ...places]);
	},

	chmod(world, words) {
		const [mode = '', ...places] = parseArguments(words, []).paths;
		return onEach('chmod: cannot access \'%\'', ({file}) => edit(file, {mode: Number.parseInt(mode, 8)}))(world, ['--', ...places]);
	},

	/** As with -c: what is not there is not made, and that is no failure. */
	touch: onEach('', ({world, file, options}) => {
		const date = options.get('-d');
		return edit(file, {modifiedAtMs: date === undefined ? world.now().getTime() : Number(date.slice(1)) * 1000}) ?? '';
	}, ['-d']),

	/** With `-n` a name that is taken stays what it is. */
	mv(world, words) {
		const {options, paths: [from = '', to = '']} = parseArguments(words, []);
		const file = world.files.get(from);
		if (file === undefined) {
			return complain(`mv: cannot stat '${from}': No such file or directory`);
		}

		if (options.has('-n') && world.files.has(to)) {
			return say();
		}

		world.files.delete(from);
		world.files.set(to, {...file, path: to});
		return say();
	},

	/** Into a file that is there, whose owner and mode stay. */
	cp(world, words) {
		const [from = '', to = ''] = parseArguments(words, []).paths;
		const [file, into] = [world.files.get(from), world.files.get(to)];
		if (file === undefined) {
			return complain(`cp: cannot stat '${from}': No such file or directory`);
		}

		const {uid, gid, mode, inode} = into ?? addFile(world, {path: to});
		world.files.set(to, {...file, path: to, uid, gid, mode, inode, modifiedAtMs: world.now().getTime()});
		return say();
	},

	mkdir(world, words) {
		const [place = ''] = parseArguments(words, ['-m']).paths;
		const refused = complainFirst(
			`mkdir: cannot create directory '${place}'`,
			[world.folders.has(place) || world.files.has(place), 'File exists'],
			[!world.folders.has(path.posix.dirname(place)), 'No such file or directory'],
		);
		if (!refused) {
			world.folders.add(place);
		}

		return refused ?? say();
	},

	rmdir(world, words) {
		const [place = ''] = parseArguments(words, []).paths;
		const isFull = [...world.files.keys(), ...world.folders].some(name => name.startsWith(`${place}/`));
		const refused = complainFirst(`rmdir: failed to remove '${place}'`, [!world.folders.has(place), 'No such file or directory'], [isFull, 'Directory not empty']);
		if (!refused) {
			world.folders.delete(place);
		}

		return refused ?? say();
	},

	sync: onEach('sync: error opening \'%\'', given => isThere(given) ? '' : undefined),
	rm: onEach('rm: cannot remove \'%\'', ({world, place}) => world.files.delete(place) ? '' : undefined),
};
