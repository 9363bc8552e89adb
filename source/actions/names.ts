/**
Names of snapshots: those that are taken, what is wrong with one that is typed, and what is proposed where a person named nothing. Pure: the time comes in.
*/
import {stampOf} from '../model/text/format.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import {freeName, nameProblem} from '../model/domain/snapshot-name.ts';
import type {Change, TextField} from './question.ts';
import {fieldWords} from './words.ts';

/** What a proposed name depends on. */
export type Naming = {nowMs: number; taken: ReadonlySet<string>};

/** How much of another name goes into a proposed one. */
export const mostTaken = 80;

/** Names of snapshots that the domain has, readable or not. */
export function takenNames(details: DomainDetails | undefined): Set<string> {
	return new Set([...details?.snapshots ?? [], ...details?.unreadable ?? []].map(({name}) => name));
}

/** "at-20261121-0200" for the beginning "at", or with a number where that is taken. */
export function nameByTime(beginning: string, {nowMs, taken}: Naming): string {
	return freeName(`${beginning}-${stampOf(new Date(nowMs)).slice(0, -2)}`, taken);
}

/** What a snapshot is for, in the words of a person. `withDescription`: undefined where nothing is typed. */
export function descriptionField(description: string | undefined, withDescription: (description: string | undefined) => Change): TextField {
	return {
		kind: 'text', id: 'description', ...fieldWords.description, value: description ?? '', problem: undefined, change: text => withDescription(text === '' ? undefined : text), isBeside: true,
	};
}

/** A whole sentence while the name cannot be taken; undefined as soon as it can. */
export function problemOfName(name: string, taken: ReadonlySet<string>): string | undefined {
	const problem = nameProblem(name);
	return problem === undefined
		? (taken.has(name) ? `A snapshot "${name}" exists already.` : undefined)
		: (name === '' ? 'The snapshot needs a name.' : `This name ${problem}.`);
}
