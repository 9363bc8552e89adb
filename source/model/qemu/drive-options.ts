/**
The older ways of a QEMU command line to name a drive: `-drive`, `-hda` and the like, `-cdrom`, and how each is put on another image.
*/
import {posix} from 'node:path';
import type {ImagePlace} from '../images/image.ts';
import {fail, succeed, type Result} from '../result.ts';
import {describeOption, formatPairs, isOn, parsePairs, valueOf, type Pair, type QemuOption} from './options.ts';

type QemuDrive = {
	/** The image as an absolute path; undefined where the drive is no file of the host. */
	path: string | undefined;
	/** Undefined: left to QEMU to find out. */
	format: string | undefined;
	/** The id of its backend, or its node name: how the monitor knows it. */
	name: string | undefined;
	kind: 'disk' | 'medium' | 'firmware';
	/** A part of the file, or writes that go elsewhere: it cannot be put on another image. */
	oddity: string | undefined;
	/** As the person wrote it. */
	text: string;
};

export type Image = ImagePlace & {/** Given to a backend that has none. */ name?: string};

export type Found = QemuDrive & {
	/** Puts the drive on another image, within the options. Fails where that cannot be expressed. */
	change: (image: Image) => Result<void>;
};

/** Drivers that open a file or a device of the host. */
export const protocols = new Set(['file', 'host_device']);
export const formats = new Set(['qcow2', 'raw', 'qed', 'qcow', 'vmdk', 'vdi', 'vpc', 'vhdx', 'parallels', 'luks', 'cloop', 'dmg', 'bochs']);
export const legacyDisks: Record<string, {index: number; name: string}> = {
	'': {index: 0, name: 'ide0-hd0'},
	hda: {index: 0, name: 'ide0-hd0'},
	hdb: {index: 1, name: 'ide0-hd1'},
	hdc: {index: 2, name: 'ide1-hd0'},
	hdd: {index: 3, name: 'ide1-hd1'},
};
export const legacyMedia = new Set(['cdrom', 'fda', 'fdb', 'sd', 'mtdblock']);

/** Options that only qcow2 knows. */
export const qcow2Only = /^(?:lazy-refcounts|pass-discard-.*|overlap-check.*|cache-size|l2-cache.*|refcount-cache-size|cache-clean-interval|discard-no-unref|encrypt.*|data-file.*)$/;

export function reject(text: string, why: string): Result<never> {
	return fail({kind: 'unreadable', what: 'The command line of QEMU', reason: `the argument ${text} cannot be put on another image: ${why}`});
}

/** Names with a protocol before a colon are no files, but for `file:`. */
export function toPath(name: string | undefined, folder: string): string | undefined {
	const plain = name?.replace(/^file:/, '');
	return plain === undefined || plain === '' || /^[a-z][\w+.-]*:/i.test(plain) ? undefined : posix.resolve(folder, plain);
}

/** The driver `file` refuses a block device, and `host_device` a file. */
export const protocolFor = ({isDevice = false}: Image) => isDevice ? 'host_device' : 'file';

function setPair(pairs: Pair[], key: string, value: string): void {
	const at = pairs.findIndex(pair => pair.key === key);
	if (at === -1) {
		pairs.push({key, value});
	} else {
		pairs[at] = {key, value};
	}
}

export function readDrive(option: QemuOption, folder: string): Found {
	const pairs = parsePairs(option.value!);
	const dotted = valueOf(pairs, 'file.filename');
	const driver = valueOf(pairs, 'file.driver');
	const path = driver === undefined || protocols.has(driver) ? toPath(dotted ?? valueOf(pairs, 'file'), folder) : undefined;
	const text = describeOption(option);
	const slice = pairs.find(({key}) => key === 'offset' || key === 'size');
	const format = valueOf(pairs, 'format') ?? valueOf(pairs, 'driver');
	return {
		path,
		format,
		name: valueOf(pairs, 'id'),
		kind: valueOf(pairs, 'if') === 'pflash' ? 'firmware' : (valueOf(pairs, 'media') === 'cdrom' || valueOf(pairs, 'if') === 'floppy' ? 'medium' : 'disk'),
		oddity: isOn(pairs, 'snapshot') ? 'it writes to a temporary file' : (slice && 'it is a part of its file'),
		text,
		change(image) {
			const unfit = format !== undefined && !formats.has(format) ? `its format ${format} is none of an image` : undefined;
			if (unfit !== undefined) {
				return reject(text, unfit);
			}

			const kept = pairs.filter(({key}) => !['driver', 'format'].includes(key) && !/^backing(?:\.|$)/.test(key) && (image.format === 'qcow2' || !qcow2Only.test(key)));
			setPair(kept, dotted === undefined ? 'file' : 'file.filename', image.path);
			if (driver !== undefined) {
				setPair(kept, 'file.driver', protocolFor(image));
			}

			setPair(kept, 'format', image.format);
			if (image.name !== undefined && !kept.some(({key}) => key === 'id')) {
				kept.push({key: 'id', value: image.name});
			}

			option.value = formatPairs(kept);
			return succeed(undefined);
		},
	};
}

export function readLegacy(option: QemuOption, folder: string): Found {
	const {index, name} = legacyDisks[option.name]!;
	return {
		path: toPath(option.value, folder),
		format: undefined,
		name,
		kind: 'disk',
		oddity: undefined,
		text: describeOption(option),
		change(image) {
			option.name = 'drive';
			option.value = formatPairs([
				{key: 'file', value: image.path},
				{key: 'format', value: image.format},
				{key: 'index', value: String(index)},
				{key: 'media', value: 'disk'},
				...(image.name === undefined ? [] : [{key: 'id', value: image.name}]),
			]);
			return succeed(undefined);
		},
	};
}

export function readMedium(option: QemuOption, folder: string): Found {
	const text = describeOption(option);
	return {
		path: toPath(option.value, folder),
		format: undefined,
		name: undefined,
		kind: option.name === 'sd' || option.name === 'mtdblock' ? 'disk' : (option.name === 'pflash' ? 'firmware' : 'medium'),
		oddity: undefined,
		text,
		change: () => reject(text, 'it has no form that names a format'),
	};
}
