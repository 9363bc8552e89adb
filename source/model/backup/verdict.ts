/**
What is wrong with a point of a folder of backups, from what was seen of its files.
*/
import {chainOf, linksByFile, type ChainLink} from './chain.ts';
import type {BackedUpExtra, BackedUpFile, Manifest} from './manifest.ts';
import type {Qcow2Header} from './qcow2-header.ts';

/** A file of the folder. Members that are missing were not looked at. */
export type SeenFile = {
	isRegular: boolean;
	sizeBytes: number;
	sha256?: string;
	/** Why its bytes could not be read. */
	unreadable?: string;
	/** Of an image: its header, or why there is none. */
	header?: (Qcow2Header & {backingName: string | null}) | {problem: string};
	/** What `qemu-img check` says against it. */
	checkProblem?: string;
};

export type Examination = {
	points: readonly Manifest[];
	/** Those of the points that are to be judged. */
	wanted: readonly Manifest[];
	/** Sizes and headers only: not all bytes are read. */
	isQuick: boolean;
};

/** `damaged`: its own files. `unrestorable`: a file that it is built on. */
export type PointVerdict = {point: string; state: 'good' | 'damaged' | 'unrestorable'; problems: string[]};

/** What is wrong with one file. Nothing of an image may be opened where this finds something in its header. */
export function wrongWithFile(expected: BackedUpFile | BackedUpExtra | ChainLink, seen: SeenFile | undefined): string[] {
	const {file} = expected;
	if (seen === undefined) {
		return [`${file} is missing`];
	}

	if (!seen.isRegular) {
		return [`${file} is no regular file`];
	}

	return [
		...('virtualSizeBytes' in expected ? wrongWithHeader(expected, seen.header) : []),
		...(seen.sizeBytes === expected.sizeBytes ? [] : [`${file} has ${seen.sizeBytes} bytes, and had ${expected.sizeBytes}`]),
		...(seen.unreadable === undefined ? [] : [`${file} cannot be read: ${seen.unreadable}`]),
		...(seen.sha256 === undefined || seen.sha256 === expected.sha256 ? [] : [`${file} holds other bytes than it did (SHA-256)`]),
		...(seen.checkProblem === undefined ? [] : [`${file} is broken inside: ${seen.checkProblem}`]),
	];
}

export function wrongWithHeader({file, backing, virtualSizeBytes}: ChainLink, header: SeenFile['header']): string[] {
	if (header === undefined) {
		return [];
	}

	if ('problem' in header) {
		return [`${file}: ${header.problem}`];
	}

	return [
		...(header.backingName === backing ? [] : [`${file} names ${header.backingName === null ? 'no backing file' : `"${header.backingName}"`}, and its manifest ${backing === null ? 'none' : `"${backing}"`}`]),
		...(header.hasDataFile ? [`${file} has its content in another file`] : []),
		...(header.isEncrypted ? [`${file} is encrypted`] : []),
		...(header.virtualSizeBytes === virtualSizeBytes ? [] : [`${file} is a disk of ${header.virtualSizeBytes} bytes, and was one of ${virtualSizeBytes}`]),
	];
}

/** `opening`: by the file on top, what qemu-img says against opening its chain. */
export function judgePoint(points: readonly Manifest[], {point, disks, extras}: Manifest, seen: ReadonlyMap<string, SeenFile>, opening: ReadonlyMap<string, string>): PointVerdict {
	const links = linksByFile(points);
	const own = [...disks, ...extras].flatMap(one => wrongWithFile('disk' in one ? links.get(one.file)! : one, seen.get(one.file)));
	const below = disks.flatMap(({file}) => {
		const chain = chainOf(links, file);
		return chain.ok
			? chain.value.slice(1).flatMap(link => wrongWithFile(link, seen.get(link.file)))
			: [chain.failure.kind === 'unreadable' ? `${file}: ${chain.failure.reason}` : file];
	});
	const closed = own.length + below.length > 0 ? [] : disks.flatMap(({file}) => opening.has(file) ? [`${file} does not open: ${opening.get(file)!}`] : []);
	const problems = [...new Set([...own, ...below, ...closed])];
	return {point, state: problems.length === 0 ? 'good' : (own.length + closed.length > 0 ? 'damaged' : 'unrestorable'), problems};
}
