/**
`-blockdev` in both of its forms, JSON and `key=value` with dotted keys, as one tree of options.
*/
import {fail, succeed, type Result} from '../result.ts';
import {isNestedDeeper} from '../shape.ts';
import {formatPairs, parsePairs, type Pair} from './options.ts';

/** Nested as in JSON. In the form with pairs every value is text, as QEMU wants it there. */
export type BlockOptions = {[key: string]: BlockOptions | string | number | boolean | null | unknown[] | undefined};

export type BlockNodeText = {isJson: boolean; options: BlockOptions};

export function isOptions(value: unknown): value is BlockOptions {
	return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** QEMU has no option that lies deeper. */
const deepestKey = 1024;

function nest(pairs: readonly Pair[]): BlockOptions | undefined {
	const root: BlockOptions = {};
	for (const [index, {key, value}] of pairs.entries()) {
		// The first word may be the driver alone.
		const path = (value === undefined && index === 0 ? 'driver' : key).split('.');
		if (path.length > deepestKey || path.includes('__proto__')) {
			return undefined;
		}

		let level = root;
		for (const part of path.slice(0, -1)) {
			const next = level[part] ?? {};
			if (!isOptions(next)) {
				return undefined;
			}

			level[part] = next;
			level = next;
		}

		level[path.at(-1)!] = value ?? (index === 0 ? key : 'on');
	}

	return root;
}

function flatten(options: BlockOptions, prefix = ''): Pair[] {
	return Object.entries(options).flatMap(([key, value]) => isOptions(value) ? flatten(value, `${prefix}${key}.`) : [{key: `${prefix}${key}`, value: String(value)}]);
}

/** Fails with `unreadable`, naming the argument. */
export function parseBlockdev(text: string): Result<BlockNodeText> {
	const unreadable = fail({kind: 'unreadable', what: 'The command line of QEMU', reason: `the argument -blockdev ${text} is not understood`});
	if (!text.startsWith('{')) {
		const options = nest(parsePairs(text));
		return options === undefined ? unreadable : succeed({isJson: false, options});
	}

	try {
		const options = JSON.parse(text) as unknown;
		return isOptions(options) && !isNestedDeeper(options) ? succeed({isJson: true, options}) : unreadable;
	} catch {
		return unreadable;
	}
}

export function formatBlockdev({isJson, options}: BlockNodeText): string {
	return isJson ? JSON.stringify(options) : formatPairs(flatten(options));
}
