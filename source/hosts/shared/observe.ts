/**
The answers to probes: whether something is so at this moment. Always asked anew. Those about files are the same on every host, those about a domain are
asked of its own.
*/
import {byKind} from '../../model/by-kind.ts';
import type {Probe} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {isOwnedByRoot} from '../../model/images/image-owner.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import {readFileFacts, readSameContent, readSameFile, readTest} from '../../tools/files/files.ts';
import {fitsMemory} from '../../tools/files/memory-file.ts';
import {readBitmaps, readGoodBitmaps, readHeader, readTags} from '../../tools/files/qemu-img.ts';
import {readSameImage} from '../../tools/files/same-image.ts';
import type {Runner} from '../../tools/run/run.ts';
import {readImageUsers} from './image-users.ts';
import type {RecordSource} from './record-source.ts';

type FileGiven = {runner: Runner; source: Pick<RecordSource, 'readForeign'>};

function negate(result: Result<boolean>): Result<boolean> {
	return result.ok ? succeed(!result.value) : result;
}

async function hasTag({runner}: FileGiven, path: string, tag: string): Promise<Result<boolean>> {
	const tags = await readTags(runner, path);
	return tags.ok ? succeed(tags.value.includes(tag)) : tags;
}

async function isBackedBy({runner}: FileGiven, path: string, backing: string): Promise<Result<boolean>> {
	const header = await readHeader(runner, path);
	if (header.kind === 'unknown') {
		return fail({kind: 'unreadable', what: path, reason: header.reason});
	}

	const found = header.kind === 'image' ? header.image.backingPath : undefined;
	return found === undefined || found === backing ? succeed(found === backing) : readSameFile(runner, found, backing);
}

/** Each of these holds where the other does not. */
const opposites = {
	'file-missing': 'file-exists',
	'image-lacks-tag': 'image-has-tag',
	'image-lacks-bitmap': 'image-has-bitmap',
	'domain-off': 'domain-active',
	'snapshot-missing': 'snapshot-exists',
	'checkpoint-missing': 'checkpoint-exists',
} as const;

type DirectProbe = Exclude<Probe, {kind: keyof typeof opposites | 'all' | 'not'}>;
export type DomainProbe = Extract<DirectProbe, {uuid: string}>;

const observeFile: (probe: Exclude<DirectProbe, DomainProbe>, given: FileGiven) => Promise<Result<boolean>> = byKind({
	never: async () => succeed(false),
	'file-exists': async (probe, given) => readTest(given.runner, '-e', probe.path),
	async 'file-empty'(probe, given) {
		const exists = await readTest(given.runner, '-e', probe.path);
		return exists.ok && exists.value ? negate(await readTest(given.runner, '-s', probe.path)) : exists;
	},
	async 'not-owned-by-root'(probe, given) {
		const facts = await readFileFacts(given.runner, [probe.path]);
		const file = facts.ok ? facts.value.get(probe.path) : undefined;
		return facts.ok ? succeed(file !== undefined && !isOwnedByRoot(file)) : facts;
	},
	'memory-fits': async (probe, given) => fitsMemory(given.runner, probe),
	'same-file': async (probe, given) => readSameFile(given.runner, probe.path, probe.other),
	async 'also-named'(probe, given) {
		const stamps = await readFileStamps(given.runner, [probe.path, probe.other]);
		return stamps.ok ? succeed(stamps.value.length === 2 && stamps.value[0]!.inode === stamps.value[1]!.inode) : stamps;
	},
	'same-content': async (probe, given) => readSameContent(given.runner, probe.path, probe.other),
	'backed-by': async (probe, given) => isBackedBy(given, probe.path, probe.backing),
	'reads-same': async (probe, given) => readSameImage(given.runner, probe),
	'image-has-tag': async (probe, given) => hasTag(given, probe.path, probe.tag),
	async 'image-has-bitmap'(probe, given) {
		const bitmaps = await readBitmaps(given.runner, probe.path);
		return bitmaps.ok ? succeed(bitmaps.value.includes(probe.bitmap)) : bitmaps;
	},
	async 'image-has-good-bitmap'(probe, given) {
		const bitmaps = await readGoodBitmaps(given.runner, probe.path);
		return bitmaps.ok ? succeed(bitmaps.value.includes(probe.bitmap)) : bitmaps;
	},
	async 'image-unused'(probe, given) {
		const exists = await readTest(given.runner, '-e', probe.path);
		const users = exists.ok && exists.value ? await readImageUsers(given, probe.path) : exists;
		if (!users.ok && users.failure.kind === 'busy') {
			return succeed(false);
		}

		return users.ok ? succeed(Array.isArray(users.value) && users.value.length === 0) : users;
	},
});

function isDirect(probe: Probe): probe is DirectProbe {
	return !(probe.kind in opposites) && probe.kind !== 'all' && probe.kind !== 'not';
}

/** `askDomain`: how this host is asked about a domain. Fails where the answer cannot be had; of several, none is asked after the first that does not hold. */
export async function observe(probe: Probe, given: FileGiven, askDomain: (probe: DomainProbe) => Promise<Result<boolean>>): Promise<Result<boolean>> {
	if (isDirect(probe)) {
		return 'uuid' in probe ? askDomain(probe) : observeFile(probe, given);
	}

	if (probe.kind === 'not') {
		return negate(await observe(probe.of, given, askDomain));
	}

	if (probe.kind !== 'all') {
		return negate(await observe({...probe, kind: opposites[probe.kind]} as Probe, given, askDomain));
	}

	for (const part of probe.of) {
		const holds = await observe(part, given, askDomain);
		if (!holds.ok || !holds.value) {
			return holds;
		}
	}

	return succeed(true);
}
