/**
The words of the fields that several actions ask: what they are called, their question, and their choices; and how a domain and its guest are afterwards.
*/
import {conditionOf, type Condition, type Snapshot} from '../model/domain/snapshot.ts';
import type {Consequence} from '../model/plan/plan.ts';
import type {EndState} from '../model/plan/request.ts';

export const fieldWords = {
	description: {label: 'Description', question: 'Its description'},
	currentState: {label: 'Current state', question: 'What should happen to the current state?'},
	keptName: {label: 'Kept as', question: 'Keep it as the snapshot'},
	keptMemory: {label: 'Its memory', question: 'What should happen to the memory of the guest?'},
	endState: {label: 'Afterwards', question: 'Power state afterwards?'},
	overlayFolder: (targets: Iterable<string>) => ({
		label: 'Overlays in',
		question: `The folder for new overlays of ${[...targets].join(', ')}`,
		note: 'They are on no files. Left empty: the folder where their overlays are already.',
	}),
};

export const keepWords = {label: 'keep', note: 'As a snapshot: you can revert to it.'};
export const keepMemoryWords = (size: string) => ({label: `keep, up to ${size}`, note: 'Reverting to the kept state resumes exactly here. Takes the time to write it.'});
export const loseMemoryWords = {label: 'lose', note: 'Reverting to the kept state boots as after a power failure.'};

/** `written`: what is lost, where that is known: how much since which snapshot, which is so old. `span`: of how long; missing where the age is no span. */
export function discardWords(written: {since: string; age: string; span: string | undefined; size: string} | undefined): {label: string; note: string} {
	if (written === undefined) {
		return {label: 'discard', note: 'Everything written since the last snapshot will be gone for good.'};
	}

	const {since, age, span, size} = written;
	return {
		label: `discard: loses ${size}${span === undefined ? '' : `, ${span}`}`,
		note: `Everything written since ${since} (${age}, ${size}) will be gone for good.`,
	};
}

const stateWords: Record<EndState, string> = {running: 'running', paused: 'paused', shutoff: 'off'};
const notesOfResume: Record<EndState, string> = {running: 'Resumed from the memory of the snapshot.', paused: 'With the memory of the snapshot.', shutoff: 'Without the memory of the snapshot.'};
const notesOfBoot: Record<EndState, string> = {running: 'It boots anew.', paused: 'It is paused before it boots.', shutoff: 'It is off.'};

export const endStateWords = (state: EndState, {isNow, hasMemory}: {isNow: boolean; hasMemory: boolean}) => ({
	label: `${stateWords[state]}${isNow ? ', as now' : ''}`, note: (hasMemory ? notesOfResume : notesOfBoot)[state],
});

/** In which power state the domain is afterwards, without saved memory. */
export function describePower(endState: EndState): Consequence {
	return {severity: 'info', text: endState === 'shutoff' ? 'The domain is off afterwards.' : `The domain is started afterwards${endState === 'paused' ? ', paused' : ''}.`};
}

const conditions: Record<Condition, Consequence[]> = {
	off: [],
	'crash-consistent': [{severity: 'warning', about: 'guest', text: 'The guest boots as after a power failure, without memory.'}],
	frozen: [{severity: 'info', about: 'guest', text: 'The file systems of the guest were frozen when the snapshot was taken: they are consistent, and its programs start as after a crash.'}],
	memory: [{severity: 'warning', about: 'guest', text: 'Without the memory of the snapshot the guest boots as after a power failure.'}],
	unknown: [],
};

/** How a guest finds disks that go back without memory. */
export function describeCondition(snapshot: Snapshot): Consequence[] {
	return conditions[conditionOf(snapshot)];
}
