/**
`qemu-img` on the demo host's files, with the words and locks of QEMU 7.2: which commands there are, and those that are done in a moment. What copies stands in qemu-img-copy.ts.
*/
import path from 'node:path';
import {complain, say, type Answer} from './answer.ts';
import type {Copying} from './copying.ts';
import {userOf} from './lifecycle.ts';
import {commit, rebase} from './qemu-img-copy.ts';
import {info} from './qemu-img-info.ts';
import {
	lockComplaint, missing, parseArguments, type Arguments,
} from './qemu-img-words.ts';
import {addFile, readChain, type DemoWorld} from './world.ts';

export function runQemuImg(world: DemoWorld, argv: string[]): Answer | Copying {
	const [verb, ...rest] = argv;
	switch (verb) {
		case 'info': {
			return info(world, parseArguments(rest));
		}

		case 'map': {
			return map(world, parseArguments(rest));
		}

		case 'create': {
			return create(world, parseArguments(rest));
		}

		case 'snapshot': {
			return snapshot(world, parseArguments(rest, ['-d']));
		}

		case 'bitmap': {
			return bitmap(world, parseArguments(rest));
		}

		case 'commit': {
			return commit(world, parseArguments(rest));
		}

		case 'rebase': {
			return rebase(world, parseArguments(rest));
		}

		default: {
			return complain(`qemu-img: Command not found: ${verb}`);
		}
	}
}

/** Of one layer alone, as it is asked with `backing: null`. */
function map(world: DemoWorld, {paths}: Arguments): Answer {
	const {file: {filename}} = JSON.parse((paths[0] ?? '').replace(/^json:/, '')) as {file: {filename: string}};
	const file = world.files.get(filename);
	if (!file) {
		return missing(filename);
	}

	const length = file.writes.length === 0 ? file.virtualSizeBytes : Math.min(file.allocatedBytes, file.virtualSizeBytes);
	return say(`${JSON.stringify([{start: 0, length, depth: 0, present: file.writes.length > 0, zero: file.writes.length === 0, data: file.writes.length > 0}])}\n`);
}

/** `qemu-io -c quit`: opens an image for writing, and that is all. */
export function openToWrite(world: DemoWorld, argv: string[]): Answer {
	const [file = ''] = parseArguments(argv).paths;
	if (!world.files.has(file)) {
		return complain(`qemu-io: can't open device ${file}: Could not open '${file}': No such file or directory`);
	}

	return userOf(world, file) ? complain(`qemu-io: can't open device ${file}: Failed to get "write" lock`, `Is another process using the image [${file}]?`) : say('');
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

	const locked = lockComplaint(world, name);
	if (locked) {
		return locked;
	}

	const made = options.get('-c');
	const applied = options.get('-a');
	const deleted = options.get('-d');
	if (made !== undefined) {
		file.tags.push({tag: made, memoryBytes: 0, atMs: world.now().getTime(), writes: [...file.writes]});
	} else if (applied !== undefined) {
		const found = file.tags.find(({tag}) => tag === applied);
		if (!found) {
			return complain(`qemu-img: Could not apply snapshot '${applied}': Failed to load snapshot: No such file or directory`);
		}

		file.writes = [...found.writes];
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

	const locked = lockComplaint(world, name);
	if (locked) {
		return locked;
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
