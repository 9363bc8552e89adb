/**
The power state of a domain after it has left its disks: shared by revert and branch. It stays as it is unless somebody chooses another.
*/
import type {EndState, Request} from '../model/plan/request.ts';
import {hasProcess} from '../model/domain/domain.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import type {Snapshot} from '../model/domain/snapshot.ts';
import type {Field} from './question.ts';
import type {OptionSpec, RawOptions} from './spec.ts';
import {endStateWords, fieldWords} from './words.ts';

const endStates = ['running', 'paused', 'shutoff'] as const satisfies EndState[];

export const endStateOptions: OptionSpec[] = [
	{flags: '--running', summary: 'leave the domain running (without one of these it stays as it is; with saved memory it resumes)'},
	{flags: '--paused', summary: 'leave the domain paused'},
	{flags: '--shutoff', summary: 'leave the domain shut off'},
];

/** Long options that exclude each other. */
export const endStateExcludes: string[] = [...endStates];

/** Undefined: nobody said. */
export function readEndState(raw: RawOptions): EndState | undefined {
	return endStates.find(state => raw[state] === true);
}

/** The option that `readEndState` reads so. */
export const writeEndState = (endState: EndState | undefined): RawOptions => endState === undefined ? {} : {[endState]: true};

function stateNow({domain}: Pick<DomainDetails, 'domain'>): EndState {
	return hasProcess(domain) ? (domain.state === 'paused' ? 'paused' : 'running') : 'shutoff';
}

/** `memory`: the snapshot whose memory goes with it, which would be lost if the domain stayed off; undefined: disks alone. */
export function presetEndState(details: Pick<DomainDetails, 'domain'>, memory: Snapshot | undefined): EndState {
	return memory === undefined || memory.memory.mode === 'no' ? stateNow(details) : (memory.state === 'paused' ? 'paused' : 'running');
}

/** Empty where the domain is off and stays so: nobody expects it to be started. `withEndState` gives the request with another answer. */
export function endStateFields(endState: EndState | undefined, {details, memory}: {details: DomainDetails | undefined; memory?: Snapshot}, withEndState: (endState: EndState) => Request): Field[] {
	const preset = details && presetEndState(details, memory);
	if (details === undefined || preset === undefined || (preset === 'shutoff' && stateNow(details) === 'shutoff' && endState === 'shutoff')) {
		return [];
	}

	const hasMemory = memory !== undefined && memory.memory.mode !== 'no';
	const now = stateNow(details);
	return [{
		kind: 'choice',
		id: 'end-state',
		...fieldWords.endState,
		chosen: endState,
		choices: endStates.map(id => ({id, ...endStateWords(id, {isNow: id === now, hasMemory}), change: {request: withEndState(id)}})),
	}];
}
