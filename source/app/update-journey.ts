/**
The guided revert, from the first question to the moment at which it starts. Escape leaves at every point, and nothing has happened by then.
*/
import type {EndState, Fate} from '../model/action.ts';
import {hasProcess} from '../model/domain.ts';
import {formatTime} from '../model/format.ts';
import type {Plan} from '../model/plan.ts';
import type {Result} from '../model/result.ts';
import type {Snapshot} from '../model/snapshot.ts';
import {isSameWord, wordToType} from './confirm-name.ts';
import type {Command} from './keys.ts';
import type {Key} from './messages.ts';
import type {Update} from './read.ts';
import {selectedDomain, selectedPicture} from './rows.ts';
import {hasMoreBelow, moveIndex, scroll, type Paper} from './scroll.ts';
import {askForPlan, withStage} from './journey-plan.ts';
import type {
	Journey, JourneyStage, Option, State,
} from './state.ts';
import {startRun} from './update-run.ts';

/** The state that a revert leads to by itself: with memory the guest goes on as it was, without it the domain is off. */
export function naturalEndState(snapshot: Snapshot): EndState {
	return snapshot.memory.mode === 'no' ? 'shutoff' : (snapshot.state === 'paused' ? 'paused' : 'running');
}

/** The choices for the present state. The one that loses nothing stands first. */
export function fateOptions(journey: Journey): Option[] {
	return [
		{id: 'keep', label: `Keep it as the snapshot "${journey.keepName}"`, note: 'Nothing is lost: it can be reverted to. Press e for another name.'},
		{id: 'discard', label: 'Discard it', note: 'What was written since the last snapshot is lost for ever.'},
	];
}

/** The choices for afterwards: what the snapshot leads to by itself stands first. */
export function endStateOptions(state: State, journey: Journey): Array<Option & {id: EndState}> {
	const snapshot = state.pictures[journey.uuid]?.value?.snapshots.find(candidate => candidate.name === journey.snapshot);
	const hasMemory = snapshot !== undefined && snapshot.memory.mode !== 'no';
	const natural = snapshot === undefined ? 'shutoff' : naturalEndState(snapshot);
	const labels: Record<EndState, string> = {
		shutoff: hasMemory ? 'Leave it off, without the memory of the snapshot' : 'Leave it off',
		running: hasMemory ? 'Let it run on from the memory of the snapshot' : 'Start it',
		paused: hasMemory ? 'Resume it from the memory, paused' : 'Start it paused',
	};
	const order: EndState[] = ['shutoff', 'running', 'paused'];
	return [natural, ...order.filter(id => id !== natural)].map(id => ({id, label: labels[id], note: id === natural ? 'This is what the snapshot leads to by itself.' : undefined}));
}

function isEndStateOpen(state: State, journey: Journey): boolean {
	const picture = state.pictures[journey.uuid]?.value;
	const snapshot = picture?.snapshots.find(candidate => candidate.name === journey.snapshot);
	return picture !== undefined && snapshot !== undefined && hasProcess(picture.domain) !== (naturalEndState(snapshot) !== 'shutoff');
}

function proposeName(state: State): string {
	const taken = new Set(selectedPicture(state)?.snapshots.map(snapshot => snapshot.name));
	const base = `kept-${formatTime(Math.floor(state.nowMs / 1000)).replaceAll(/[-:]/g, '').replace(' ', '-')}`;
	let name = base;
	for (let count = 2; taken.has(name); count++) {
		name = `${base}-${count}`;
	}

	return name;
}

function nextQuestion(state: State, journey: Journey): Update {
	if (journey.fate === undefined) {
		return [withStage(state, journey, {phase: 'fate', index: 0, editing: false}), []];
	}

	if (!journey.isEndStateAnswered && isEndStateOpen(state, journey)) {
		return [withStage(state, journey, {phase: 'end-state', index: 0}), []];
	}

	return askForPlan(state, journey);
}

/** Begins at the first question that has no answer yet. */
export function openJourney(state: State, snapshot: Snapshot, given: {fate?: Fate; endState?: EndState}): Update {
	const domain = selectedDomain(state);
	if (domain === undefined) {
		return [state, []];
	}

	const keepName = given.fate?.kind === 'keep' ? given.fate.name : proposeName(state);
	return nextQuestion(state, {
		uuid: domain.uuid,
		domain: domain.name,
		snapshot: snapshot.name,
		fate: given.fate,
		endState: given.endState,
		isEndStateAnswered: given.endState !== undefined,
		keepName,
		stage: {phase: 'fate', index: 0, editing: false},
	});
}

/** The planner's answer. */
export function takePlan(state: State, number: number, result: Result<Plan>): State {
	const {scene} = state;
	if (scene.kind !== 'journey' || scene.journey.stage.phase !== 'planning' || scene.journey.stage.number !== number) {
		return state;
	}

	const {changed} = scene.journey.stage;
	return withStage(state, scene.journey, result.ok
		? {phase: 'consequences', plan: result.value, top: 0, changed}
		: {phase: 'refused', failure: result.failure, top: 0});
}

