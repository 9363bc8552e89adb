/**
Which files are certainly not there. A file that may not be looked at is not known to be missing: `stat` alone cannot tell the two apart.
*/
import {posix} from 'node:path';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';
import {readFileFacts, readTest} from './files.ts';

/** From the folder of `path` up to the root. */
function foldersAbove(path: string): string[] {
	const folders: string[] = [];
	for (let folder = posix.dirname(path); !folders.includes(folder); folder = posix.dirname(folder)) {
		folders.push(folder);
	}

	return folders;
}

/**
Those of the absolute `paths` that do not exist, links followed. One question for all where none is missing; where some are, the nearest folder above each that
is there has to be one that we may search. Fails only where the host cannot be asked.
*/
export async function readMissingFiles(runner: Runner, paths: readonly string[]): Promise<Result<Set<string>>> {
	const there = await readFileFacts(runner, paths);
	if (!there.ok) {
		return there;
	}

	const unseen = [...new Set(paths)].filter(path => !there.value.has(path));
	const folders = await readFileFacts(runner, unseen.flatMap(path => foldersAbove(path)));
	if (!folders.ok) {
		return folders;
	}

	const nearest = new Map(unseen.flatMap(path => {
		const folder = foldersAbove(path).find(above => folders.value.has(above));
		return folder === undefined ? [] : [[path, folder] as const];
	}));
	const searchable = new Map<string, boolean>();
	for (const folder of new Set(nearest.values())) {
		const test = await readTest(runner, '-x', folder);
		if (!test.ok && test.failure.kind === 'host-unreachable') {
			return test;
		}

		searchable.set(folder, test.ok && test.value);
	}

	return succeed(new Set([...nearest].filter(([, folder]) => searchable.get(folder)).map(([path]) => path)));
}

/** For each of the missing `paths` the highest folder above it that certainly does not exist; those in a folder that is there are left out. */
export async function readAbsentFolders(runner: Runner, paths: readonly string[]): Promise<Result<Map<string, string>>> {
	const missing = await readMissingFiles(runner, paths.flatMap(path => foldersAbove(path)));
	return missing.ok
		? succeed(new Map(paths.flatMap(path => {
			const folder = foldersAbove(path).findLast(above => missing.value.has(above));
			return folder === undefined ? [] : [[path, folder] as const];
		})))
		: missing;
}
