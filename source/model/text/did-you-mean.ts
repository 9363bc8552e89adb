/**
What a person may have meant by a name that is not there.
*/
import {distance} from 'fastest-levenshtein';

const most = 3;

/** Up to three names, the likeliest first: the same in other letters, those that begin with it, those with few letters changed. */
export function namesLike(typed: string, known: readonly string[]): string[] {
	const wanted = typed.toLowerCase();
	// One letter in three may be wrong, and in a short name one.
	const allowed = Math.max(1, Math.floor(typed.length / 3));
	return known
		.map(name => {
			const lower = name.toLowerCase();
			return {name, cost: wanted !== '' && lower.startsWith(wanted) ? 0 : distance(wanted, lower)};
		})
		.filter(({cost}) => cost <= allowed)
		.sort((a, b) => a.cost - b.cost || a.name.length - b.name.length)
		.slice(0, most)
		.map(({name}) => name);
}

/** `Did you mean "web" or "web-test"?`; undefined where nothing is like it. */
export function didYouMean(typed: string, known: readonly string[]): string | undefined {
	const quoted = namesLike(typed, known).map(name => `"${name}"`);
	return quoted.length === 0 ? undefined : `Did you mean ${quoted.length === 1 ? quoted[0]! : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)!}`}?`;
}