/** A name being typed: what a key makes of it. */
export function editText(text: string, key: Key): string {
	switch (key.name) {
		case 'character':
		case 'paste': {
			return text + key.text;
		}

		case 'backspace':
		case 'delete': {
			return [...text].slice(0, -1).join('');
		}

		case 'ctrl-u': {
			return '';
		}

		case 'ctrl-w': {
			return text.replace(/\S*\s*$/, '');
		}

		default: {
			return text;
		}
	}
}

function leave(state: State): Update {
	return [{...state, scene: {kind: 'browse'}, notice: 'Left before the start. Nothing was changed.'}, []];
}

function updateFate(state: State, journey: Journey, stage: JourneyStage & {phase: 'fate'}, {key, command}: Pressed): Update {
	const options = fateOptions(journey);
	if (stage.editing) {
		if (command === 'accept' || command === 'back') {
			return journey.keepName === ''
				? [withStage(state, journey, {...stage, note: 'The snapshot needs a name.'}), []]
				: [withStage(state, journey, {...stage, editing: false, note: undefined}), []];
		}

		return [withStage(state, {...journey, keepName: editText(journey.keepName, key)}, {...stage, note: undefined}), []];
	}

	switch (command) {
		case 'back': {
			return leave(state);
		}

		case 'edit': {
			return [withStage(state, journey, {...stage, index: 0, editing: true}), []];
		}

		case 'accept': {
			const fate: Fate = options[stage.index]?.id === 'discard' ? {kind: 'discard'} : {kind: 'keep', name: journey.keepName};
			return nextQuestion(state, {...journey, fate});
		}

		default: {
			return [withStage(state, journey, {...stage, index: command === undefined ? stage.index : moveIndex(stage.index, command, options.length)}), []];
		}
	}
}

function updateEndState(state: State, journey: Journey, stage: JourneyStage & {phase: 'end-state'}, {command}: Pressed): Update {
	const options = endStateOptions(state, journey);
	switch (command) {
		case 'back': {
			return leave(state);
		}

		case 'accept': {
			return nextQuestion(state, {...journey, endState: options[stage.index]?.id, isEndStateAnswered: true});
		}

		default: {
			return [withStage(state, journey, {...stage, index: command === undefined ? stage.index : moveIndex(stage.index, command, options.length)}), []];
		}
	}
}

function updateNaming(state: State, journey: Journey, stage: JourneyStage & {phase: 'naming'}, {key, command}: Pressed): Update {
	if (command === 'back') {
		return leave(state);
	}

	if (key.name !== 'enter') {
		return [withStage(state, journey, {...stage, typed: editText(stage.typed, key), note: undefined}), []];
	}

	const {word, isCode} = wordToType({name: journey.domain, uuid: journey.uuid});
	if (!isSameWord(stage.typed, word)) {
		return [withStage(state, journey, {...stage, note: stage.typed === '' ? undefined : `This is not the ${isCode ? 'code' : 'name'}. Nothing has been started.`}), []];
	}

	if (!key.isAlone) {
		return [withStage(state, journey, {...stage, note: 'Enter came together with text, as in a paste. Press Enter once more to start.'}), []];
	}

	return startRun(state, stage.plan, 'execute', journey);
}

type Pressed = {key: Key; command: Command | undefined; paper: Paper};

export function updateJourney(state: State, pressed: Pressed): Update {
	if (state.scene.kind !== 'journey') {
		return [state, []];
	}

	const {journey} = state.scene;
	const {stage} = journey;
	const {command, paper} = pressed;
	switch (stage.phase) {
		case 'fate': {
			return updateFate(state, journey, stage, pressed);
		}

		case 'end-state': {
			return updateEndState(state, journey, stage, pressed);
		}

		case 'naming': {
			return updateNaming(state, journey, stage, pressed);
		}

		case 'planning': {
			return command === 'back' ? leave(state) : [state, []];
		}

		case 'refused': {
			return command === 'back' || command === 'accept' ? leave(state) : [command === undefined ? state : scroll(state, command, paper), []];
		}

		case 'consequences': {
			if (command === 'back') {
				return leave(state);
			}

			if (command !== 'accept') {
				return [command === undefined ? state : scroll(state, command, paper), []];
			}

			// Nobody confirms what was never in sight: Enter turns the page until the last line was shown.
			return hasMoreBelow(state, paper)
				? [scroll(state, 'page-down', paper), []]
				: [withStage(state, journey, {
					phase: 'commands', plan: stage.plan, top: 0, isUnfolded: false, changed: stage.changed,
				}), []];
		}

		case 'commands': {
			switch (command) {
				case 'back': {
					return leave(state);
				}

				case 'accept': {
					return [withStage(state, journey, {
						phase: 'naming', plan: stage.plan, typed: '', changed: stage.changed,
					}), []];
				}

				case 'unfold-files': {
					return [withStage(state, journey, {...stage, isUnfolded: !stage.isUnfolded}), []];
				}

				default: {
					return [command === undefined ? state : scroll(state, command, paper), []];
				}
			}
		}
	}
}
