/** What benchmarks on real libvirt have in common: what goes away at their end, medians, and how long something takes. */

/** To be run when all is measured, the latest first. */
export const endings: Array<() => unknown> = [];

/** Stands in for a test, for the lab's functions that make something which has to go again. */
export const context = {
	teardown(end: () => unknown) {
		endings.unshift(end);
	},
};

export const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** In milliseconds. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
	const startedAt = performance.now();
	await work();
	return performance.now() - startedAt;
}
