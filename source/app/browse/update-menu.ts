/**
The menu of what is selected.
*/
import {isScreenKind} from '../../actions/registry.ts';
import {begin} from '../run/begin.ts';
import type {Command} from '../keys.ts';
import {moveIndex} from '../scroll.ts';
import type {State} from '../state.ts';
import {beginDiagnosis} from '../doctor/update-doctor.ts';
import {chooseHost} from '../hosts/update-hosts.ts';
import {showJob} from '../run/jobs.ts';
import {answerQuit} from '../run/update-quit.ts';
import {beginRecover} from '../run/update-recover.ts';
import {toggleMark} from './marks.ts';
import {refresh} from './update-browse.ts';
import type {Update} from './read.ts';

/** The menu: chosen by Enter, unless it is not possible. */
export function chooseAction(state: State, id: string): Update {
	const browsing: State = {...state, scene: {kind: 'browse'}};
	if (isScreenKind(id)) {
		return begin(browsing, {kind: id});
	}

	const host = chooseHost(browsing, id);
	if (host !== undefined) {
		return host;
	}

	switch (id) {
		case 'open': {
			return [{...browsing, pane: 'tree'}, []];
		}

		case 'mark': {
			return toggleMark(browsing);
		}

		case 'doctor': {
			return beginDiagnosis(browsing);
		}

		case 'jobs': {
			return [showJob(browsing), []];
		}

		case 'recover': {
			return beginRecover(browsing);
		}

		case 'details': {
			return [{...state, scene: {kind: 'details', top: 0}}, []];
		}

		case 'refresh': {
			return refresh(browsing);
		}

		case 'quit-wait':
		case 'quit-stop':
		case 'quit-not': {
			return answerQuit(browsing, id);
		}

		default: {
			return [browsing, []];
		}
	}
}

export function updateMenu(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'menu' || command === undefined) {
		return [state, []];
	}

	const option = scene.options[scene.index];
	if (command === 'back') {
		return [{...state, scene: {kind: 'browse'}}, []];
	}

	if (command === 'accept' && option !== undefined) {
		return option.reason === undefined
			? chooseAction(state, option.id)
			: [{...state, notice: `${option.label.replace(/ …$/, '')}: ${option.reason}.`}, []];
	}

	return [{...state, scene: {...scene, index: moveIndex(scene.index, command, scene.options.length)}}, []];
}
