/**
Names that the screen proposes, and what is wrong with one that is typed.
*/
import {formatTime} from '../../model/format.ts';
import type {DomainPicture} from '../../model/inventory.ts';
import {freeName, nameProblem} from '../../model/snapshot-name.ts';

/** How much of another name goes into a proposed one. */
const mostTaken = 80;

export function takenNames(picture: DomainPicture | undefined): Set<string> {
	return new Set([...picture?.snapshots ?? [], ...picture?.unreadable ?? []].map(({name}) => name));
}

/** "kept-20261121-0200", or with a number where that is taken. */
export function proposeByTime(beginning: string, nowMs: number, taken: ReadonlySet<string>): string {
	return freeName(`${beginning}-${formatTime(Math.floor(nowMs / 1000)).replaceAll(/[-:]/g, '').replace(' ', '-')}`, taken);
}

/** "s1-branch", or with a number where that is taken. */
export function proposeBranch(snapshot: string, taken: ReadonlySet<string>): string {
	return freeName(`${snapshot.slice(0, mostTaken)}-branch`, taken);
}

/** A whole sentence while the name cannot be taken; undefined as soon as it can. */
export function problemOfName(name: string, taken: ReadonlySet<string>): string | undefined {
	const problem = nameProblem(name);
	return problem === undefined
		? (taken.has(name) ? `There is a snapshot "${name}" already.` : undefined)
		: (name === '' ? 'The snapshot needs a name.' : `This name ${problem}.`);
}
