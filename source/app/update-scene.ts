/**
What a key does on the screen that is shown: each has a file of its own.
*/
import type {Command} from './keys.ts';
import type {Key} from './messages.ts';
import type {Update} from './browse/read.ts';
import {scroll, type Paper} from './scroll.ts';
import type {State} from './state.ts';
import {updateBrowse} from './browse/update-browse.ts';
import {diagnoseAgain, updateDoctor} from './doctor/update-doctor.ts';
import {updateFilter} from './browse/update-filter.ts';
import {updateJourney} from './journey/update-journey.ts';
import {updateMenu} from './browse/update-menu.ts';
import {updateEnded, updateRecover, updateRunning} from './run/update-run.ts';

function updateText(state: State, command: Command | undefined, paper: Paper): Update {
	if (command === 'back' || command === 'accept') {
		return [{...state, scene: {kind: 'browse'}}, []];
	}

	return [command === undefined ? state : scroll(state, command, paper), []];
}

export function updateScene(state: State, pressed: {key: Key; command: Command | undefined; paper: Paper}): Update {
	const {key, command, paper} = pressed;
	switch (state.scene.kind) {
		case 'browse': {
			return state.filter.isTyping ? updateFilter(state, key, command) : (command === undefined ? [state, []] : updateBrowse(state, command));
		}

		case 'menu': {
			return updateMenu(state, command);
		}

		case 'help':
		case 'details': {
			return updateText(state, command, paper);
		}

		case 'journey': {
			return updateJourney(state, pressed);
		}

		case 'doctor': {
			return updateDoctor(state, command, paper);
		}

		case 'running': {
			return updateRunning(state, command);
		}

		case 'ended': {
			const {scene} = state;
			const isFromDoctor = scene.journey?.origin === 'doctor' && scene.outcome.kind !== 'half-way';
			return isFromDoctor && (command === 'accept' || command === 'back') ? diagnoseAgain(state) : updateEnded(state, command, paper);
		}

		case 'recover': {
			return updateRecover(state, command, key);
		}

		case 'leaving': {
			return [state, []];
		}
	}
}
