/**
Lists and what they name are asked for one after the other, and others work on the host meanwhile: a record that was listed may have gone when its XML is
asked for. What cannot be read twice in a row is really unreadable.
*/
import type {Result} from '../../model/result.ts';

const mostTries = 5;

/** Reads again while names are unreadable that were not so the time before. Gives the last reading, or the first failure. */
export async function readUntilSettled<T>(read: () => Promise<Result<T>>, unreadableNames: (value: T) => string[]): Promise<Result<T>> {
	let result = await read();
	const seen: Array<Set<string>> = [new Set()];
	while (result.ok && seen.length < mostTries) {
		const before = seen.at(-1)!;
		const names = unreadableNames(result.value);
		if (names.every(name => before.has(name))) {
			break;
		}

		seen.push(new Set(names));
		result = await read();
	}

	return result;
}
