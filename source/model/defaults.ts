/**
What is taken where a person has named nothing: the same on the screen, on the command line, and in a document. Pure: the time and the names that are
taken come in.
*/
import type {Fate} from './action.ts';
import {formatTime} from './format.ts';
import type {DomainPicture} from './inventory.ts';
import {freeName} from './snapshot-name.ts';

/** What a proposed name depends on. */
export type Naming = {nowMs: number; taken: ReadonlySet<string>};

/** How much of another name goes into a proposed one. */
const mostTaken = 80;

/** Names of snapshots that the domain has, readable or not. */
export function takenNames(picture: DomainPicture | undefined): Set<string> {
	return new Set([...picture?.snapshots ?? [], ...picture?.unreadable ?? []].map(({name}) => name));
}

function nameByTime(beginning: string, {nowMs, taken}: Naming): string {
	return freeName(`${beginning}-${formatTime(Math.floor(nowMs / 1000)).replaceAll(/[-:]/g, '').replace(' ', '-')}`, taken);
}

/** "at-20261121-0200", or with a number where that is taken. */
export function defaultSnapshotName(naming: Naming): string {
	return nameByTime('at', naming);
}

/** "s1-branch", or with a number where that is taken. */
export function defaultBranchName(snapshot: string, {taken}: Pick<Naming, 'taken'>): string {
	return freeName(`${snapshot.slice(0, mostTaken)}-branch`, taken);
}

/** Nothing is lost by default: the current state is kept, "before-b1" beside the branch b1, else "kept-20261121-0200". */
export function defaultFate(leaving: {branch?: string}, naming: Naming): Fate & {kind: 'keep'} {
	return {
		kind: 'keep',
		name: leaving.branch === undefined
			? nameByTime('kept', naming)
			: freeName(`before-${leaving.branch.slice(0, mostTaken)}`, new Set([...naming.taken, leaving.branch])),
	};
}
