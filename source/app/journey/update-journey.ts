/**
A guided action, whichever it is, from the first question to the moment at which it starts. Escape leaves at every point, and nothing has happened by then.
*/
import {specOf, type ScreenKind} from '../../actions/registry.ts';
import type {GivenOf} from '../../actions/spec.ts';
import type {Request} from '../../model/plan/request.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {isSameWord, needsName, wordToType} from '../run/confirm-name.ts';
import type {Command} from '../keys.ts';
import type {Key} from '../messages.ts';
import {inTurn, readDetails, type Update} from '../browse/read.ts';
import {selectedDetails} from '../browse/rows.ts';
import {hasMoreBelow, scroll, type Viewport} from '../scroll.ts';
import type {State} from '../state.ts';
import {startRun} from '../run/update-run.ts';
import {
	leave, openSettings, updateQuestion, updateSettings,
} from './update-question.ts';
import {goBack, goOn, withStage} from './journey-plan.ts';
import type {Journey, JourneyStage} from './journey.ts';
import {editText} from './edit-text.ts';

/** Begins at the first question that has no answer yet, for the domain that is selected. */
export function openJourney(state: State, start: GivenOf<ScreenKind>): Update {
	const details = selectedDetails(state);
	if (details === undefined) {
		return [state, []];
	}

	const spec = specOf(start);
	const completed = spec.complete(start, details.domain.uuid, {details, nowMs: state.nowMs, backedUpTo: state.backedUpTo});
	const {answered, keepName = ''} = completed;
	const request = spec.propose?.(completed, details) ?? completed.request;
	return goOn(state, {
		domain: details.domain.name, request, keepName, answered, origin: 'browse', stage: {phase: 'settings', index: 0},
	});
}

/** A wish that is whole already, offered by a finding. Its domain need not have been looked at before: its images are drawn with the plan. */
export function openOffer(state: State, domain: string, request: Request): Update {
	const journey: Journey = {
		domain, request, keepName: '', answered: [], origin: 'doctor', stage: {phase: 'settings', index: 0},
	};
	return inTurn(state, next => goOn(next, journey), next => readDetails(next, request.uuid));
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

/** A key that is held down repeats faster than this; so fast nobody has read the page. */
const heldKeyMs = 400;

/** Before a loss the name of the domain is typed; where nothing can be lost an Enter that was meant is enough. */
function updateConfirm(state: State, journey: Journey, stage: JourneyStage & {phase: 'confirm'}, {key, command}: Pressed): Update {
	const isNamed = needsName(stage.plan);
	if (command === 'back') {
		return leave(state);
	}

	if (key.name !== 'enter') {
		return [isNamed ? withStage(state, journey, {...stage, typed: editText(stage.typed, key), note: undefined}) : state, []];
	}

	const {word, isCode} = wordToType({name: journey.domain, uuid: journey.request.uuid});
	if (isNamed && !isSameWord(stage.typed, word)) {
		return [withStage(state, journey, {...stage, note: stage.typed === '' ? undefined : `That is not the ${isCode ? 'code' : 'name'}. Nothing has been started.`}), []];
	}

	if (!key.isAlone) {
		return [withStage(state, journey, {...stage, note: 'Enter arrived together with text, as in a paste. Press Enter again to start.'}), []];
	}

	return !isNamed && !state.isLinear && state.nowMs - stage.sinceMs < heldKeyMs
		? [withStage(state, journey, {...stage, sinceMs: state.nowMs, note: 'Enter was pressed before you could read the page. Press it again to start.'}), []]
		: startRun(state, {plan: stage.plan, kind: 'execute', journey});
}

type Pressed = {key: Key; command: Command | undefined; viewport: Viewport};

/** Reading: scrolled by most keys; the ways out are the same on every page. */
function updateReading(state: State, journey: Journey, {command, viewport}: Pressed): Update {
	switch (command) {
		case undefined: {
			return [state, []];
		}

		case 'back': {
			return leave(state);
		}

		case 'previous': {
			return goBack(state, journey);
		}

		case 'options': {
			return openSettings(state, journey);
		}

		default: {
			return [scroll(state, command, viewport), []];
		}
	}
}

export function updateJourney(state: State, pressed: Pressed): Update {
	if (state.scene.kind !== 'journey') {
		return [state, []];
	}

	const {journey} = state.scene;
	const {stage} = journey;
	const {command, viewport} = pressed;
	switch (stage.phase) {
		case 'question': {
			return updateQuestion(state, journey, stage, pressed);
		}

		case 'settings': {
			return updateSettings(state, journey, stage, pressed);
		}

		case 'confirm': {
			return updateConfirm(state, journey, stage, pressed);
		}

		case 'planning': {
			return command === 'back' ? leave(state) : [state, []];
		}

		case 'refused': {
			return command === 'accept' ? leave(state) : updateReading(state, journey, pressed);
		}

		case 'consequences': {
			if (command !== 'accept') {
				return updateReading(state, journey, pressed);
			}

			// Nobody confirms what was never in sight: Enter turns the page until the last line was shown.
			return hasMoreBelow(state, viewport)
				? [scroll(state, 'page-down', viewport), []]
				: [withStage(state, journey, {
					phase: 'commands', plan: stage.plan, top: 0, isUnfolded: false, changed: stage.changed,
				}), []];
		}

		case 'commands': {
			switch (command) {
				case 'accept': {
					return [withStage(state, journey, {
						phase: 'confirm', plan: stage.plan, typed: '', sinceMs: state.nowMs, changed: stage.changed,
					}), []];
				}

				case 'unfold-files': {
					return [withStage(state, journey, {...stage, isUnfolded: !stage.isUnfolded}), []];
				}

				default: {
					return updateReading(state, journey, pressed);
				}
			}
		}
	}
}
