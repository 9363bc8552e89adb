/**
Looking at the files of backups: what is there, its header and its bytes, and whether each chain opens. A name in a header is compared before any program opens the
image, and no program follows it.
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import {chainOf, chainSpec, linksByFile, type ChainLink} from '../../model/backup/chain.ts';
import {headerBytes, parseQcow2Header} from '../../model/backup/qcow2-header.ts';
import {
	judgePoint, wrongWithFile, wrongWithHeader, type Examination, type PointVerdict, type SeenFile,
} from '../../model/backup/verdict.ts';
import type {Failure} from '../../model/failure.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';
import {sha256Of} from './sha256.ts';

const readTimeoutMs = 60_000;
const checkTimeoutMs = 24 * 3_600_000;
/** Names that QEMU wrote are within the first bytes. */
const firstBytes = 4096;
const filesPerCall = 100;

const reasonOf = (failure: Failure): string => failure.kind === 'tool-failed' ? failure.cause.stderr.trim().split('\n')[0] ?? '' : (failure.kind === 'unreadable' ? failure.reason : describeFailure(failure).message);

async function readBytes(runner: Runner, path: string, at: {offset: number; length: number}): Promise<Result<Buffer>> {
	const answer = await runner({argv: ['od', '-An', '-v', '-tx1', '-j', String(at.offset), '-N', String(at.length), '--', path], where: 'host', timeoutMs: readTimeoutMs});
	return answer.ok ? succeed(Buffer.from(answer.value.stdout.replaceAll(/\s/g, ''), 'hex')) : answer;
}

/** Fails only where the host cannot be asked. */
async function readHeader(runner: Runner, path: string, name: string): Promise<Result<NonNullable<SeenFile['header']>>> {
	const first = await readBytes(runner, path, {offset: 0, length: firstBytes});
	const header = first.ok ? parseQcow2Header(first.value.subarray(0, Math.max(headerBytes, first.value.length)), name) : first;
	if (!first.ok || !header.ok) {
		const {failure} = first.ok ? header as Extract<typeof header, {ok: false}> : first;
		return failure.kind === 'host-unreachable' ? {ok: false, failure} : succeed({problem: reasonOf(failure)});
	}

	const {backing} = header.value;
	if (backing === undefined) {
		return succeed({...header.value, backingName: null});
	}

	const end = backing.offset + backing.length;
	const bytes = end <= first.value.length ? succeed(first.value.subarray(backing.offset, end)) : await readBytes(runner, path, backing);
	return bytes.ok ? succeed({...header.value, backingName: bytes.value.toString()}) : succeed({problem: reasonOf(bytes.failure)});
}

/** Those that are there; a link is not followed. */
async function readFiles(runner: Runner, folder: string, names: readonly string[]): Promise<Result<Map<string, SeenFile>>> {
	const seen = new Map<string, SeenFile>();
	for (let index = 0; index < names.length; index += filesPerCall) {
		const paths = names.slice(index, index + filesPerCall).map(name => posix.join(folder, name));
		const answer = await runner({argv: ['stat', '--printf', String.raw`%n\0%F\0%s\0`, '--', ...paths], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [1]});
		if (!answer.ok) {
			return answer;
		}

		const fields = answer.value.stdout.split('\0');
		for (let at = 0; at + 3 <= fields.length; at += 3) {
			seen.set(posix.basename(fields[at]!), {isRegular: /^regular (?:empty )?file$/.test(fields[at + 1]!), sizeBytes: Number(fields[at + 2])});
		}
	}

	return succeed(seen);
}

/** What is wrong inside, by qemu-img, which is told that there is nothing below. */
async function checkInside(runner: Runner, folder: string, file: string): Promise<string | undefined> {
	const answer = await runner({argv: ['qemu-img', 'check', '-q', chainSpec(folder, [file])], where: 'host', timeoutMs: checkTimeoutMs, acceptedExitCodes: [3]});
	return answer.ok ? undefined : reasonOf(answer.failure);
}

/** Why it does not open with all that it is built on. `measure`, because `info` opens every layer alone, and so refuses a description of the whole chain. */
async function openChain(runner: Runner, folder: string, chain: readonly ChainLink[]): Promise<string | undefined> {
	const answer = await runner({argv: ['qemu-img', 'measure', '--output=json', '-O', 'qcow2', chainSpec(folder, chain.map(({file}) => file))], where: 'host', timeoutMs: checkTimeoutMs});
	return answer.ok ? undefined : reasonOf(answer.failure);
}

/** Fails only where the host cannot be asked: what is wrong with a point stands in its verdict. */
export async function examineBackups(runner: Runner, folder: string, {points, wanted, isQuick}: Examination): Promise<Result<PointVerdict[]>> {
	const links = linksByFile(points);
	const chains = new Map(wanted.flatMap(({disks}) => disks.map(({file}) => {
		const chain = chainOf(links, file);
		return [file, chain.ok ? chain.value : undefined] as const;
	})));
	const images = [...new Set([...chains].flatMap(([file, chain]) => chain?.map(link => link.file) ?? [file]))];
	const extras = wanted.flatMap(one => one.extras.map(({file}) => file));
	const seen = await readFiles(runner, folder, [...images, ...extras]);
	if (!seen.ok) {
		return seen;
	}

	for (const [file, facts] of seen.value) {
		const link = links.get(file);
		if (link !== undefined && facts.isRegular) {
			const header = await readHeader(runner, posix.join(folder, file), file);
			if (!header.ok) {
				return header;
			}

			facts.header = header.value;
		}

		if (!isQuick && facts.isRegular) {
			const sum = await sha256Of(runner, posix.join(folder, file));
			if (sum.ok) {
				facts.sha256 = sum.value;
			} else {
				facts.unreadable = reasonOf(sum.failure);
			}

			const isSafe = sum.ok && link !== undefined && wrongWithHeader(link, facts.header).length === 0;
			facts.checkProblem = isSafe ? await checkInside(runner, folder, file) : undefined;
		}
	}

	const opening = new Map<string, string>();
	for (const [file, chain] of chains) {
		const isSound = chain?.every(link => wrongWithFile(link, seen.value.get(link.file)).length === 0);
		const problem = isSound ? await openChain(runner, folder, chain!) : undefined;
		if (problem !== undefined) {
			opening.set(file, problem);
		}
	}

	return succeed(wanted.map(manifest => judgePoint(points, manifest, seen.value, opening)));
}
