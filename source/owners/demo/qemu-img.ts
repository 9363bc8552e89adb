/**
`qemu-img` on the demo host's files: info, create, snapshot and bitmap, with the words and locks of QEMU 7.2.
*/
import path from 'node:path';
import {complain, say, type Answer} from './answer.ts';
import {userOf, writerOf} from './lifecycle.ts';
import {addFile, backingPath, readChain, type DemoFile, type DemoWorld} from './world.ts';

type Arguments = {options: Map<string, string>; paths: string[]};

const optionsWithValue = new Set(['-f', '-F', '-b', '-o', '-c', '-a', '-d', '-g']);

export function runQemuImg(world: DemoWorld, argv: string[]): Answer {
	const [verb, ...rest] = argv;
	const given = parseArguments(rest);
	switch (verb) {
		case 'info': {
			return info(world, given);
		}

		case 'create': {
			return create(world, given);
		}

		case 'snapshot': {
			return snapshot(world, given);
		}

		case 'bitmap': {
			return bitmap(world, given);
		}

		default: {
			return complain(`qemu-img: Command not found: ${verb}`);
		}
	}
}

function parseArguments(words: string[]): Arguments {
	const given: Arguments = {options: new Map(), paths: []};
	for (let index = 0; index < words.length; index++) {
		const word = words[index]!;
		if (word === '--') {
			given.paths.push(...words.slice(index + 1));
			break;
		}

		if (optionsWithValue.has(word)) {
			given.options.set(word, words[++index] ?? '');
		} else if (word.startsWith('-')) {
			given.options.set(word, '');
		} else {
			given.paths.push(word);
		}
	}

	return given;
}

function couldNotOpen(file: string, reason: string): Answer {
	return complain(`qemu-img: Could not open '${file}': ${reason}`);
}

function missing(file: string): Answer {
	return couldNotOpen(file, `Could not open '${file}': No such file or directory`);
}

function info(world: DemoWorld, {options, paths}: Arguments): Answer {
	const top = paths[0] ?? '';
	const chain = options.has('--backing-chain') ? readChain(world, top) : {files: [world.files.get(top)].filter(file => file !== undefined), missing: world.files.has(top) ? undefined : top};
	if (chain.missing !== undefined) {
		return missing(chain.missing);
	}

	if (!options.has('-U') && writerOf(world, top)) {
		return couldNotOpen(top, `Failed to get shared "write" lock\nIs another process using the image [${top}]?`);
	}

	const asRaw = options.get('-f') === 'raw';
	if (options.get('-f') === 'qcow2' && (chain.files[0]!.format !== 'qcow2' || chain.files[0]!.kind !== 'image')) {
		return couldNotOpen(top, 'Image is not in qcow2 format');
	}

	const facts = chain.files.map((file, index) => describe(file, asRaw && index === 0));
	return say(`${JSON.stringify(options.has('--backing-chain') ? facts : facts[0], undefined, 4)}\n`);
}

function describe(file: DemoFile, asRaw: boolean): Record<string, unknown> {
	const isRaw = asRaw || file.format === 'raw' || file.kind !== 'image';
	const common = {
		'virtual-size': isRaw && file.format !== 'raw' ? file.allocatedBytes : file.virtualSizeBytes,
		filename: file.path,
		...(isRaw ? {} : {'cluster-size': 65_536}),
		format: isRaw ? 'raw' : 'qcow2',
		'actual-size': file.allocatedBytes,
	};
	return isRaw
		? {...common, 'dirty-flag': false}
		: {
			...(file.backing?.format === undefined ? {} : {'backing-filename-format': file.backing.format}),
			...(file.tags.length === 0 ? {} : {snapshots: file.tags.map((tag, index) => describeTag(tag, index))}),
			...common,
			'format-specific': {
				type: 'qcow2',
				data: {
					compat: '1.1',
					'compression-type': 'zlib',
					'lazy-refcounts': false,
					...(file.bitmaps.length === 0 ? {} : {bitmaps: file.bitmaps.map(name => ({flags: ['auto'], name, granularity: 65_536}))}),
					'refcount-bits': 16,
					corrupt: false,
					'extended-l2': false,
				},
			},
			...(file.backing ? {'full-backing-filename': backingPath(file), 'backing-filename': file.backing.name} : {}),
			'dirty-flag': false,
		};
}

