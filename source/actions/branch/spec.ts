/**
Branch: a second line of development begins at a snapshot.
*/
import {mapResult} from '../../model/result.ts';
import {freeName} from '../../model/domain/snapshot-name.ts';
import {completeCurrentState, currentStateOptions, readCurrentState, writeCurrentState} from '../current-state.ts';
import {
	endStateExcludes, endStateOptions, presetEndState, readEndState, writeEndState,
} from '../end-state.ts';
import {mostTaken, problemOfName, takenNames} from '../names.ts';
import {overlayFolderOption, readOverlayFolder, readsOverlayFolder} from '../overlay-folder.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByReverting} from '../undo.ts';
import {branchFields} from './questions.ts';
import {words} from './words.ts';

export const branch = {
	kind: 'branch',
	cli: {
		usage: 'branch <domain> <snapshot> <name>',
		summary: 'start a new line from a snapshot; the current state is kept unless you discard it',
		examples: ['branch web before-upgrade php84 --yes', 'branch web before-upgrade php84 --keep before-php84 --shutoff --dry-run'],
		options: [...currentStateOptions('"before-" and the name of the branch'), ...endStateOptions, overlayFolderOption],
		excludes: [['keep', 'discard'], ['memory', 'discard'], ['description', 'discard'], endStateExcludes],
		read([snapshot, name], raw) {
			const currentState = readCurrentState(raw);
			const placed = readOverlayFolder(raw);
			return currentState.ok
				? mapResult(placed, place => ({kind: 'branch', snapshot: snapshot!, name: name!, currentState: currentState.value, endState: readEndState(raw), ...place}))
				: currentState;
		},
		write: ({snapshot, name, currentState, endState, overlayFolder}) => ({words: [snapshot, name], raw: {...writeCurrentState(currentState), ...writeEndState(endState), overlayFolder}}),
	},
	screen: {
		key: 'b',
		label: 'Branch from here …',
		title: 'Branch',
		choose: 'Choose the snapshot to branch from, then press b.',
		help: 'branch from the selected snapshot',
		short: 'branch',
		rank: 5,
		needs: 'snapshot',
		foretells: 'refusal',
	},
	/** The proposed name is "s1-branch", or with a number where that is taken. */
	complete({snapshot, name: given, currentState: givenFate, endState, overlayFolder}, uuid, {details, nowMs}) {
		const taken = takenNames(details);
		const name = given ?? freeName(`${snapshot!.slice(0, mostTaken)}-branch`, taken);
		const {currentState, kept, answered} = completeCurrentState(givenFate, {branch: name}, {nowMs, taken});
		const isNamed = given !== undefined && problemOfName(given, taken) === undefined;
		return {
			request: {kind: 'branch', uuid, snapshot: snapshot!, name, currentState, endState: endState ?? presetEndState(details, undefined), ...(overlayFolder !== undefined && {overlayFolder})},
			answered: [...isNamed ? ['name'] : [], ...answered, ...endState === undefined ? [] : ['end-state']],
			kept,
		};
	},
	fields: branchFields,
	setsPower: true,
	laysOverlays: true,
	reads: readsOverlayFolder,
	undo: ({currentState}) => undoByReverting(currentState),
	words,
} satisfies ActionSpec<'branch'>;
