/**
What a domain does at this moment, beside an action on it that was interrupted.
*/
import type {DomainState} from '../domain/domain.ts';
import {listNames} from './list-names.ts';

/** `incomplete`: its disks whose images are not all there and readable; undefined: they could not be looked at. */
export type Standing = {state: DomainState; incomplete: string[] | undefined};

const states: Partial<Record<DomainState, string>> = {
	running: 'The guest is running', blocked: 'The guest is running', paused: 'The guest is paused', shutoff: 'The domain is off',
};

export function describeStanding({state, incomplete}: Standing): string {
	const what = states[state] ?? `The domain is in the state "${state}"`;
	if (incomplete === undefined) {
		return `${what}. The images of its disks could not be looked at.`;
	}

	return incomplete.length === 0 ? `${what}, and the images of its disks are complete.` : `${what}, but images of ${listNames(incomplete, 6)} are missing or cannot be read.`;
}
