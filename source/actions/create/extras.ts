/**
All that can be set of a new snapshot beyond what is asked, for those who want more.
*/
import type {DiskRequest} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {switchField, type Field, type TextField} from '../question.ts';
import {disksToTake, type AskedCreate} from './method.ts';

const decided = 'automatic';
const diskModes = [undefined, 'external', 'internal', 'no', 'manual'] as const;
const diskWords = {external: 'external', internal: 'internal', no: 'left out', manual: 'manual'};
/** `absolute-paths` is what is done where nothing is said. */
const reuses = [
	{id: 'absolute-paths', label: 'created for you'},
	{id: 'existing', label: 'an existing, empty overlay', note: 'It is checked against the chain first.'},
	{id: 'existing-with-data', label: 'an existing overlay, with its data', note: 'It is checked against the chain first.'},
	{id: 'no-backing-file', label: 'created without a backing file'},
] as const;

/** Files are given whole: nothing is guessed from where the program was started. */
function pathField(id: string, {label, question}: {label: string; question: string}, {value, withPath}: {value: string | undefined; withPath: (path: string | undefined) => AskedCreate}): TextField {
	return {
		kind: 'text',
		id,
		label,
		question,
		isExtra: true,
		value: value ?? '',
		problem: value === undefined || value.startsWith('/') ? undefined : 'Give the absolute path, starting with "/".',
		note: 'Left empty, a name is chosen for you.',
		change: text => ({request: withPath(text === '' ? undefined : text)}),
	};
}

function diskFields(target: string, request: AskedCreate): Field[] {
	const disk: DiskRequest = request.disks.find(candidate => candidate.target === target) ?? {target, mode: undefined};
	const withDisk = (change: Partial<DiskRequest>): AskedCreate => ({
		...request, disks: [...request.disks.filter(candidate => candidate.target !== target), {...disk, ...change}].sort((a, b) => a.target < b.target ? -1 : 1),
	});
	const mode: Field = {
		kind: 'choice',
		id: `mode ${target}`,
		label: `Disk ${target}`,
		question: `How should the disk ${target} take part?`,
		isExtra: true,
		chosen: disk.mode ?? decided,
		choices: diskModes.map(mode => ({id: mode ?? decided, label: mode === undefined ? decided : diskWords[mode], change: {request: withDisk({mode})}})),
	};
	const {path} = disk;
	return disk.mode === 'external'
		? [
			mode,
			pathField(`path ${target}`, {label: `File of ${target}`, question: `The overlay that ${target} then writes to`}, {value: path, withPath: next => withDisk({path: next})}),
			...(path === undefined
				? []
				: [{
					kind: 'choice',
					id: `reuse ${target}`,
					label: 'That file',
					question: `What is the new file of ${target}?`,
					isExtra: true,
					isList: true,
					chosen: disk.reuse ?? 'absolute-paths',
					choices: reuses.map(reuse => ({...reuse, change: {request: withDisk({reuse: reuse.id})}})),
				} satisfies Field]),
		]
		: [mode];
}

/** In the order of how often they are wanted. A domain without memory has fewer of them. */
export function extraFields(request: AskedCreate, details: DomainDetails | undefined): Field[] {
	const isActive = details !== undefined && hasProcess(details.domain);
	const {memory, isLive, isHalted, hasNoMetadata} = request;
	return [
		...(memory?.mode === 'external'
			? [pathField('memory-path', {label: 'Memory file', question: 'The file that the memory is saved to'}, {value: memory.path, withPath: path => ({...request, memory: {...memory, path}})})]
			: []),
		...(isActive
			? [
				switchField({
					id: 'isLive', label: 'Live', question: 'Should the guest keep running while its memory is saved?', isExtra: true, isOn: isLive, note: 'The guest is paused only for a moment; the memory file gets larger.',
				}, isOn => ({request: {...request, isLive: isOn}})),
				switchField({
					id: 'isHalted', label: 'Power off', question: 'Should the domain be powered off afterwards?', isExtra: true, isOn: isHalted, note: 'Without a shutdown, right after the snapshot.',
				}, isOn => ({request: {...request, isHalted: isOn}})),
			]
			: []),
		switchField({
			id: 'hasNoMetadata', label: 'Record', question: 'Should libvirt keep a record of it?', isExtra: true, isOn: hasNoMetadata, labels: ['yes', 'none'], note: 'The files are created, but the tree shows no snapshot.',
		}, isOn => ({request: {...request, hasNoMetadata: isOn}})),
		...(details === undefined ? [] : disksToTake(details)).flatMap(({target}) => diskFields(target, request)),
	];
}
