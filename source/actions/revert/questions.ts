/**
The questions of a revert: the current state and, where it would change, the power state afterwards.
*/
import type {EndState, Request} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {currentStateQuestion} from '../current-state.ts';
import type {Question} from '../question.ts';

type AskedRevert = Request & {kind: 'revert'};

/** The default: with memory the guest resumes as it was, without memory the domain is off. */
export function naturalEndState(snapshot: Snapshot): EndState {
	return snapshot.memory.mode === 'no' ? 'shutoff' : (snapshot.state === 'paused' ? 'paused' : 'running');
}

/** The default comes first. */
function endStateQuestion(request: AskedRevert, snapshot: Snapshot): Question {
	const hasMemory = snapshot.memory.mode !== 'no';
	const natural = naturalEndState(snapshot);
	const labels: Record<EndState, string> = {
		shutoff: hasMemory ? 'Off, without the memory of the snapshot' : 'Off',
		running: hasMemory ? 'Running, resumed from the memory of the snapshot' : 'Running',
		paused: hasMemory ? 'Paused, with the memory of the snapshot' : 'Paused',
	};
	const order: EndState[] = ['shutoff', 'running', 'paused'];
	return {
		id: 'end-state',
		word: 'Afterwards',
		heading: 'Power state afterwards?',
		choices: [natural, ...order.filter(id => id !== natural)].map(id => ({
			id,
			label: labels[id],
			note: id === natural ? `Default for a ${hasMemory ? 'snapshot with memory' : 'disk-only snapshot'}.` : undefined,
			change: {request: {...request, endState: id}},
		})),
	};
}

/** The power state is asked for only where the default would change it. */
export function revertQuestions(request: AskedRevert, {details, keepName}: {details: DomainDetails | undefined; keepName: string}): Question[] {
	const snapshot = details?.snapshots.find(({name}) => name === request.snapshot);
	const isEndStateOpen = details !== undefined && snapshot !== undefined && hasProcess(details.domain) !== (naturalEndState(snapshot) !== 'shutoff');
	return [
		currentStateQuestion(keepName, {details, whyNoMemory: snapshot === undefined || isExternal(snapshot) ? undefined : 'the snapshot is inside the images'}, currentState => ({...request, currentState})),
		...(isEndStateOpen ? [endStateQuestion(request, snapshot)] : []),
	];
}
