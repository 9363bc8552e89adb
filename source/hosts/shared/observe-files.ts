/**
The answers to probes about files, which are the same whoever owns the domain. Always asked anew.
*/
import type {Probe} from '../../model/plan/plan.ts';
import {fail, succeed, unreachable, type Result} from '../../model/result.ts';
import {isOwnedByRoot} from '../../model/images/image-owner.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import {readFileFacts, readSameContent, readSameFile, readTest} from '../../tools/files/files.ts';
import {readHeader, readTags} from '../../tools/files/qemu-img.ts';
import {readSameImage} from '../../tools/files/same-image.ts';
import type {Runner} from '../../tools/run/run.ts';
import {readImageUsers} from './image-users.ts';
import type {RecordSource} from './record-source.ts';

type FileGiven = {runner: Runner; source: Pick<RecordSource, 'readForeign'>};

export function negate(result: Result<boolean>): Result<boolean> {
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

export type FileProbe = Extract<Probe, {kind: 'never' | 'backed-by' | 'reads-same' | 'file-exists' | 'file-missing' | 'file-empty' | 'not-owned-by-root' | 'same-file' | 'also-named' | 'same-content' | 'image-has-tag' | 'image-lacks-tag' | 'image-unused'}>;

/** Questions about files, which are the same whoever owns the domain. */
export async function observeFile(given: FileGiven, probe: FileProbe): Promise<Result<boolean>> {
	switch (probe.kind) {
		case 'never': {
			return succeed(false);
		}

		case 'file-exists': {
			return readTest(given.runner, '-e', probe.path);
		}

		case 'file-missing': {
			return negate(await readTest(given.runner, '-e', probe.path));
		}

		case 'file-empty': {
			const exists = await readTest(given.runner, '-e', probe.path);
			return exists.ok && exists.value ? negate(await readTest(given.runner, '-s', probe.path)) : exists;
		}

		case 'not-owned-by-root': {
			const facts = await readFileFacts(given.runner, [probe.path]);
			const file = facts.ok ? facts.value.get(probe.path) : undefined;
			return facts.ok ? succeed(file !== undefined && !isOwnedByRoot(file)) : facts;
		}

		case 'same-file': {
			return readSameFile(given.runner, probe.path, probe.other);
		}

		case 'also-named': {
			const stamps = await readFileStamps(given.runner, [probe.path, probe.other]);
			return stamps.ok ? succeed(stamps.value.length === 2 && stamps.value[0]!.inode === stamps.value[1]!.inode) : stamps;
		}

		case 'same-content': {
			return readSameContent(given.runner, probe.path, probe.other);
		}

		case 'backed-by': {
			return isBackedBy(given, probe.path, probe.backing);
		}

		case 'reads-same': {
			return readSameImage(given.runner, probe);
		}

		case 'image-has-tag': {
			return hasTag(given, probe.path, probe.tag);
		}

		case 'image-lacks-tag': {
			return negate(await hasTag(given, probe.path, probe.tag));
		}

		case 'image-unused': {
			const exists = await readTest(given.runner, '-e', probe.path);
			const users = exists.ok && exists.value ? await readImageUsers(given, probe.path) : exists;
			if (!users.ok && users.failure.kind === 'busy') {
				return succeed(false);
			}

			return users.ok ? succeed(Array.isArray(users.value) && users.value.length === 0) : users;
		}

		default: {
			return unreachable(probe);
		}
	}
}

/** Whether each of them holds; none is asked after the first that does not. */
export async function observeAll(probes: readonly Probe[], ask: (probe: Probe) => Promise<Result<boolean>>): Promise<Result<boolean>> {
	for (const probe of probes) {
		const holds = await ask(probe);
		if (!holds.ok || !holds.value) {
			return holds;
		}
	}

	return succeed(true);
}
