/**
Answers in the words of programs, made of what libvirt's pools tell.
*/
import {succeed, type Result} from '../../../model/result.ts';
import type {RunOutput} from '../../../engine/ports.ts';
import type {PoolFiles} from './pool-files.ts';
import type {Pool, Volume} from './volume.ts';

/** What a program gave that was asked first. */
export type Ran = Result<RunOutput>;

export type Look = {
	files: PoolFiles;
	/** Undefined: no pool has such a file. */
	volumeAt(path: string): Promise<Result<Volume | undefined>>;
	/** A folder out of this user's reach. */
	reach(folder: string, pool: Pool): void;
};

/** An answer to the words of a question. */
export type Answer = (look: Look, argv: readonly string[], ran: Ran) => Promise<Ran>;

export const said = (stdout: string, stderr = ''): Ran => succeed({stdout, stderr, durationMs: 0});
export const failed = (argv: readonly string[], stderr: string): Result<never> => ({ok: false, failure: {kind: 'tool-failed', cause: {argv: [...argv], exitCode: 1, timedOut: false, stderr, durationMs: 0}}});

/** The files are not where programs can be run. */
export const isElsewhere = (ran: Ran): boolean => !ran.ok && ran.failure.kind === 'files-elsewhere';

/** The program has answered that there is no such file, or that it may not be looked at; or it cannot be run there. */
export const isDenied = (ran: Ran): boolean => isElsewhere(ran) || (!ran.ok && ran.failure.kind === 'tool-failed' && !ran.failure.cause.timedOut);
