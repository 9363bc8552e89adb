/**
Create: a new snapshot.
*/
import {isWritableMedium} from '../../model/domain/domain.ts';
import {nameByTime, problemOfName, takenNames} from '../names.ts';
import {readsOverlayFolder} from '../overlay-folder.ts';
import type {ActionSpec} from '../spec.ts';
import {undoByDropping} from '../undo.ts';
import {againAsPlanned} from './again.ts';
import {cli} from './arguments.ts';
import {createFields, proposeCreate, shareCreate} from './questions.ts';
import {disksToTake} from './method.ts';
import {describeDisks, whyNoUndo, words} from './words.ts';

export const create = {
	kind: 'create',
	cli,
	screen: {
		key: 'c',
		label: 'Create a snapshot of the current state …',
		title: 'Create',
		choose: '',
		help: 'create a snapshot of the current state',
		short: 'create',
		rank: 2,
		needs: 'domain',
		context: details => ({word: 'disks', text: describeDisks(disksToTake(details))}),
		unavailable: details => details.domain.definition.disks.some(disk => isWritableMedium(disk)) ? undefined : 'the domain has no disk that it writes to',
	},
	/** What is left out of disks and memory is decided by the decision table. */
	complete(given, uuid, {details, nowMs}) {
		const {snapshot, disks = [], memory, isDiskOnly = false} = given;
		const taken = takenNames(details);
		const isPlaced = disks.length > 0;
		const answered: Array<[string, boolean]> = [
			['name', snapshot !== undefined && problemOfName(snapshot, taken) === undefined], ['description', given.description !== undefined], ['saved', memory !== undefined || isDiskOnly || isPlaced], ['place', isPlaced],
		];
		return {
			request: {
				kind: 'create',
				uuid,
				snapshot: snapshot ?? nameByTime('at', {nowMs, taken}),
				description: given.description,
				memory,
				disks,
				isDiskOnly,
				isQuiesced: given.isQuiesced ?? false,
				...(given.isFrozenApart && {isFrozenApart: true}),
				isLive: given.isLive ?? false,
				isHalted: given.isHalted ?? false,
				hasNoMetadata: given.hasNoMetadata ?? false,
				...(given.overlayFolder !== undefined && {overlayFolder: given.overlayFolder}),
			},
			answered: answered.filter(([, isGiven]) => isGiven).map(([id]) => id),
		};
	},
	propose: ({request, answered}, details) => proposeCreate(request, answered, details),
	share: shareCreate,
	fields: createFields,
	laysOverlays: true,
	reads: ({disks = [], memory, overlayFolder}) => [...[...disks, memory].flatMap(named => named?.path === undefined ? [] : [named.path]), ...readsOverlayFolder({overlayFolder})],
	undo: ({snapshot, hasNoMetadata}, {snapshots}) => hasNoMetadata
		? {never: whyNoUndo}
		: undoByDropping(snapshot, snapshots),
	again: againAsPlanned,
	words,
} satisfies ActionSpec<'create'>;
