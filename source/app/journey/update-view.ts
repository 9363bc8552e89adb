/**
What is looked at in place of the page: the commands, the images, where the script is saved to. Escape leads back to the page.
*/
import {posix} from 'node:path';
import {redactSecrets} from '../../model/plan/redact-secrets.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import type {Command} from '../keys.ts';
import type {Key, Message} from '../messages.ts';
import type {Update} from '../browse/read.ts';
import {scroll, type Viewport} from '../scroll.ts';
import type {State} from '../state.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {copy} from '../run/update-log.ts';
import {editText} from './edit-text.ts';
import {journeyOf, withJourney} from './journey-plan.ts';
import {freshResult, plansInSight, subjectOfJourney, type Journey} from './journey.ts';
import {isNameRight} from './name.ts';
import {pressStart} from './start.ts';

type Pressed = {key: Key; command: Command | undefined; viewport: Viewport};

/** A name that a shell takes as it is. */
function proposePath(journey: Journey): string {
	const {domain, request} = journey;
	const words = [request.kind, domain, subjectOfJourney(journey)?.name].filter(word => word !== undefined);
	return `${words.join('-').replaceAll(/[^\w.-]+/g, '-')}.sh`;
}

export function openScript(state: State, journey: Journey): Update {
	return [withJourney(state, {...journey, view: {kind: 'script', path: proposePath(journey)}}), []];
}

function updateScript(state: State, journey: Journey & {view: {kind: 'script'}}, {key, command}: Pressed): Update {
	const {view, view: {path}} = journey;
	if (command !== 'accept') {
		return [withJourney(state, {...journey, view: {...view, path: editText(path, key)}}), []];
	}

	const fresh = freshResult(journey);
	if (path === '' || posix.basename(path) === '' || !fresh?.ok) {
		return [withJourney(state, {...journey, note: fresh === undefined ? 'The plan is still being made.' : 'Give the name of a file that is not there yet.'}), []];
	}

	return [withJourney(state, {...journey, view: undefined}), [{kind: 'save-script', plans: plansInSight(journey), path}]];
}

/** Where the script was written, or why not: it is asked again. */
export function takeSaved(state: State, {path, result}: Message & {kind: 'script-saved'}): State {
	const journey = journeyOf(state);
	if (journey === undefined) {
		return state;
	}

	const note = result.ok ? `Saved as ${result.value}. Nothing was started.` : describeFailure(result.failure).message;
	return withJourney(state, {...journey, note, ...(!result.ok && {view: {kind: 'script', path}})});
}

/** Where nothing is painted: the name is typed in a question of its own, and what starts is an answer of its own. */
function updateName(state: State, journey: Journey, {key, command, viewport}: Pressed): Update {
	return command === 'accept'
		? pressStart(state, isNameRight(journey) ? journey : {...journey, view: undefined}, {key, viewport})
		: [withJourney(state, {...journey, typed: editText(journey.typed, key)}), []];
}

export function updateView(state: State, journey: Journey, pressed: Pressed): Update {
	const {view} = journey;
	const {command, viewport} = pressed;
	if (view === undefined || command === 'back') {
		return [withJourney(state, {...journey, view: undefined, ...(view?.kind === 'name' && {typed: ''})}), []];
	}

	switch (view.kind) {
		case 'script': {
			return updateScript(state, {...journey, view}, pressed);
		}

		case 'name': {
			return updateName(state, journey, pressed);
		}

		case 'fields': {
			return command === 'accept' ? [withJourney(state, {...journey, view: undefined}), []] : [state, []];
		}

		case 'commands':
		case 'images': {
			if (command === 'accept') {
				return [withJourney(state, {...journey, view: undefined}), []];
			}

			if (command === 'copy' && view.kind === 'commands') {
				const steps = plansInSight(journey).flatMap(plan => plan.steps);
				return steps.length === 0 ? [state, []] : copy(state, steps.map(step => formatCommand(redactSecrets(step.command))).join('\n'), 'the commands of the plan');
			}

			if (command === 'unfold-files' && view.kind === 'commands') {
				return [withJourney(state, {...journey, view: {...view, isUnfolded: !view.isUnfolded}}), []];
			}

			return [command === undefined ? state : scroll(withJourney(state, journey), command, viewport), []];
		}
	}
}
