/**
The middle of the journey: from the answers of the person to the question that the planner is asked.
*/
import type {Update} from './read.ts';
import type {Journey, JourneyStage, State} from './state.ts';

export function withStage(state: State, journey: Journey, stage: JourneyStage): State {
	return {...state, notice: undefined, scene: {kind: 'journey', journey: {...journey, stage}}};
}

/** Asks the planner. `changed` says what had changed on the host when an earlier plan was refused for it. */
export function askForPlan(state: State, journey: Journey, changed: string[] = []): Update {
	const number = state.nextNumber;
	return [
		withStage({...state, nextNumber: number + 1}, journey, {phase: 'planning', number, sinceMs: state.nowMs, changed}),
		[{
			kind: 'plan',
			number,
			wish: {
				kind: 'revert', uuid: journey.uuid, snapshot: journey.snapshot, fate: journey.fate ?? {kind: 'keep', name: journey.keepName}, endState: journey.endState,
			},
		}],
	];
}
