/**
A snapshot in words, as a person knows it again: by its name, its age and what it was taken for.
*/
import type {Snapshot} from '../domain/snapshot.ts';
import {formatMomentWithAge} from './format.ts';

type Known = Pick<Snapshot, 'name' | 'createdAt' | 'description'>;

/** On one line, however it was typed; undefined: it has none. */
export function descriptionOf({description}: Pick<Snapshot, 'description'>): string | undefined {
	const text = description?.replaceAll(/\s+/gu, ' ').trim();
	return text === '' ? undefined : text;
}

/** `"s1" of 2026-11-20 22:15 UTC (6 days ago)`. */
export function nameWithAge({name, createdAt}: Known, nowSeconds: number): string {
	return `"${name}" of ${formatMomentWithAge(createdAt, nowSeconds)}`;
}

/** The same with its description behind it: `"s1" of 2026-11-20 22:15 UTC (6 days ago): before the upgrade`. */
export function describeSnapshot(snapshot: Known, nowSeconds: number): string {
	const description = descriptionOf(snapshot);
	return `${nameWithAge(snapshot, nowSeconds)}${description === undefined ? '' : `: ${description}`}`;
}
