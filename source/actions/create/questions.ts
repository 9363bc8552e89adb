/**
The questions of a new snapshot: its name, what is saved, and where. Each answer says which row of the decision table it leads to; what the table refuses stays
in sight with the reason.
*/
import {hasProcess, type SnapshotMode} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {descriptionField, problemOfName, takenNames} from '../names.ts';
import type {Question} from '../question.ts';
import {disksToTake, methodOf, type AskedCreate} from './way.ts';
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
export function withPlace(request: AskedCreate, place: Place, details: DomainDetails): AskedCreate {
	return {
		...request,
		memory: savesMemory(request) ? {...request.memory!, mode: place} : request.memory,
		disks: disksToTake(details).map(({target, snapshotMode}) => ({...request.disks.find(disk => disk.target === target), target, mode: modeIn(place, snapshotMode)})),
	};
}

/** New files, unless the snapshots that are there lie inside the images: a mixed tree is one that libvirt cannot delete from. */
export function placesInOrder(details: DomainDetails): Place[] {
	const isInside = details.snapshots.length > 0 && !details.snapshots.some(snapshot => isExternal(snapshot));
	return isInside ? ['internal', 'external'] : ['external', 'internal'];
}

function savedQuestion(request: AskedCreate): Question {
	return {
		id: 'saved',
		...asked.saved,
		choices: [
			{
				id: 'disks',
				...asked.disks,
				change: {request: {...request, memory: {mode: 'no'}}},
			},
			{
				id: 'memory',
				...asked.memory,
				change: {request: {...request, isDiskOnly: false, memory: {...request.memory, mode: placeOf(request) ?? 'external'}}},
			},
		],
	};
}

/** Within another sentence. */
const asClause = (sentence: string) => `${sentence[0]!.toLowerCase()}${sentence.slice(1).replace(/\.$/u, '')}`;

function placeQuestion(request: AskedCreate, details: DomainDetails): Question {
	return {
		id: 'place',
		...asked.place,
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

/** What is saved is asked only of a domain that has memory at this moment. */
export function createQuestions(request: AskedCreate, details: DomainDetails | undefined): Question[] {
	const taken = takenNames(details);
	return [
		{
			id: 'name',
			...asked.name,
			choices: [],
			text: {
				label: 'Name',
				value: request.snapshot,
				problem: problemOfName(request.snapshot, taken),
				change: snapshot => ({request: {...request, snapshot}}),
				beside: descriptionField(request.description, description => ({request: {...request, description}})),
			},
		},
		...(details !== undefined && hasProcess(details.domain) ? [savedQuestion(request)] : []),
		...(details === undefined ? [] : [placeQuestion(request, details)]),
	];
}
