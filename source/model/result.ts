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

/** The same failure, or what `change` makes of the value. */
export function mapResult<T, U>(result: Result<T>, change: (value: T) => U): Result<U> {
	return result.ok ? succeed(change(result.value)) : result;
}

/** Every value under its name, or the first failure. */
export function together<T extends Record<string, unknown>>(results: {[K in keyof T]: Result<T[K]>}): Result<T> {
	const failed = Object.values<Result<unknown>>(results).find(result => !result.ok);
	return failed?.ok === false ? failed : succeed(Object.fromEntries(Object.entries<Result<unknown>>(results).map(([name, result]) => [name, (result as {value: unknown}).value])) as T);
}

/** Every value in the same order, or the first failure. */
export function allOf<T>(results: ReadonlyArray<Result<T>>): Result<T[]> {
	const failed = results.find(result => !result.ok);
	return failed?.ok === false ? failed : succeed(results.flatMap(result => result.ok ? [result.value] : []));
}

/** For the end of an exhaustive `switch`: a new kind then does not compile until it is handled. */
export function unreachable(value: never): never {
	throw new Error(`Not handled: ${JSON.stringify(value)}`);
}
