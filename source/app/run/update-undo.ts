/**
What was done here, and how it can be taken back: the list, and the page of the action that takes one of them back.
*/
import {isScreenKind, type ScreenKind} from '../../actions/registry.ts';
import type {GivenOf} from '../../actions/spec.ts';
import {inTurn, readDetails, type Update} from '../browse/read.ts';
import {selectDomain} from '../browse/select.ts';
import type {Command} from '../keys.ts';
import {moveIndex} from '../scroll.ts';
import type {Other} from '../journey/group.ts';
import type {Undoable} from '../services.ts';
import type {State} from '../state.ts';
import {openStart} from '../update-answers.ts';
import {showUndo} from './read-undo.ts';

/** The page of the action that takes it back; its domain becomes the selected one. */
function openUndo(state: State, uuid: string, action: GivenOf<ScreenKind>, others: readonly Other[] | undefined): Update {
	const opening: State = {...state, scene: {kind: 'browse'}, pane: 'tree', filter: {text: '', isTyping: false}, start: {domain: uuid, action, isUndo: true, others}, notice: 'Reading the domain …'};
	return inTurn(opening, next => selectDomain(next, uuid), next => readDetails(next, uuid), openStart);
}

/** The same action on other domains can be taken back with it: all of them, or undefined. */
function partnersOf({action}: Undoable, found: readonly Undoable[]): readonly Other[] | undefined {
	const wanted = action.others ?? [];
	const partners = wanted.flatMap(({uuid, name}): Other[] => {
		const partner = found.find(other => other.action.domain.uuid === uuid
			&& other.action.others?.some(each => each.uuid === action.domain.uuid) === true
			&& other.action.plannedAt === action.plannedAt);
		return partner?.undo.kind === 'possible' ? [{uuid, name, given: partner.undo.given}] : [];
	});
	return wanted.length > 0 && partners.length === wanted.length ? partners : undefined;
}

export function updateUndo(state: State, command: Command | undefined): Update {
	const {scene} = state;
	if (scene.kind !== 'undo' || command === undefined) {
		return [state, []];
	}

	const found = state.undo.value ?? [];
	const selected = found[scene.index];
	switch (command) {
		case 'back': {
			return [{...state, scene: {kind: 'browse'}}, [{kind: 'stop-undo'}]];
		}

		case 'refresh': {
			return showUndo(state);
		}

		case 'accept': {
			if (selected === undefined) {
				return [state.undo.value === undefined && state.undo.waiting !== undefined ? {...state, notice: 'What was done here is still being read.'} : state, []];
			}

			const {undo, action: {domain}} = selected;
			const others = partnersOf(selected, found);
			if (undo.kind !== 'possible' || !isScreenKind(undo.given.kind)) {
				return [{...state, notice: `Not possible: ${undo.kind === 'possible' ? `vsnap-tui undo ${selected.action.id} does it` : undo.reason}${undo.kind !== 'possible' && undo.reason.endsWith('.') ? '' : '.'}`}, []];
			}

			return state.domains.value?.some(({uuid}) => uuid === domain.uuid)
				? openUndo(state, domain.uuid, undo.given as GivenOf<ScreenKind>, others)
				: [{...state, notice: `The domain "${domain.name}" is gone.`}, []];
		}

		default: {
			return [{...state, scene: {...scene, index: moveIndex(scene.index, command, found.length)}}, []];
		}
	}
}
