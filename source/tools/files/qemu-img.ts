/**
What `qemu-img info` says of images. Formats are always given, so nothing is probed that its overlay's header does not name; where a chain does not open as
a whole it is walked image by image, to tell which link is missing or unreadable.
*/
import type {Image, ImageProblem} from '../../model/images/image.ts';
import {isInNetwork} from '../../model/qemu/network-image.ts';
import {serverIsSilent} from '../../model/images/unreadable-image.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Failure} from '../../model/failure.ts';
import {succeed, type Result} from '../../model/result.ts';
import {mapLimited} from '../run/concurrency.ts';
import type {Runner} from '../run/run.ts';
import {readOpenProcesses} from './files.ts';
import {parseImageInfo} from './parse-image-info.ts';

const readTimeoutMs = 60_000;
const locksAtOnce = 4;
/** libvirt itself stops at 200. */
const mostImagesRead = 1000;

/** An image of which nothing is known but what is wrong with it. */
export function unknownImage(path: string, format: string | undefined, ...problems: ImageProblem[]): Image {
	return {
		path,
		format,
		virtualSizeBytes: 0,
		allocatedBytes: 0,
		backingPath: undefined,
		backingName: undefined,
		backingFormat: undefined,
		clusterSizeBytes: undefined,
		internalSnapshots: [],
		bitmaps: [],
		file: undefined,
		problems,
	};
}

function wordsOf(failure: Failure): string {
	return failure.kind === 'tool-failed' ? failure.cause.stderr.trim() || describeFailure(failure).message : describeFailure(failure).message;
}

/** Why an image does not open, from the words of qemu-img. Messages of QEMU 7.2 to 11.1. */
function unreadable(reason: string): ImageProblem {
	const cause = reason.includes('Permission denied') ? 'not-permitted' : (/not in \w+ format|Unsupported \w+ version/.test(reason) ? 'other-format' : undefined);
	return {kind: 'unreadable', reason, ...(cause && {cause})};
}

function infoArgv(path: string, format: string | undefined, flags: string[]): string[] {
	return ['qemu-img', 'info', ...flags, '--output=json', ...(format === undefined ? [] : ['-f', format]), '--', path];
}

/** One image alone. Its problem stands in the image; fails only where the host cannot be asked. */
async function readOne(runner: Runner, path: string, format: string | undefined): Promise<Result<Image>> {
	// Only a raw one is surely the lowest of its chain.
	if (isInNetwork(path) && format === 'raw') {
		return succeed(unknownImage(path, format));
	}

	if (!path.startsWith('/')) {
		return succeed(unknownImage(path, format, {kind: 'unreadable', reason: 'it is not a file on the host'}));
	}

	const answer = await runner({argv: infoArgv(path, format, ['-U']), where: 'host', timeoutMs: readTimeoutMs});
	if (!answer.ok) {
		if (answer.failure.kind !== 'tool-failed') {
			return answer;
		}

		const reason = wordsOf(answer.failure);
		return succeed(unknownImage(path, format, reason.includes('No such file or directory') ? {kind: 'missing'} : unreadable(reason)));
	}

	const images = parseImageInfo(answer.value.stdout, path);
	return images.ok && images.value[0]
		? succeed(images.value[0])
		: succeed(unknownImage(path, format, {kind: 'unreadable', reason: 'qemu-img gave no readable answer'}));
}

async function walkChain(runner: Runner, path: string, format: string | undefined): Promise<Result<Image[]>> {
	const images: Image[] = [];
	const seen = new Set<string>();
	let next: {path: string; format: string | undefined} | undefined = {path, format};
	while (next !== undefined && images.length < mostImagesRead) {
		if (seen.has(next.path)) {
			images.at(-1)!.problems.push({kind: 'unreadable', reason: `its backing file leads back to ${next.path}`, cause: 'loop'});
			break;
		}

		seen.add(next.path);
		const image: Result<Image> = await readOne(runner, next.path, next.format);
		if (!image.ok) {
			return image;
		}

		if (image.value.problems.some(problem => problem.kind === 'missing')) {
			images.at(-1)?.problems.push({kind: 'backing-missing', backingPath: next.path});
		}

		images.push(image.value);
		next = image.value.backingPath === undefined ? undefined : {path: image.value.backingPath, format: image.value.backingFormat};
	}

	return succeed(images);
}

/**
An image and all that it is backed by, from the top down. `-U` reads beside a running QEMU. What is wrong with an image stands in its `problems`; fails only
where the host cannot be asked. Without a format QEMU looks for itself: only for images that a person has named. `mayEndInNetwork`: image by image, so that nothing opens the lowest one: a
server may let in one client at a time, and lets the others wait (qemu-nbd, unless `--shared` says more).
*/
export async function readChain(runner: Runner, path: string, format: string | undefined, {mayEndInNetwork = false}: {mayEndInNetwork?: boolean} = {}): Promise<Result<Image[]>> {
	if (mayEndInNetwork || !path.startsWith('/')) {
		return walkChain(runner, path, format);
	}

	const answer = await runner({argv: infoArgv(path, format, ['-U', '--backing-chain']), where: 'host', timeoutMs: readTimeoutMs});
	if (answer.ok) {
		const images = parseImageInfo(answer.value.stdout, path);
		if (images.ok) {
			return images;
		}
	} else if (answer.failure.kind !== 'tool-failed') {
		return answer;
	}

	return walkChain(runner, path, format);
}

/** Longer than a server in the same house needs. */
const serverTimeoutMs = 10_000;

