/**
`qemu-img` and `qemu-io` on the demo host's files, with the words and locks of QEMU 7.2.
*/
import path from 'node:path';
import {belowOf, bytesOf, changeImage, commitLayers, layersAbove, pullLayers} from '../images.ts';
import {userOf, writerOf} from '../lifecycle.ts';
import {complain, complainFirst, parseArguments, say, type Answer, type Arguments, type Copying} from '../program.ts';
import {addFile, emptyImageBytes, readChain, type DemoFile, type DemoWorld} from '../world.ts';
import {
	check, compare, convert, measure,
} from './copies.ts';
import {describeImage} from './image-info.ts';

type Command = (world: DemoWorld, given: Arguments) => Answer | Copying;

const commands: Record<string, Command> = {
	info, map, create, snapshot, bitmap, commit, rebase, check, measure, compare, convert,
};

const optionsWithValue = ['-f', '-F', '-b', '-o', '-c', '-a', '-g'];

const moreWithValue: Record<string, string[]> = {snapshot: ['-d'], bitmap: ['--merge'], convert: ['-O', '-r'], measure: ['-O']};

export function runQemuImg(world: DemoWorld, [verb = '', ...words]: string[]): Answer | Copying {
	const command = commands[verb];
	return command
		? command(world, parseArguments(words, [...optionsWithValue, ...moreWithValue[verb] ?? []]))
		: complain(`qemu-img: Command not found: ${verb}`);
}

/** `qemu-io -c quit`: opens an image for writing, and that is all. */
export function runQemuIo(world: DemoWorld, words: string[]): Answer {
	const [file = ''] = parseArguments(words, optionsWithValue).paths;
	return complainFirst(
		`qemu-io: can't open device ${file}`,
		[!world.files.has(file), `Could not open '${file}': No such file or directory`],
		[userOf(world, file) !== undefined, `Failed to get "write" lock\n${inUse(file)}`],
	) ?? say();
}

function inUse(file: string): string {
	return `Is another process using the image [${file}]?`;
}

function couldNotOpen(file: string, reason: string): Answer {
	return complain(`qemu-img: Could not open '${file}': ${reason}`);
}

function missing(file: string): Answer {
	return couldNotOpen(file, `Could not open '${file}': No such file or directory`);
}

/** Who writes to an image must be alone with it: a running domain keeps its whole chain. */
function onImage<T>(world: DemoWorld, {paths: [name = '']}: Arguments, act: (file: DemoFile) => T): Answer | T {
	const file = world.files.get(name);
	if (!file) {
		return missing(name);
	}

	return userOf(world, name) ? couldNotOpen(name, `Failed to get "write" lock\n${inUse(name)}`) : act(file);
}

/** Fails where the image's own chain does not open. */
function onChain<T>(world: DemoWorld, given: Arguments, act: (file: DemoFile) => T): Answer | T {
	return onImage(world, given, file => {
		const lost = readChain(world, file.path).missing;
		return lost === undefined ? act(file) : couldNotOpen(file.path, `Could not open backing file: Could not open '${lost}': No such file or directory`);
	});
}

function info(world: DemoWorld, {options, paths: [top = '']}: Arguments): Answer {
	const {files: [first, ...below], missing: lost} = readChain(world, top);
	const hasChain = options.has('--backing-chain');
	const format = options.get('-f');
	if (!first || (hasChain && lost !== undefined)) {
		return missing(lost!);
	}

	const facts = describeImage(first, format === 'raw');
	return complainFirst(
		`qemu-img: Could not open '${top}'`,
		[!options.has('-U') && writerOf(world, top) !== undefined, `Failed to get shared "write" lock\n${inUse(top)}`],
		[format === 'qcow2' && (first.format !== 'qcow2' || first.kind !== 'image'), 'Image is not in qcow2 format'],
	) ?? say(`${JSON.stringify(hasChain ? [facts, ...below.map(file => describeImage(file, false))] : facts, undefined, 4)}\n`);
}

/** Of one layer alone, as it is asked with `backing: null`. */
function map(world: DemoWorld, {paths: [question = '']}: Arguments): Answer {
	const {file: {filename}} = JSON.parse(question.replace(/^json:/, '')) as {file: {filename: string}};
	const file = world.files.get(filename);
	const present = file !== undefined && file.writes.length > 0;
	const length = file && Math.min(present ? file.allocatedBytes : Infinity, file.virtualSizeBytes);
	return file ? say(`${JSON.stringify([{start: 0, length, depth: 0, present, zero: !present, data: present}])}\n`) : missing(filename);
}

