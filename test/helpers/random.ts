/**
Random numbers that are the same for the same seed.
*/
export type Random = {
	/** A whole number from 0 up to, but not, `limit`. */
	below(limit: number): number;
	pick<T>(items: readonly T[]): T;
	/** True once in `count` times. */
	oneIn(count: number): boolean;
};

export function randomFrom(seed: number): Random {
	let state = seed;
	const below = (limit: number) => {
		state = (state + 0x6D_2B_79_F5) % 0x1_00_00_00_00;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
	};

	return {
		below,
		pick: items => items[below(items.length)]!,
		oneIn: count => below(count) === 0,
	};
}
