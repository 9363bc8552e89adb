/**
The wish with which a journey begins: what was given, and for the rest what is proposed; and which questions that has answered already.
*/
import type {Wish} from '../../model/action.ts';
import {
	defaultBranchName, defaultFate, defaultSnapshotName, takenNames,
} from '../../model/defaults.ts';
import type {DomainPicture} from '../../model/inventory.ts';
import type {Journey, QuestionId} from '../journey.ts';
import type {ActionStart} from '../services.ts';
import {placesInOrder, withPlace} from './create.ts';
import {problemOfName} from './names.ts';
import type {CreateWish} from './way.ts';

/** Those about one snapshot, which has been found, and the one that needs none. */
export type JourneyStart =
	| (Exclude<ActionStart, {kind: 'create' | 'doctor'}> & {snapshot: string})
	| (ActionStart & {kind: 'create'});

type Beginning = Pick<Journey, 'wish' | 'keepName' | 'answered'>;

function answeredBy(given: Array<[QuestionId, boolean]>): QuestionId[] {
	return given.filter(([, isGiven]) => isGiven).map(([id]) => id);
}

function firstCreate(start: ActionStart & {kind: 'create'}, picture: DomainPicture, nowMs: number): {wish: Wish; answered: QuestionId[]} {
	const taken = takenNames(picture);
	const wish: CreateWish = {
		uuid: picture.domain.uuid,
		description: undefined,
		memory: undefined,
		disks: [],
		isDiskOnly: false,
		isQuiesced: false,
		isLive: false,
		isHalted: false,
		hasNoMetadata: false,
		...start,
		snapshot: start.snapshot ?? defaultSnapshotName({nowMs, taken}),
	};
	const isSavedGiven = start.memory !== undefined || start.isDiskOnly === true;
	const isPlaceGiven = (start.disks ?? []).length > 0;
	return {
		wish: isPlaceGiven ? wish : withPlace(wish, placesInOrder(picture)[0]!, picture),
		answered: answeredBy([
			['name', start.snapshot !== undefined && problemOfName(start.snapshot, taken) === undefined], ['saved', isSavedGiven || isPlaceGiven], ['place', isPlaceGiven],
		]),
	};
}

/** A name from the command line that cannot be taken is asked for again. */
export function beginningOf(start: JourneyStart, picture: DomainPicture, nowMs: number): Beginning {
	const {uuid} = picture.domain;
	const taken = takenNames(picture);
	const given = 'fate' in start ? start.fate : undefined;
	const branch = start.kind === 'branch' ? start.name ?? defaultBranchName(start.snapshot, {taken}) : undefined;
	const proposed = defaultFate({...(branch !== undefined && {branch})}, {nowMs, taken});
	const fate = given ?? proposed;
	const keepName = given?.kind === 'keep' ? given.name : proposed.name;
	const isFateGiven = given !== undefined && (given.kind === 'discard' || problemOfName(given.name, taken) === undefined);
	switch (start.kind) {
		case 'revert': {
			const {snapshot, endState} = start;
			return {
				wish: {kind: 'revert', uuid, snapshot, fate, endState}, keepName, answered: answeredBy([['fate', isFateGiven], ['end-state', endState !== undefined]]),
			};
		}

		case 'branch': {
			const {snapshot, name} = start;
			const isNameGiven = name !== undefined && problemOfName(name, taken) === undefined;
			return {
				wish: {kind: 'branch', uuid, snapshot, name: branch!, fate}, keepName, answered: answeredBy([['name', isNameGiven], ['fate', isFateGiven]]),
			};
		}

		case 'merge': {
			return {wish: {kind: 'merge', uuid, snapshot: start.snapshot}, keepName, answered: []};
		}

		case 'delete': {
			const {snapshot, scope = 'one', isMetadataOnly = false} = start;
			return {
				wish: {kind: 'delete', uuid, snapshot, scope, isMetadataOnly}, keepName, answered: answeredBy([['scope', start.scope !== undefined || start.isMetadataOnly === true]]),
			};
		}

		case 'create': {
			return {...firstCreate(start, picture, nowMs), keepName};
		}
	}
}
