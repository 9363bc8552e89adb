/**
The drives of a QEMU command line: which image each of them opens, and the same command line with other images under them. What is not understood is
refused with the argument named; nothing is guessed.
*/
import {succeed, type Result} from '../result.ts';
import {
	formatBlockdev, isOptions, parseBlockdev, type BlockNodeText, type BlockOptions,
} from './block-options.ts';
import {
	describeOption, parsePairs, valueOf, type CommandLine, type QemuOption,
} from './options.ts';
import {formats, type Found, toPath, reject, protocolFor, readDrive, legacyDisks, readLegacy, legacyMedia, readMedium, qcow2Only, protocols} from './drive-options.ts';

type Blockdev = BlockNodeText & {option: QemuOption};

/** Options of the format node that mean the same in every format. */
const commonOptions = new Set(['node-name', 'file', 'driver', 'read-only', 'auto-read-only', 'discard', 'cache', 'detect-zeroes', 'force-share']);

/** Every name of another node within the options, and by which key. */
function referencesOf(options: BlockOptions): Array<{key: string; name: string; holder: BlockOptions}> {
	return Object.entries(options).flatMap(([key, value]) => {
		if (isOptions(value)) {
			return referencesOf(value);
		}

		return typeof value === 'string' && ['file', 'backing', 'data-file', 'bottom', 'top'].includes(key) ? [{key, name: value, holder: options}] : [];
	});
}

/** The format nodes within a blockdev that open a file, not those below a `backing`. */
function formatNodes(options: BlockOptions): BlockOptions[] {
	const inner = isOptions(options.file) ? formatNodes(options.file) : [];
	return typeof options.driver === 'string' && formats.has(options.driver) ? [options] : inner;
}

function nameOfNode(options: BlockOptions): string | undefined {
	return typeof options['node-name'] === 'string' ? options['node-name'] : undefined;
}

/** The nodes that only the backing of a changed node led to: opened as they are, they would lock the images that the new overlay is backed by. */
function dropOrphans(commandLine: CommandLine, blockdevs: Blockdev[], name: string): void {
	const found = blockdevs.find(({options}) => nameOfNode(options) === name);
	const isUsed = blockdevs.some(({options}) => referencesOf(options).some(reference => reference.name === name));
	if (found === undefined || isUsed) {
		return;
	}

	blockdevs.splice(blockdevs.indexOf(found), 1);
	commandLine.options.splice(commandLine.options.indexOf(found.option), 1);
	for (const reference of referencesOf(found.options)) {
		dropOrphans(commandLine, blockdevs, reference.name);
	}
}

function readFormatNode(commandLine: CommandLine, blockdevs: Blockdev[], given: {blockdev: Blockdev; node: BlockOptions}): Found {
	const {blockdev, node} = given;
	const holder = typeof node.file === 'string' ? blockdevs.find(({options}) => nameOfNode(options) === node.file) : blockdev;
	const protocol = typeof node.file === 'string' ? holder?.options : node.file;
	const text = describeOption(blockdev.option);
	const isFile = isOptions(protocol) && typeof protocol.driver === 'string' && protocols.has(protocol.driver) && typeof protocol.filename === 'string';
	return {
		path: isFile ? toPath(`file:${protocol.filename as string}`, commandLine.folder) : undefined,
		format: node.driver as string,
		name: nameOfNode(node),
		kind: 'disk',
		oddity: node.driver === 'raw' && (node.offset !== undefined || node.size !== undefined) ? 'it is a part of its file' : undefined,
		text,
		change(image) {
			if (!isFile) {
				return reject(text, 'it does not lead to a file');
			}

			const below = typeof node.file === 'string' ? node.file : undefined;
			if (below !== undefined && blockdevs.flatMap(({options}) => referencesOf(options)).filter(({name}) => name === below).length > 1) {
				return reject(text, `its node ${below} has another user`);
			}

			const isOther = node.driver !== image.format;
			const {backing} = node;
			for (const key of Object.keys(node)) {
				if (key === 'backing' || (isOther && image.format !== 'qcow2' && qcow2Only.test(key)) || (isOther && image.format === 'qcow2' && !commonOptions.has(key))) {
					Reflect.deleteProperty(node, key);
				}
			}

			node.driver = image.format;
			protocol.driver = protocolFor(image);
			protocol.filename = image.path;
			for (const changed of new Set([blockdev, holder!])) {
				changed.option.value = formatBlockdev(changed);
			}

			if (typeof backing === 'string') {
				dropOrphans(commandLine, blockdevs, backing);
			}

			return succeed(undefined);
		},
	};
}

