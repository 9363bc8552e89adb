/**
Restore: the domain goes on with the disks of a point of a folder of backups.
*/
import type {Manifest} from '../../model/backup/manifest.ts';
import type {ElsewhereRequest} from '../../model/domain/inventory.ts';
import type {Elsewhere} from '../../model/plan/request.ts';
import type {Result} from '../../model/result.ts';
import {normalFolder, proposeFolder} from '../backup/last-folder.ts';
import {problemOfFolder} from '../backup/questions.ts';
import {completeCurrentState} from '../current-state.ts';
import {presetEndState} from '../end-state.ts';
import {takenNames} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByReverting} from '../undo.ts';
import {restoreFields} from './questions.ts';
import {choosePoint} from './choose-point.ts';
import {whyNoUndo, words} from './words.ts';

/** A point that is not there is refused by the planner. */
function requestElsewhere(elsewhere: Elsewhere, point: Result<Manifest>): ElsewhereRequest | undefined {
	const to = elsewhere.path === undefined ? undefined : normalFolder(elsewhere.path);
	return point.ok ? {point: point.value, to, as: elsewhere.kind === 'new' ? elsewhere.name : undefined} : undefined;
}

export const restore = {
	kind: 'restore',
	screen: {
		key: 'F',
		label: 'Restore from a backup …',
		title: 'Restore',
		choose: '',
		help: 'restore a backup: onto the domain, as a new one, or to a folder',
		short: 'restore',
		rank: 9,
		needs: 'domain',
	},
	// It is typed as one of the ways of `restore FOLDER`.
	complete({from, at, isVerified, elsewhere, currentState: given, endState}, uuid, {details, nowMs, backedUpTo = []}) {
		const {currentState, kept, answered} = completeCurrentState(given, {}, {nowMs, taken: takenNames(details)});
		return {
			request: {kind: 'restore', uuid, from: from ?? proposeFolder(backedUpTo, details.domain), at, isVerified: isVerified ?? true, ...(elsewhere && {elsewhere}), currentState, endState: endState ?? presetEndState(details, undefined)},
			answered,
			kept,
		};
	},
	fields: restoreFields,
	backupFolder: ({from}) => from === undefined || problemOfFolder(from) !== undefined ? undefined : normalFolder(from),
	restores: ({at, elsewhere}, backups) => elsewhere && requestElsewhere(elsewhere, choosePoint(backups, at)),
	setsPower: true,
	undo: ({elsewhere, currentState}) => elsewhere === undefined ? undoByReverting(currentState) : {never: whyNoUndo(elsewhere)},
	words,
} satisfies ActionSpec<'restore'>;
