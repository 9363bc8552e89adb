/**
What a key does on the screen that is shown: each has a file of its own.
*/
import {byKind} from '../model/by-kind.ts';
import type {Command} from './keys.ts';
import type {Key} from './messages.ts';
import type {Update} from './browse/read.ts';
import {scroll, type Viewport} from './scroll.ts';
import type {Scene, State} from './state.ts';
import {updateBrowse} from './browse/update-browse.ts';
import {diagnoseAgain, updateDoctor} from './doctor/update-doctor.ts';
import {updateFilter} from './browse/update-filter.ts';
import {updateJourney} from './journey/update-journey.ts';
import {updateMenu} from './browse/update-menu.ts';
import {updateRecover} from './run/update-recover.ts';
import {updateGroupEnded} from './run/update-group.ts';
import {updateLog} from './run/update-log.ts';
import {updateUndo} from './run/update-undo.ts';
import {updateEnded, updateRunning} from './run/update-run.ts';

function updateText(state: State, command: Command | undefined, viewport: Viewport): Update {
	if (command === 'back' || command === 'accept') {
		return [{...state, scene: {kind: 'browse'}}, []];
	}

	return [command === undefined ? state : scroll(state, command, viewport), []];
}

type Pressed = {key: Key; command: Command | undefined; viewport: Viewport};

const updates: (scene: Scene, state: State, pressed: Pressed) => Update = byKind({
	browse: (_scene, state, {key, command}) =>
		state.filter.isTyping ? updateFilter(state, key, command) : (command === undefined ? [state, []] : updateBrowse(state, command)),
	menu: (_scene, state, {command}) => updateMenu(state, command),
	help: (_scene, state, {command, viewport}) => updateText(state, command, viewport),
	details: (_scene, state, {command, viewport}) => updateText(state, command, viewport),
	journey: (_scene, state, pressed) => updateJourney(state, pressed),
	doctor: (_scene, state, {command, viewport}) => updateDoctor(state, command, viewport),
	running: (_scene, state, {command}) => updateRunning(state, command),
	ended(scene, state, {command, viewport}) {
		const isFromDoctor = scene.run.journey?.origin === 'doctor' && scene.outcome.kind !== 'half-way';
		return isFromDoctor && (command === 'accept' || command === 'back') ? diagnoseAgain(state) : updateEnded(state, command, viewport);
	},
	'group-ended': (_scene, state, {command, viewport}) => updateGroupEnded(state, command, viewport),
	recover: (_scene, state, {command}) => updateRecover(state, command),
	undo: (_scene, state, {command}) => updateUndo(state, command),
	log: (_scene, state, {command}) => updateLog(state, command),
	leaving: (_scene, state) => [state, []],
});

export function updateScene(state: State, pressed: Pressed): Update {
	return updates(state.scene, state, pressed);
}