function create(world: DemoWorld, {options, paths: [file = '', size]}: Arguments): Answer {
	const name = options.get('-b');
	const chain = name === undefined ? undefined : readChain(world, path.posix.resolve(path.posix.dirname(file), name));
	const virtualSizeBytes = size === undefined ? chain?.files[0]?.virtualSizeBytes : Number(size);
	const refused = complainFirst(
		`qemu-img: ${file}`,
		[!world.folders.has(path.posix.dirname(file)), `Could not create '${file}': No such file or directory`],
		[userOf(world, file) !== undefined, `Failed to get "write" lock\n${inUse(file)}`],
		[chain?.missing !== undefined, `Could not open '${chain?.missing}': No such file or directory\nCould not open backing image.`],
	);
	if (refused) {
		return refused;
	}

	const before = world.files.get(file);
	addFile(world, {
		...(before && {uid: before.uid, gid: before.gid, mode: before.mode, inode: before.inode}),
		path: file,
		format: options.get('-f') === 'qcow2' ? 'qcow2' : 'raw',
		virtualSizeBytes: virtualSizeBytes!,
		backing: name === undefined ? undefined : {name, format: options.get('-F')},
	});
	return say();
}

function change(world: DemoWorld, file: DemoFile, facts: Partial<DemoFile>): Answer {
	changeImage(world, file, facts);
	return say();
}

/** Makes (`-c`), applies (`-a`) or deletes (`-d`) an internal snapshot. */
function snapshot(world: DemoWorld, given: Arguments): Answer {
	return onImage(world, given, file => {
		const [[option, tag] = ['', '']] = given.options;
		const {tags, writes} = file;
		const found = tags.find(known => known.tag === tag);
		const changed: Record<string, Partial<DemoFile>> = {
			'-c': {tags: [...tags, {tag, memoryBytes: 0, atMs: world.now().getTime(), writes: [...writes]}]},
			'-a': {writes: [...found?.writes ?? []]},
			'-d': {tags: tags.filter(known => known !== found)},
		};
		return complainFirst(
			'qemu-img',
			[!found && option === '-a', `Could not apply snapshot '${tag}': Failed to load snapshot: No such file or directory`],
			[!found && option === '-d', `Could not delete snapshot '${tag}': snapshot not found`],
		) ?? change(world, file, changed[option]!);
	});
}

/** `--add`, `--merge` and `--remove`. */
function bitmap(world: DemoWorld, given: Arguments): Answer {
	const [, name = ''] = given.paths;
	const {options} = given;
	return onImage(world, given, file => {
		const isThere = file.bitmaps.includes(name);
		const source = options.has('--merge') ? world.files.get(options.get('-b') ?? file.path) : undefined;
		return complainFirst(
			'qemu-img',
			[isThere && options.has('--add'), `Operation add on bitmap ${name} failed: Bitmap already exists: ${name}`],
			[!isThere && options.has('--remove'), `Operation remove on bitmap ${name} failed: Could not find bitmap '${name}' in the node`],
			[source !== undefined && !source.bitmaps.includes(options.get('--merge') ?? ''), `Operation merge on bitmap ${name} failed: Bitmap '${options.get('--merge') ?? ''}' not found`],
		) ?? change(world, file, {bitmaps: options.has('--remove') ? file.bitmaps.filter(known => known !== name) : [...new Set([...file.bitmaps, name])]});
	});
}

/** The top is emptied unless `-d` is given. */
function commit(world: DemoWorld, given: Arguments): Answer | Copying {
	return onChain(world, given, top => {
		const into = given.options.get('-b') ?? belowOf(world, top)?.path;
		const layers = layersAbove(world, top.path, into ?? '');
		const base = world.files.get(into ?? '');
		return complainFirst(
			'qemu-img',
			[into === undefined, 'Image does not have a backing file'],
			[!layers, `Did not find '${into}' in the backing chain of '${top.path}'`],
			[userOf(world, into ?? '') !== undefined, `Failed to get "write" lock\n${inUse(into!)}`],
		) ?? {
			bytes: bytesOf(layers!),
			grows: base,
			finish() {
				commitLayers(world, layers!, base!);
				return given.options.has('-d') ? say() : change(world, top, {writes: [], allocatedBytes: emptyImageBytes});
			},
		};
	});
}

/** With `-u` only the header changes, and nothing that is named needs to be there; else the image takes over what it would no longer read. */
function rebase(world: DemoWorld, given: Arguments): Answer | Copying {
	const isHeaderOnly = given.options.has('-u');
	return (isHeaderOnly ? onImage : onChain)(world, given, top => {
		const name = given.options.get('-b') ?? '';
		const format = given.options.get('-F');
		const onto = path.posix.resolve(path.posix.dirname(top.path), name);
		const stays = name === '' ? [] : readChain(world, onto).files;
		const layers = isHeaderOnly ? [] : readChain(world, top.path).files.slice(1).filter(file => !stays.includes(file));
		return complainFirst(
			'qemu-img',
			[!isHeaderOnly && name !== '' && stays.length === 0, `Could not open new backing file '${name}': Could not open '${onto}': No such file or directory`],
			[name !== '' && format === undefined, `Could not change the backing file to '${name}': backing format must be specified`],
		) ?? {
			bytes: bytesOf(layers),
			grows: top,
			finish() {
				pullLayers(world, top, layers);
				return change(world, top, {backing: name === '' ? undefined : {name, format}});
			},
		};
	});
}
