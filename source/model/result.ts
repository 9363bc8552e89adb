/**
What a function that may fail gives back. Failures are values with a kind; `throw` is kept for our own mistakes.
*/
import type {Failure} from './failure.ts';

export type Result<T> = {ok: true; value: T} | {ok: false; failure: Failure};

export function succeed<T>(value: T): Result<T> {
	return {ok: true, value};
}

export function fail(failure: Failure): Result<never> {
	return {ok: false, failure};
}

/** For the end of an exhaustive `switch`: a new kind then does not compile until it is handled. */
export function unreachable(value: never): never {
	throw new Error(`Not handled: ${JSON.stringify(value)}`);
}
