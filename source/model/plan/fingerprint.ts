/**
A fingerprint says what a plan was made from, part by part, so that a change between showing and doing is noticed and can be named.
*/
import {createHash} from 'node:crypto';

/** Part of the host (in words that a person understands) → digest of what was read there. */
export type Fingerprint = Record<string, string>;

export function digest(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** The parts that differ, for the sentence "… changed since the plan was made". */
export function changedParts(before: Fingerprint, after: Fingerprint): string[] {
	const parts = new Set([...Object.keys(before), ...Object.keys(after)]);
	return [...parts].filter(part => before[part] !== after[part]);
}
