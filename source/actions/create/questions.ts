/**
The fields of a new snapshot: its name, what is saved, and where. Each answer says which row of the decision table it leads to; what the table refuses stays
in sight with the reason.
*/
import {hasProcess, type SnapshotMode} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {descriptionField, problemOfName, takenNames} from '../names.ts';
import {overlayFolderFields} from '../overlay-folder.ts';
import {switchField, type Field} from '../question.ts';
import type {Asked, GivenOf} from '../spec.ts';
import {extraFields} from './extras.ts';
import {disksToTake, methodOf, type AskedCreate} from './method.ts';
import {asked} from './words.ts';

type Place = 'internal' | 'external';

/** Whether the memory of the guest is saved with the disks. */
function savesMemory({memory}: AskedCreate): boolean {
	return memory !== undefined && memory.mode !== 'no';
}

/** Where the disks go, as far as one word says it. */
function placeOf(request: AskedCreate): Place | undefined {
	const modes = new Set(request.disks.map(({mode}) => mode).filter(mode => mode === 'internal' || mode === 'external'));
	return modes.size === 1 ? [...modes][0]! : undefined;
}

function modeIn(place: Place, definition: SnapshotMode | undefined): SnapshotMode {
	return definition === 'no' || definition === 'manual' ? definition : place;
}

/** Everything that takes part goes there, memory with it. What the definition leaves out stays out. */
function withPlace(request: AskedCreate, place: Place, details: DomainDetails): AskedCreate {
	return {
		...request,
		memory: savesMemory(request) ? {...request.memory!, mode: place} : request.memory,
		disks: disksToTake(details).map(({target, snapshotMode}) => ({...request.disks.find(disk => disk.target === target), target, mode: modeIn(place, snapshotMode)})),
	};
}

/** New files, unless the snapshots that are there lie inside the images: a mixed tree is one that libvirt cannot delete from. */
function placesInOrder(details: DomainDetails): Place[] {
	const isInside = details.snapshots.length > 0 && !details.snapshots.some(snapshot => isExternal(snapshot));
	return isInside ? ['internal', 'external'] : ['external', 'internal'];
}

/** What Enter alone takes: the disks, in the first place that fits. `answered`: what was said beforehand stays. */
export function proposeCreate(request: AskedCreate, answered: readonly string[], details: DomainDetails): AskedCreate {
	const saved: AskedCreate = answered.includes('saved') || !hasProcess(details.domain) ? request : {...request, memory: {mode: 'no'}};
	return answered.includes('place') ? saved : withPlace(saved, placesInOrder(details)[0]!, details);
}

/** Which disks there are is each domain's own: they go where those of the first do. */
export function shareCreate(request: AskedCreate): GivenOf<'create'> {
	const {snapshot, description, memory, isQuiesced, isLive, isHalted, hasNoMetadata} = request;
	const isOutside = placeOf(request) === 'external' && !savesMemory(request);
	return {
		kind: 'create', snapshot, description, isQuiesced, isLive, isHalted, hasNoMetadata, ...(isOutside ? {isDiskOnly: true} : (memory !== undefined && savesMemory(request) ? {memory: {mode: memory.mode}} : {})),
	};
}

function savedField(request: AskedCreate): Field {
	return {
		kind: 'choice',
		id: 'saved',
		...asked.saved,
		chosen: savesMemory(request) ? 'memory' : (request.memory === undefined ? undefined : 'disks'),
		choices: [
			{id: 'disks', ...asked.disks, change: {request: {...request, memory: {mode: 'no'}}}},
			{id: 'memory', ...asked.memory, change: {request: {...request, isDiskOnly: false, memory: {...request.memory, mode: placeOf(request) ?? 'external'}}}},
		],
	};
}

/** Within another sentence. */
const asClause = (sentence: string) => `${sentence[0]!.toLowerCase()}${sentence.slice(1).replace(/\.$/u, '')}`;

function placeField(request: AskedCreate, details: DomainDetails): Field {
	return {
		kind: 'choice',
		id: 'place',
		...asked.place,
		chosen: placeOf(request),
		choices: placesInOrder(details).map(place => {
			const placed = withPlace(request, place, details);
			const decision = methodOf(placed, details);
			const raw = place === 'internal' ? disksToTake(details).filter(disk => disk.format !== 'qcow2').map(({target}) => target) : [];
			const reason = raw.length > 0 ? `${raw.join(', ')} ${raw.length === 1 ? 'is' : 'are'} not qcow2` : undefined;
			return {
				id: place,
				label: asked[place],
				reason: decision.kind === 'refused' ? asClause(decision.reason) : reason,
				note: decision.kind === 'refused' ? `${decision.reason} ${decision.instead}` : decision.reason,
				change: {request: placed},
			};
		}),
	};
}

/** What is saved of the guest is asked only of a domain that has memory at this moment. */
export function createFields(request: AskedCreate, {details}: Pick<Asked, 'details'>): Field[] {
	const isActive = details !== undefined && hasProcess(details.domain);
	return [
		{
			kind: 'text', id: 'name', ...asked.name, value: request.snapshot, problem: problemOfName(request.snapshot, takenNames(details)), change: snapshot => ({request: {...request, snapshot}}),
		},
		descriptionField(request.description, description => ({request: {...request, description}})),
		...(isActive ? [savedField(request)] : []),
		...(details === undefined ? [] : [placeField(request, details)]),
		...(isActive && (!savesMemory(request) || request.isQuiesced)
			? [switchField({...asked.freeze, id: 'isQuiesced', isOn: request.isQuiesced}, isQuiesced => ({request: {...request, isQuiesced}}))]
			: []),
		...overlayFolderFields(request, details, {isExtra: false}, next => ({request: next})),
		...extraFields(request, details),
	];
}
