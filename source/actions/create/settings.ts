/**
All that can be set of a new snapshot, one line each, for those who want more than the questions ask.
*/
import type {DiskRequest} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {descriptionField} from '../names.ts';
import type {Setting, TextField} from '../question.ts';
import {withPlace} from './questions.ts';
import {disksToTake, type AskedCreate} from './way.ts';

/** The value after this one, round and round. */
function next<T>(values: readonly T[], value: T): T {
	return values[(values.indexOf(value) + 1) % values.length]!;
}

const memoryModes = [undefined, 'no', 'internal', 'external'] as const;
const memoryWords = {no: 'not saved', internal: 'internal, inside the image', external: 'external, in its own file'};
const diskModes = [undefined, 'external', 'internal', 'no', 'manual'] as const;
const diskWords = {
	external: 'external, a new overlay', internal: 'internal, inside its image', no: 'left out', manual: 'manual: you take care of it',
};
/** `absolute-paths` is what is done where nothing is said. */
const reuses = [undefined, 'existing', 'existing-with-data', 'no-backing-file'] as const;
const reuseWords = {
	'absolute-paths': 'created for you',
	existing: 'an existing, empty overlay',
	'existing-with-data': 'an existing overlay, with its data',
	'no-backing-file': 'created for you, without a backing file',
};
const decided = 'automatic';

function switchOf(id: 'isQuiesced' | 'isLive' | 'isHalted', request: AskedCreate, words: {label: string; note: string; reason?: string}): Setting {
	return {...words, id, label: `${words.label}: ${request[id] ? 'yes' : 'no'}`, change: {request: {...request, [id]: !request[id]}}};
}

/** Files are given whole: nothing is guessed from where the program was started. */
function pathField(label: string, value: string | undefined, withPath: (path: string | undefined) => AskedCreate): TextField {
	return {
		label,
		value: value ?? '',
		problem: value === undefined || value.startsWith('/') ? undefined : 'Give the absolute path, starting with "/".',
		change: text => ({request: withPath(text === '' ? undefined : text)}),
	};
}

function diskSettings(target: string, request: AskedCreate): Setting[] {
	const disk: DiskRequest = request.disks.find(candidate => candidate.target === target) ?? {target, mode: undefined};
	const withDisk = (change: Partial<DiskRequest>): AskedCreate => ({
		...request, disks: [...request.disks.filter(candidate => candidate.target !== target), {...disk, ...change}].sort((a, b) => a.target < b.target ? -1 : 1),
	});
	const mode: Setting = {
		id: `mode ${target}`,
		label: `Disk ${target}: ${disk.mode === undefined ? decided : diskWords[disk.mode]}`,
		note: 'How this disk takes part. Enter cycles.',
		answers: ['place'],
		change: {request: withDisk({mode: next(diskModes, disk.mode)})},
	};
	return disk.mode === 'external'
		? [
			mode,
			{
				id: `path ${target}`,
				label: `Disk ${target}, new file: ${disk.path ?? 'automatic'}`,
				note: 'The overlay that the domain then writes to.',
				text: pathField(`New file of ${target}`, disk.path, path => withDisk({path})),
			},
			{
				id: `reuse ${target}`,
				label: `Disk ${target}, new file: ${reuseWords[disk.reuse ?? 'absolute-paths']}`,
				note: 'An existing file is checked against the chain first.',
				reason: disk.path === undefined ? 'name the file first' : undefined,
				change: {request: withDisk({reuse: next(reuses, disk.reuse === 'absolute-paths' ? undefined : disk.reuse)})},
			},
		]
		: [mode];
}

/** What is set here is not asked once more: an answer would take it back. */
function memorySetting(request: AskedCreate, details: DomainDetails | undefined, reason: string | undefined): Setting {
	const {memory} = request;
	const mode = next(memoryModes, memory?.mode);
	const withMemory: AskedCreate = {...request, memory: mode === undefined ? undefined : {...memory, mode}};
	const isSaved = mode === 'internal' || mode === 'external';
	return {
		id: 'memory',
		label: `Memory: ${memory === undefined ? decided : memoryWords[memory.mode]}`,
		note: 'With memory, a revert resumes exactly here. Enter cycles; the disks are saved in the same place.',
		reason,
		answers: ['saved', 'place'],
		// Memory and disks in different places are refused by every row of the table.
		change: {request: isSaved && details !== undefined ? withPlace({...withMemory, isDiskOnly: false}, mode, details) : withMemory},
	};
}

/** In the order of how often they are wanted. A domain without memory has no settings for it. */
export function createSettings(request: AskedCreate, details: DomainDetails | undefined): Setting[] {
	const isActive = details !== undefined && hasProcess(details.domain);
	const {memory} = request;
	const off = isActive ? undefined : 'the domain is off';
	return [
		{
			id: 'description',
			label: `Description: ${request.description ?? 'none'}`,
			note: 'Shown in the tree.',
			text: descriptionField(request.description, description => ({request: {...request, description}})),
		},
		memorySetting(request, details, off),
		...(memory?.mode === 'external'
			? [{
				id: 'memory-path',
				label: `Memory file: ${memory.path ?? 'automatic'}`,
				note: 'Where the memory is saved.',
				text: pathField('Memory file', memory.path, path => ({...request, memory: {...memory, path}})),
			}]
			: []),
		switchOf('isQuiesced', request, {label: 'Freeze the guest\'s file systems meanwhile', note: 'Needs the guest agent. The file systems are then consistent.', reason: off}),
		switchOf('isLive', request, {label: 'Keep the guest running while its memory is saved', note: 'It is paused only for a moment; the file gets larger.', reason: off}),
		switchOf('isHalted', request, {label: 'Power the domain off afterwards', note: 'Without a shutdown, right after the snapshot.', reason: off}),
		{
			id: 'hasNoMetadata',
			label: `Keep a libvirt record: ${request.hasNoMetadata ? 'no' : 'yes'}`,
			note: 'Without it the files are created, but the tree shows no snapshot.',
			change: {request: {...request, hasNoMetadata: !request.hasNoMetadata}},
		},
		...(details === undefined ? [] : disksToTake(details)).flatMap(({target}) => diskSettings(target, request)),
		{id: 'done', label: 'Done', note: 'Back to the questions, or to the new plan.', change: {}},
	];
}