/** A device that sits on a file without a format between them: raw, by definition. */
function readBareNode(commandLine: CommandLine, blockdev: Blockdev): Found {
	const {options, option} = blockdev;
	const text = describeOption(option);
	return {
		path: typeof options.filename === 'string' ? toPath(`file:${options.filename}`, commandLine.folder) : undefined,
		format: 'raw',
		name: nameOfNode(options),
		kind: 'disk',
		oddity: undefined,
		text,
		change(image) {
			if (image.format === 'raw') {
				options.driver = protocolFor(image);
				options.filename = image.path;
			} else {
				const {'node-name': name, 'read-only': readOnly, discard, 'detect-zeroes': zeroes, ...protocol} = options;
				const outer = Object.entries({'node-name': name, 'read-only': readOnly, discard, 'detect-zeroes': zeroes}).filter(([, value]) => value !== undefined);
				blockdev.options = {
					driver: image.format,
					...Object.fromEntries(outer),
					file: {...protocol, driver: protocolFor(image), filename: image.path, ...(discard === undefined ? {} : {discard})},
				};
			}

			option.value = formatBlockdev(blockdev);
			return succeed(undefined);
		},
	};
}

function readBlockdevs(commandLine: CommandLine): Result<Found[]> {
	const blockdevs: Blockdev[] = [];
	for (const option of commandLine.options.filter(({name}) => name === 'blockdev')) {
		const parsed = parseBlockdev(option.value!);
		if (!parsed.ok) {
			return parsed;
		}

		blockdevs.push({...parsed.value, option});
	}

	const references = blockdevs.flatMap(({options}) => referencesOf(options));
	const found: Found[] = [];
	for (const blockdev of blockdevs) {
		const name = nameOfNode(blockdev.options);
		const users = references.filter(reference => reference.name === name);
		const {driver} = blockdev.options;
		if (users.some(({key}) => key === 'backing')) {
			continue;
		}

		if (typeof driver === 'string' && protocols.has(driver)) {
			found.push(...(users.length === 0 ? [readBareNode(commandLine, blockdev)] : []));
		} else {
			found.push(...formatNodes(blockdev.options).map(node => readFormatNode(commandLine, blockdevs, {blockdev, node})));
		}
	}

	return succeed(found);
}

/** The backends and nodes in which a `-device` of a drive with a removable medium puts one: whatever `if=none` or a blockdev says, the guest finds a CD or a floppy there. */
function mediaOf(options: readonly QemuOption[]): Set<string> {
	return new Set(options.filter(({name}) => name === 'device').flatMap(({value = ''}) => {
		const pairs = value.startsWith('{') ? undefined : parsePairs(value);
		const read = (key: string) => pairs === undefined ? new RegExp(String.raw`"${key}"\s*:\s*"([^"]*)"`, 'u').exec(value)?.[1] : valueOf(pairs, key);
		const driver = read('driver') ?? pairs?.[0]?.key;
		const drive = read('drive');
		return drive !== undefined && /^(?:ide-cd|scsi-cd|floppy)$/u.test(driver ?? '') ? [drive] : [];
	}));
}

/** All drives; `change` works on the options of `commandLine` in place. Fails with `unreadable`, naming the argument. */
export function findDrives(commandLine: CommandLine): Result<Found[]> {
	const blockdevs = readBlockdevs(commandLine);
	if (!blockdevs.ok) {
		return blockdevs;
	}

	const {folder, options} = commandLine;
	const media = mediaOf(options);
	const found = [
		...options.flatMap(option => {
			if (option.name === 'drive') {
				return [readDrive(option, folder)];
			}

			if (option.name in legacyDisks) {
				return [readLegacy(option, folder)];
			}

			return legacyMedia.has(option.name) || option.name === 'pflash' ? [readMedium(option, folder)] : [];
		}),
		...blockdevs.value,
	];
	return succeed(found.map((drive): Found => drive.kind === 'disk' && drive.name !== undefined && media.has(drive.name) ? {...drive, kind: 'medium'} : drive));
}
