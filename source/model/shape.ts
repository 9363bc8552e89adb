/**
Whether data from outside has the shape that its reader goes by. Shapes are checked where data comes in, so that no reader behind meets null, a number in
place of a list, or a nesting that no program means.
*/

/** Members of an object may be missing; others than those named may be there. `later` is for shapes that hold themselves. */
export type Shape =
	| 'text'
	| 'number'
	| 'boolean'
	| {list: Shape}
	| {object: Record<string, Shape>}
	| {later: () => Shape};

/** Deeper is no answer that anybody means. libvirt starts no domain on more than 200 layers. */
const deepest = 2000;

function shown(value: unknown): string {
	if (value === null) {
		return 'null';
	}

	return Array.isArray(value) ? 'a list' : (typeof value === 'object' ? 'an object' : `a ${typeof value}`);
}

/** The end of a sentence on the first thing that does not fit, "disks[2].file is null, and text was expected"; undefined: all fits. */
export function misfitOf(value: unknown, shape: Shape, name = 'it', depth = 0): string | undefined {
	const misfit = (expected: string) => `${name} is ${shown(value)}, and ${expected} was expected`;
	if (depth > deepest) {
		return 'it is nested without an end';
	}

	if (shape === 'text') {
		return typeof value === 'string' ? undefined : misfit('text');
	}

	if (shape === 'number') {
		return typeof value === 'number' && Number.isFinite(value) ? undefined : misfit('a number');
	}

	if (shape === 'boolean') {
		return typeof value === 'boolean' ? undefined : misfit('true or false');
	}

	if ('later' in shape) {
		return misfitOf(value, shape.later(), name, depth);
	}

	if ('list' in shape) {
		return Array.isArray(value) ? firstMisfit(value.map((item, index) => [item, shape.list, `${name}[${index}]`]), depth) : misfit('a list');
	}

	return typeof value === 'object' && value !== null && !Array.isArray(value)
		? firstMisfit(Object.entries(shape.object).flatMap(([key, member]) =>
			Object.hasOwn(value, key) ? [[(value as Record<string, unknown>)[key], member, name === 'it' ? key : `${name}.${key}`]] : []), depth)
		: misfit('an object');
}

function firstMisfit(parts: Array<[unknown, Shape, string]>, depth: number): string | undefined {
	for (const [value, shape, name] of parts) {
		const found = misfitOf(value, shape, name, depth + 1);
		if (found !== undefined) {
			return found;
		}
	}

	return undefined;
}

/** Of what fits: `misfitOf` allows members to be missing, and of these none may be. The end of a sentence; undefined: none is. */
export function missingIn(value: unknown, wanted: Shape): string | undefined {
	if (typeof wanted !== 'object' || 'later' in wanted) {
		return undefined;
	}

	if ('list' in wanted) {
		return (value as unknown[]).map(item => missingIn(item, wanted.list)).find(found => found !== undefined);
	}

	for (const [member, shape] of Object.entries(wanted.object)) {
		const held = (value as Record<string, unknown>)[member];
		const missing = held === undefined ? `it has no "${member}"` : missingIn(held, shape);
		if (missing !== undefined) {
			return missing;
		}
	}

	return undefined;
}

/** Whether options of block nodes are nested deeper than anybody means: QEMU takes no JSON that is deeper than 1,024. */
export function isNestedDeeper(value: unknown, levels = 1024): boolean {
	return typeof value === 'object' && value !== null && (levels === 0 || Object.values(value).some(part => isNestedDeeper(part, levels - 1)));
}