function describeTag(tag: DemoFile['tags'][number], index: number): Record<string, unknown> {
	return {
		icount: 0,
		'vm-clock-nsec': 0,
		name: tag.tag,
		'date-sec': Math.floor(tag.atMs / 1000),
		'date-nsec': 0,
		'vm-clock-sec': 0,
		id: String(index + 1),
		'vm-state-size': tag.memoryBytes,
	};
}

function create(world: DemoWorld, {options, paths}: Arguments): Answer {
	const [file = '', size] = paths;
	if (!world.folders.has(path.posix.dirname(file))) {
		return complain(`qemu-img: ${file}: Could not create '${file}': No such file or directory`);
	}

	if (userOf(world, file)) {
		return complain(`qemu-img: ${file}: Failed to get "write" lock`, `Is another process using the image [${file}]?`);
	}

	const backing = options.get('-b');
	const chain = backing === undefined ? undefined : readChain(world, path.posix.resolve(path.posix.dirname(file), backing));
	if (chain?.missing !== undefined) {
		return complain(`qemu-img: ${file}: Could not open '${chain.missing}': No such file or directory`, 'Could not open backing image.');
	}

	const virtualSizeBytes = size === undefined ? chain?.files[0]?.virtualSizeBytes : parseSize(size);
	if (virtualSizeBytes === undefined) {
		return complain('qemu-img: Image creation needs a size parameter');
	}

	const before = world.files.get(file);
	addFile(world, {
		...(before && {uid: before.uid, gid: before.gid, mode: before.mode, inode: before.inode}),
		path: file,
		format: options.get('-f') === 'qcow2' ? 'qcow2' : 'raw',
		virtualSizeBytes,
		backing: backing === undefined ? undefined : {name: backing, format: options.get('-F')},
	});
	return say('');
}

function snapshot(world: DemoWorld, {options, paths}: Arguments): Answer {
	const name = paths[0] ?? '';
	const file = world.files.get(name);
	if (!file) {
		return missing(name);
	}

	if (userOf(world, name)) {
		return couldNotOpen(name, `Failed to get "write" lock\nIs another process using the image [${name}]?`);
	}

	const made = options.get('-c');
	const applied = options.get('-a');
	const deleted = options.get('-d');
	if (made !== undefined) {
		file.tags.push({tag: made, memoryBytes: 0, atMs: world.now().getTime()});
	} else if (applied !== undefined && !file.tags.some(({tag}) => tag === applied)) {
		return complain(`qemu-img: Could not apply snapshot '${applied}': Failed to load snapshot: No such file or directory`);
	} else if (deleted !== undefined) {
		if (!file.tags.some(({tag}) => tag === deleted)) {
			return complain(`qemu-img: Could not delete snapshot '${deleted}': snapshot not found`);
		}

		file.tags.splice(file.tags.findIndex(({tag}) => tag === deleted), 1);
	}

	file.modifiedAtMs = world.now().getTime();
	return say('');
}

function bitmap(world: DemoWorld, {options, paths}: Arguments): Answer {
	const [name = '', bitmapName = ''] = paths;
	const file = world.files.get(name);
	if (!file) {
		return missing(name);
	}

	if (userOf(world, name)) {
		return couldNotOpen(name, `Failed to get "write" lock\nIs another process using the image [${name}]?`);
	}

	if (options.has('--add')) {
		if (file.bitmaps.includes(bitmapName)) {
			return complain(`qemu-img: Operation add on bitmap ${bitmapName} failed: Bitmap already exists: ${bitmapName}`);
		}

		file.bitmaps.push(bitmapName);
	} else if (options.has('--remove')) {
		file.bitmaps = file.bitmaps.filter(other => other !== bitmapName);
	}

	file.modifiedAtMs = world.now().getTime();
	return say('');
}

function parseSize(text: string): number | undefined {
	const match = /^(\d+)([kmgt]?)$/i.exec(text);
	return match ? Number(match[1]) * 1024 ** ['', 'k', 'm', 'g', 't'].indexOf(match[2]!.toLowerCase()) : undefined;
}
