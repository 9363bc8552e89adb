/**
The questions of a revert: the current state, and, where it is not plain, what the domain shall do afterwards.
*/
import type {EndState, Request} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {currentStateQuestion} from '../current-state.ts';
import {takenNames} from '../names.ts';
import type {Question} from '../question.ts';

type AskedRevert = Request & {kind: 'revert'};

/** The state that a revert leads to by itself: with memory the guest goes on as it was, without it the domain is off. */
export function naturalEndState(snapshot: Snapshot): EndState {
	return snapshot.memory.mode === 'no' ? 'shutoff' : (snapshot.state === 'paused' ? 'paused' : 'running');
}

/** The choices for afterwards: what the snapshot leads to by itself stands first. */
function endStateQuestion(request: AskedRevert, snapshot: Snapshot): Question {
	const hasMemory = snapshot.memory.mode !== 'no';
	const natural = naturalEndState(snapshot);
	const labels: Record<EndState, string> = {
		shutoff: hasMemory ? 'Leave it off, without the memory of the snapshot' : 'Leave it off',
		running: hasMemory ? 'Let it run on from the memory of the snapshot' : 'Start it',
		paused: hasMemory ? 'Resume it from the memory, paused' : 'Start it paused',
	};
	const order: EndState[] = ['shutoff', 'running', 'paused'];
	return {
		id: 'end-state',
		word: 'Afterwards',
		heading: 'After the revert:',
		choices: [natural, ...order.filter(id => id !== natural)].map(id => ({
			id,
			label: labels[id],
			note: id === natural ? 'This is what the snapshot leads to by itself.' : undefined,
			change: {request: {...request, endState: id}},
		})),
	};
}

/** Afterwards is asked only where the snapshot leads to another state than the present one. */
export function revertQuestions(request: AskedRevert, {details, keepName}: {details: DomainDetails | undefined; keepName: string}): Question[] {
	const snapshot = details?.snapshots.find(({name}) => name === request.snapshot);
	const isEndStateOpen = details !== undefined && snapshot !== undefined && hasProcess(details.domain) !== (naturalEndState(snapshot) !== 'shutoff');
	return [
		currentStateQuestion(keepName, takenNames(details), currentState => ({...request, currentState})),
		...(isEndStateOpen ? [endStateQuestion(request, snapshot)] : []),
	];
}