/** With its size, or why its server gives none. Only while nobody is known to have it open. */
export async function askServer(runner: Runner, image: Image): Promise<Image> {
	const answer = await runner({argv: infoArgv(image.path, image.format, ['-U']), where: 'host', timeoutMs: serverTimeoutMs});
	const images = answer.ok ? parseImageInfo(answer.value.stdout, image.path) : answer;
	if (images.ok && images.value[0]) {
		return {...image, virtualSizeBytes: images.value[0].virtualSizeBytes};
	}

	const isSilent = !answer.ok && answer.failure.kind === 'tool-failed' && answer.failure.cause.timedOut;
	const reason = isSilent ? serverIsSilent(serverTimeoutMs) : (answer.ok ? 'qemu-img gave no readable answer' : wordsOf(answer.failure));
	return {...image, problems: [...image.problems, {kind: 'unreadable', reason, cause: 'server'}]};
}

/** The size of the block device that holds this image, which takes it whole however little the image inside needs. 0: it cannot be told. */
export async function readDeviceBytes(runner: Runner, image: Image): Promise<number> {
	const whole = image.format === 'raw' ? succeed(image) : await readOne(runner, image.path, 'raw');
	return whole.ok ? whole.value.virtualSizeBytes : 0;
}

function isLockComplaint(failure: Failure): boolean {
	return failure.kind === 'tool-failed' && /Failed to get (?:shared )?"[\w ]+" lock|Failed to lock byte/.test(failure.cause.stderr);
}

/** Whether the image, and with `withChain` any below it, is open for writing elsewhere: an `info` that respects QEMU's locks says so. */
async function isLocked(runner: Runner, image: {path: string; format: string | undefined}, withChain: boolean): Promise<boolean> {
	const answer = await runner({argv: infoArgv(image.path, image.format, withChain ? ['--backing-chain'] : []), where: 'host', timeoutMs: readTimeoutMs});
	return !answer.ok && isLockComplaint(answer.failure);
}

/**
Adds the problem `locked` to the images that another process writes to. One question serves a whole chain, so give the tops first: images from
`images` that lie in a chain already found free are not asked again.
*/
export async function readLocks(runner: Runner, images: readonly Image[], chainOf: (path: string) => string[]): Promise<void> {
	const byPath = new Map(images.map(image => [image.path, image]));
	const asked = images.filter(image => !isInNetwork(image.path) && image.problems.every(problem => problem.kind !== 'missing' && problem.kind !== 'unreadable'));
	const mayOpenAll = (chain: readonly string[]) => !chain.some(link => isInNetwork(link));
	// None of these answers for another, so they are asked at once.
	const below = new Set(asked.flatMap(({path}) => chainOf(path).filter(link => link !== path)));
	const tops = asked.filter(({path}) => !below.has(path) && mayOpenAll(chainOf(path)));
	const locked = new Map((await mapLimited(tops, locksAtOnce, async top => isLocked(runner, top, true))).map((isTopLocked, index) => [tops[index]!.path, isTopLocked]));
	const free = new Set<string>();
	for (const image of asked) {
		if (free.has(image.path)) {
			continue;
		}

		const chain = chainOf(image.path);
		if (mayOpenAll(chain) && !(locked.get(image.path) ?? await isLocked(runner, image, true))) {
			for (const path of chain) {
				free.add(path);
			}
		} else if (await isLocked(runner, image, false)) {
			free.add(image.path);
			byPath.get(image.path)!.problems.push({kind: 'locked', processes: await readOpenProcesses(runner, image.path)});
		}
	}
}

type Header =
	| {kind: 'image'; image: Image}
	/** Another kind of file, or gone. */
	| {kind: 'no-image'}
	/** It may be a qcow2 image, and what it is backed by could not be read. */
	| {kind: 'unknown'; reason: string};

const magic = '514649fb';

/** What the header of a qcow2 image says. Nothing is probed, and nothing below is opened. */
export async function readHeader(runner: Runner, path: string): Promise<Header> {
	const answer = await runner({argv: infoArgv(path, 'qcow2', ['-U']), where: 'host', timeoutMs: readTimeoutMs});
	const images = answer.ok ? parseImageInfo(answer.value.stdout, path) : answer;
	if (images.ok) {
		return images.value[0] ? {kind: 'image', image: images.value[0]} : {kind: 'no-image'};
	}

	const {failure} = images;
	const unknown: Header = {kind: 'unknown', reason: wordsOf(failure)};
	if (failure.kind !== 'tool-failed' || failure.cause.timedOut) {
		return unknown;
	}

	if (/not in qcow2 format|No such file or directory/.test(failure.cause.stderr)) {
		return {kind: 'no-image'};
	}

	const start = await runner({argv: ['od', '-An', '-v', '-tx1', '-N', '4', '--', path], where: 'host', timeoutMs: readTimeoutMs});
	return start.ok && start.value.stdout.replaceAll(/\s/g, '') === magic ? unknown : {kind: 'no-image'};
}

async function readNames(runner: Runner, path: string, namesOf: (image: Image) => string[]): Promise<Result<string[]>> {
	const answer = await runner({argv: infoArgv(path, 'qcow2', ['-U']), where: 'host', timeoutMs: readTimeoutMs});
	const images = answer.ok ? parseImageInfo(answer.value.stdout, path) : answer;
	return images.ok ? succeed(images.value.slice(0, 1).flatMap(image => namesOf(image))) : images;
}

/** Tags of the internal snapshots inside a qcow2 image. */
export const readTags = async (runner: Runner, path: string) => readNames(runner, path, image => image.internalSnapshots.map(({tag}) => tag));

/** Bitmaps that are stored in a qcow2 image, good or broken. */
export const readBitmaps = async (runner: Runner, path: string) => readNames(runner, path, image => image.bitmaps.map(({name}) => name));

export const readGoodBitmaps = async (runner: Runner, path: string) => readNames(runner, path, image => image.bitmaps.filter(({isUsable}) => isUsable).map(({name}) => name));
