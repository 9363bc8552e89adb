/**
The details of what is selected, as lines. The same text stands below the lists, cut to the room there, and in full on its own screen.
*/
import {byKind} from '../../model/by-kind.ts';
import {imageHolders} from '../../app/browse/image-holders.ts';
import {selectedDomain, selectedNode, selectedDetails, type TreeNode} from '../../app/browse/rows.ts';
import type {State} from '../../app/state.ts';
import {headDisks} from '../../model/domain/domain.ts';
import {describeProblem} from '../../model/images/describe-images.ts';
import {formatBytes, formatMomentWithAge} from '../../model/text/format.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {paragraph, type Line, type Piece} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';
import {failureLines} from './failure.ts';
import {formatSeconds, stateOfSnapshot} from './words.ts';

type Paper = {columns: number; theme: Theme; nowMs: number};

function field(label: string, text: string, paper: Paper, tone?: Tone): Line[] {
	return paragraph(text, {
		...paper, tone, lead: {text: ` ${label.padEnd(12)}`, tone: 'dim'},
	});
}

function when(seconds: number, {nowMs}: Paper): string {
	return formatMomentWithAge(seconds, Math.floor(nowMs / 1000));
}

function title(text: string, rest: Piece[] = []): Line {
	return [{text: ` ${text}`, tone: 'strong'}, ...rest];
}

/** Where the state of a disk is: frozen in an image, or inside one. */
function frozenWords(mode: string, path = 'an image that its record does not name'): string {
	return mode === 'external' ? `external, frozen in ${path}` : `${mode}, in ${path}`;
}

function snapshotDetails(snapshot: Snapshot, paper: Paper): Line[] {
	const memory = snapshot.memory.mode === 'external' ? `external, in ${snapshot.memory.path}` : (snapshot.memory.mode === 'internal' ? 'internal, inside the image' : 'not kept');
	return [
		title(snapshot.name, snapshot.isCurrent ? [{text: '  current', tone: 'accent'}] : []),
		...(snapshot.description ? field('description', snapshot.description, paper) : []),
		...field('created', when(snapshot.createdAt, paper), paper),
		...field('state', stateOfSnapshot(snapshot), paper),
		...field('memory', memory, paper),
		...snapshot.disks.flatMap(disk => {
			const kept = disk.mode === 'no' || disk.mode === 'manual' ? 'left out' : frozenWords(disk.mode, frozenPath(snapshot, disk.target));
			return field(disk.target, kept, paper);
		}),
		...field('parent', snapshot.parent ?? 'none (root)', paper),
	];
}

function headDetails(details: DomainDetails, paper: Paper): Line[] {
	const {domain, currentSnapshot} = details;
	return [
		title(`${domain.name} now`),
		...field('state', `${stateWord(domain.state)}${domain.isPersistent ? '' : ', transient: libvirt forgets it when it stops'}`, paper),
		...field('based on', currentSnapshot ?? 'no snapshot', paper),
		...(domain.hasManagedSave ? field('saved', 'managed save: its memory belongs to the current disks', paper, 'warning') : []),
		...headDisks(domain).filter(disk => disk.sourcePath !== undefined).flatMap(disk => field(
			disk.target,
			`${disk.device === 'disk' ? 'writes to' : `${disk.device}:`} ${disk.sourcePath}${disk.readonly ? ' (read-only)' : ''}`,
			paper,
		)),
	];
}

const nodeDetails: (node: TreeNode, details: DomainDetails, paper: Paper) => Line[] = byKind({
	snapshot: (node, _details, paper) => snapshotDetails(node.snapshot, paper),
	head: (_node, details, paper) => headDetails(details, paper),
	checkpoint(node, _details, paper) {
		const {checkpoint} = node;
		return [
			title(checkpoint.name),
			...(checkpoint.description ? field('description', checkpoint.description, paper) : []),
			...field('created', when(checkpoint.createdAt, paper), paper),
			...field('parent', checkpoint.parent ?? 'none (root)', paper),
			...checkpoint.disks.flatMap(disk => field(disk.target, disk.bitmap === undefined ? 'left out' : `bitmap ${disk.bitmap}`, paper)),
		];
	},
	image(node, details, paper) {
		const {image} = node;
		const holders = imageHolders(details).get(image.path) ?? [];
		return [
			title(image.path),
			...image.problems.flatMap(problem => field(problem.kind === 'locked' ? 'open' : 'problem', describeProblem(problem), paper, problem.kind === 'locked' ? undefined : 'loss')),
			...field('size', `${formatBytes(image.allocatedBytes)} used, ${formatBytes(image.virtualSizeBytes)} virtual`, paper),
			...field('format', image.format ?? 'unknown', paper),
			...field('backed by', image.backingPath ?? 'none (base image)', paper),
			...field('needed by', holders.length === 0 ? 'its overlays' : holders.map(({label}) => label).join(', '), paper),
			...(image.internalSnapshots.length === 0 ? [] : field('inside', `internal snapshots ${image.internalSnapshots.map(({tag}) => tag).join(', ')}`, paper)),
			...(image.bitmaps.length === 0 ? [] : field('bitmaps', image.bitmaps.map(bitmap => `${bitmap.name}${bitmap.isUsable ? '' : ' (broken)'}`).join(', '), paper)),
		];
	},
	unrecorded: (node, _details, paper) => [
		title(node.label),
		...field('kept', node.reason, paper),
		...field('what now', 'Press D: the doctor can record it, so that you can revert to it.', paper),
	],
	unreadable: (node, _details, paper) => [title(node.label), ...field('unreadable', node.reason, paper, 'loss')],
});

/** All lines about the selection; where something could not be read, why. */
export function detailsOf(state: State, given: {columns: number; theme: Theme}): Line[] {
	const paper: Paper = {...given, nowMs: state.nowMs};
	const domain = selectedDomain(state);
	if (domain === undefined) {
		return [];
	}

	const reading = state.allDetails[domain.uuid];
	if (reading?.failure !== undefined) {
		return [title(`${domain.name} could not be read`), ...failureLines(reading.failure, paper), ...field('', 'Press R to try again.', paper, 'dim')];
	}

	const details = selectedDetails(state);
	if (details === undefined) {
		const waited = reading?.waiting === undefined ? 0 : state.nowMs - reading.waiting.sinceMs;
		return [title(domain.name), ...field('', `Reading snapshots, checkpoints and images${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, paper, 'dim')];
	}

	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	return node === undefined ? headDetails(details, paper) : nodeDetails(node, details, paper);
}
