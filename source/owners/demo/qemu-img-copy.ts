/**
`qemu-img commit` and `qemu-img rebase` on the demo host's files: what is written down, what is pulled up, and what is only linked anew.
*/
import path from 'node:path';
import {complain, say, type Answer} from './answer.ts';
import type {Copying} from './copying.ts';
import {
	belowOf, bytesOf, commitLayers, growing, layersAbove, linkImage, pullLayers,
} from './images.ts';
import {
	couldNotOpen, lockComplaint, missing, type Arguments,
} from './qemu-img-words.ts';
import {
	emptyImageBytes, readChain, type DemoFile, type DemoWorld,
} from './world.ts';

type Opened = {file: DemoFile} | {complaint: Answer};

function open(world: DemoWorld, name: string): Opened {
	const file = world.files.get(name);
	const complaint = file ? lockComplaint(world, name) : missing(name);
	return complaint ? {complaint} : {file: file!};
}

/** Fails where the image's own chain does not open. */
function openWithChain(world: DemoWorld, name: string): Opened {
	const opened = open(world, name);
	const lost = 'file' in opened ? readChain(world, name).missing : undefined;
	return lost === undefined ? opened : {complaint: couldNotOpen(name, `Could not open backing file: Could not open '${lost}': No such file or directory`)};
}

/** The top is emptied unless `-d` is given. */
export function commit(world: DemoWorld, {options, paths}: Arguments): Answer | Copying {
	const [name = ''] = paths;
	const opened = openWithChain(world, name);
	if ('complaint' in opened) {
		return opened.complaint;
	}

	const {file: top} = opened;
	const into = options.get('-b') ?? belowOf(world, top)?.path;
	if (into === undefined) {
		return complain('qemu-img: Image does not have a backing file');
	}

	const layers = layersAbove(world, name, into);
	if (!layers) {
		return complain(`qemu-img: Did not find '${into}' in the backing chain of '${name}'`);
	}

	if (lockComplaint(world, into)) {
		return complain('qemu-img: Failed to get "write" lock', `Is another process using the image [${into}]?`);
	}

	const base = world.files.get(into)!;
	const {advance, reset} = growing(base);
	return {
		bytes: bytesOf(layers),
		advance,
		finish() {
			reset();
			commitLayers(world, layers, base);
			if (!options.has('-d')) {
				top.writes = [];
				top.allocatedBytes = emptyImageBytes;
				top.modifiedAtMs = world.now().getTime();
			}

			return say('');
		},
	};
}

/** Only the header, where nothing that is named needs to be there. */
function relink(world: DemoWorld, opened: Opened, {options}: Arguments): Answer {
	if ('complaint' in opened) {
		return opened.complaint;
	}

	const name = options.get('-b') ?? '';
	const format = options.get('-F');
	if (name !== '' && format === undefined) {
		return complain(`qemu-img: Could not change the backing file to '${name}': backing format must be specified`);
	}

	linkImage(world, opened.file, name === '' ? undefined : {name, format});
	return say('');
}

export function rebase(world: DemoWorld, given: Arguments): Answer | Copying {
	const {options, paths} = given;
	const [name = ''] = paths;
	if (options.has('-u')) {
		return relink(world, open(world, name), given);
	}

	const opened = openWithChain(world, name);
	if ('complaint' in opened) {
		return opened.complaint;
	}

	const {file: top} = opened;
	const wanted = options.get('-b') ?? '';
	const onto = wanted === '' ? undefined : path.posix.resolve(path.posix.dirname(name), wanted);
	if (onto !== undefined && !world.files.has(onto)) {
		return complain(`qemu-img: Could not open new backing file '${wanted}': Could not open '${onto}': No such file or directory`);
	}

	if (onto !== undefined && !options.has('-F')) {
		return complain(`qemu-img: Could not change the backing file to '${wanted}': backing format must be specified`);
	}

	const chain = readChain(world, name).files;
	const stays = onto === undefined ? [] : readChain(world, onto).files;
	const layers = chain.slice(1).filter(file => !stays.includes(file));
	const {advance, reset} = growing(top);
	return {
		bytes: bytesOf(layers),
		advance,
		finish() {
			reset();
			pullLayers(world, top, layers);
			linkImage(world, top, onto === undefined ? undefined : {name: wanted, format: options.get('-F')});
			return say('');
		},
	};
}
