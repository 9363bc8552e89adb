/**
Checksums of files that are complete while the action on them goes on: they are read meanwhile, and when the sum is wanted it is there. One whose file is no longer the
same is of no use, and the file is read again.
*/
import type {FileStamp} from '../../engine/ports.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readFileStamps} from '../files/file-stamps.ts';
import type {Runner} from '../run/run.ts';
import {sha256Of} from './sha256.ts';

export type Measured = {sizeBytes: number; sha256: string};

/** Sum and size of a file. Fails with `tool-failed`. */
export type Measure = (path: string) => Promise<Result<Measured>>;

type Sums = {
	measure: Measure;
	/** Begins to read them; until the signal aborts. Never fails: what could not be read is read when it is wanted. */
	begin(paths: readonly string[], signal: AbortSignal): void;
};

type Begun = {stamp: FileStamp | undefined; sum: Result<string>};

const isSame = (a: FileStamp, b: FileStamp): boolean => a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.modifiedAt === b.modifiedAt;

export function createSums(runner: Runner): Sums {
	const begun = new Map<string, Promise<Begun>>();
	const stampOf = async (path: string): Promise<FileStamp | undefined> => {
		const stamps = await readFileStamps(runner, [path]);
		return stamps.ok ? stamps.value[0] : undefined;
	};

	const read = async (path: string, signal?: AbortSignal): Promise<Begun> => {
		const stamp = await stampOf(path);
		return {stamp, sum: await sha256Of(runner, path, signal)};
	};

	return {
		begin(paths, signal) {
			for (const path of paths) {
				begun.set(path, read(path, signal));
			}
		},
		async measure(path) {
			const early = await begun.get(path);
			begun.delete(path);
			const now = await stampOf(path);
			const {stamp, sum} = early?.sum.ok && early.stamp && now && isSame(early.stamp, now) ? early : await read(path);
			return sum.ok ? succeed({sizeBytes: stamp?.sizeBytes ?? 0, sha256: sum.value}) : sum;
		},
	};
}
