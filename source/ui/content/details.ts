/**
The details of what is selected, as lines. The same text stands below the lists, cut to the room there, and in full on its own screen.
*/
import {byKind} from '../../model/by-kind.ts';
import {imageHolders} from '../../app/browse/image-holders.ts';
import type {Layer} from '../../app/browse/image-layers.ts';
import {rowFacts} from '../../app/browse/row-facts.ts';
import {selectedDomain, selectedNode, selectedDetails, type TreeNode} from '../../app/browse/rows.ts';
import type {State} from '../../app/state.ts';
import {headDisks, hasProcess, type Disk} from '../../model/domain/domain.ts';
import {describeProblem} from '../../model/images/describe-images.ts';
import {usedBytes, type Image} from '../../model/images/image.ts';
import {
	describeHealth, describeNextBackup, formatSince, healthWords, ownerOf, summariseCheckpoint,
} from '../../model/text/describe-checkpoint.ts';
import {formatBytes, formatMomentWithAge} from '../../model/text/format.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {frozenPath, type Checkpoint, type Snapshot} from '../../model/domain/snapshot.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {paragraph, type Line, type Piece} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';
import {verdictsOf} from './browse/forecast.ts';
import {failureLines} from './failure.ts';
import {formatSeconds, healthTones, stateOfSnapshot} from './words.ts';

type TextStyle = {columns: number; theme: Theme; nowMs: number};

function field(label: string, text: string, style: TextStyle, tone?: Tone): Line[] {
	return paragraph(text, {
		...style, tone, lead: {text: ` ${label.padEnd(12)}`, tone: 'dim'},
	});
}

function when(seconds: number, {nowMs}: TextStyle): string {
	return formatMomentWithAge(seconds, Math.floor(nowMs / 1000));
}

function title(text: string, rest: Piece[] = []): Line {
	return [{text: ` ${text}`, tone: 'strong'}, ...rest];
}

/** Where the state of a disk is: frozen in an image, or inside one. */
function frozenWords(mode: string, path = 'an image that its record does not name'): string {
	return mode === 'external' ? `external, frozen in ${path}` : `${mode}, in ${path}`;
}

function snapshotDetails(snapshot: Snapshot, details: DomainDetails, style: TextStyle): Line[] {
	const sizes = rowFacts(details).sizesOf(snapshot);
	const memory = snapshot.memory.mode === 'external' ? `external, in ${snapshot.memory.path}` : (snapshot.memory.mode === 'internal' ? 'internal, inside the image' : 'not kept');
	return [
		title(snapshot.name, snapshot.isCurrent ? [{text: '  current', tone: 'accent'}] : []),
		...(snapshot.description ? field('description', snapshot.description, style) : []),
		...field('created', when(snapshot.createdAt, style), style),
		...field('state', stateOfSnapshot(snapshot), style),
		...field('memory', memory, style),
		...snapshot.disks.flatMap(disk => {
			const kept = disk.mode === 'no' || disk.mode === 'manual' ? 'left out' : frozenWords(disk.mode, frozenPath(snapshot, disk.target));
			const size = sizes.get(disk.target);
			return field(disk.target, `${kept}${size === undefined ? '' : `, ${formatBytes(size)}`}`, style);
		}),
		...field('parent', snapshot.parent ?? 'none (root)', style),
	];
}

function useOf({device, transient}: Disk): string {
	if (device !== 'disk') {
		return `${device}:`;
	}

	return transient === undefined ? 'writes to' : 'transient: discards what is written when the domain stops, and starts from';
}

function headDetails(details: DomainDetails, style: TextStyle): Line[] {
	const {domain, currentSnapshot} = details;
	return [
		title(`${domain.name} now`),
		...field('state', `${stateWord(domain.state)}${domain.isPersistent ? '' : ', transient: libvirt forgets it when it stops'}`, style),
		...field('based on', currentSnapshot ?? 'no snapshot', style),
		...(domain.hasManagedSave ? field('saved', 'managed save: its memory belongs to the current disks', style, 'warning') : []),
		...headDisks(domain).filter(disk => disk.sourcePath !== undefined).flatMap(disk => field(
			disk.target,
			`${useOf(disk)} ${disk.sourcePath}${disk.readonly ? ' (read-only)' : ''}`,
			style,
		)),
	];
}

function checkpointDetails(checkpoint: Checkpoint, details: DomainDetails, style: TextStyle): Line[] {
	const facts = summariseCheckpoint(details, checkpoint);
	const meaning = describeNextBackup(facts);
	const owner = ownerOf(checkpoint.name);
	return [
		title(checkpoint.name, [...(owner === '' ? [] : [{text: ` ${owner}`, tone: 'warning' as const}]), {text: `  ${describeHealth(facts)}`, tone: healthTones[facts.health]}]),
		...(checkpoint.description ? field('description', checkpoint.description, style) : []),
		...field('created', when(checkpoint.createdAt, style), style),
		...(meaning === undefined ? [] : field('next backup', meaning, style, 'warning')),
		...(facts.disks.length > 1 && facts.size !== undefined ? field('since then', `${formatSince(facts.size)} to copy`, style) : []),
		...checkpoint.disks.flatMap(({target, bitmap}) => {
			const disk = facts.disks.find(one => one.target === target);
			const size = disk?.size === undefined ? '' : `, ${formatSince(disk.size)} since then`;
			return field(target, disk === undefined ? 'left out' : `${healthWords[disk.health]}${size}, bitmap ${bitmap!}`, style, disk === undefined || disk.health === 'good' ? undefined : healthTones[disk.health]);
		}),
		...field('parent', checkpoint.parent ?? 'none (root)', style),
		...(hasProcess(details.domain) ? [] : field('size', 'How much was written since then is counted while the domain runs.', style, 'dim')),
	];
}

const sizeOf = ({allocatedBytes, virtualSizeBytes}: Image): string => `${formatBytes(allocatedBytes)} used, ${formatBytes(virtualSizeBytes)} virtual`;

/** All of one image; with others beside it in few lines. */
function imageDetails(image: Image, details: DomainDetails, style: TextStyle): Line[] {
	const holders = imageHolders(details).get(image.path) ?? [];
	return [
		...image.problems.flatMap(problem => field(problem.kind === 'locked' ? 'open' : 'problem', describeProblem(problem), style, problem.kind === 'locked' ? undefined : 'loss')),
		...(usedBytes(image) === undefined
			? []
			: [
				...field('size', sizeOf(image), style),
				...field('format', image.format ?? 'unknown', style),
				...field('backed by', image.backingPath ?? 'none (base image)', style),
			]),
		...field('needed by', holders.length === 0 ? 'its overlays' : holders.map(({label}) => label).join(', '), style),
		...(image.internalSnapshots.length === 0 ? [] : field('inside', `internal snapshots ${image.internalSnapshots.map(({tag}) => tag).join(', ')}`, style)),
		...(image.bitmaps.length === 0 ? [] : field('bitmaps', image.bitmaps.map(bitmap => `${bitmap.name}${bitmap.isUsable ? '' : ' (broken)'}`).join(', '), style)),
	];
}

function layerDetails({title: name, isHead, images, others}: Layer, details: DomainDetails, style: TextStyle): Line[] {
	const all = [...images];
	if (all.length === 1) {
		const [[target, image]] = all as [[string, Image]];
		return [title(image.path, target === '' ? [] : [{text: `  ${target}`, tone: 'dim'}]), ...imageDetails(image, details, style)];
	}

	return [
		title(isHead ? `The images that ${details.domain.name} writes to` : `The images of ${name}`, others.length === 0 ? [] : [{text: `  also needed by ${others.join(', ')}`, tone: 'dim'}]),
		...all.flatMap(([target, image]) => [
			...field(target, image.path, style),
			...image.problems.flatMap(problem => field('', describeProblem(problem), style, problem.kind === 'locked' ? undefined : 'loss')),
			...(usedBytes(image) === undefined ? [] : field('', `${sizeOf(image)}, ${image.format ?? 'unknown'}, ${image.backingPath === undefined ? 'a base image' : `backed by ${image.backingPath}`}`, style, 'dim')),
			...(image.internalSnapshots.length === 0 ? [] : field('', `internal snapshots ${image.internalSnapshots.map(({tag}) => tag).join(', ')}`, style, 'dim')),
			...(image.bitmaps.length === 0 ? [] : field('', `bitmaps ${image.bitmaps.map(bitmap => `${bitmap.name}${bitmap.isUsable ? '' : ' (broken)'}`).join(', ')}`, style, 'dim')),
		]),
	];
}

const nodeDetails: (node: TreeNode, details: DomainDetails, style: TextStyle) => Line[] = byKind({
	snapshot: (node, details, style) => snapshotDetails(node.snapshot, details, style),
	head: (_node, details, style) => headDetails(details, style),
	checkpoint: (node, details, style) => checkpointDetails(node.checkpoint, details, style),
	layer: (node, details, style) => layerDetails(node.layer, details, style),
	file: (node, _details, style) => [
		title(node.path),
		...field(node.isUnused ? 'unused' : 'holds', node.reason, style, node.isUnused ? 'warning' : undefined),
		...(node.bytes === undefined ? [] : field('size', formatBytes(node.bytes), style)),
		...(node.isUnused ? field('what now', 'Press D: the doctor says what it was, and plans its removal.', style) : []),
	],
	unrecorded: (node, _details, style) => [
		title(node.label),
		...field('kept', node.reason, style),
		...field('what now', 'Press D: the doctor records it if that is possible, so that you can revert to it.', style),
	],
	unreadable: (node, _details, style) => [title(node.label), ...field('unreadable', node.reason, style, 'loss')],
});

/** All lines about the selection; where something could not be read, why. */
export function detailsOf(state: State, given: {columns: number; theme: Theme}): Line[] {
	const style: TextStyle = {...given, nowMs: state.nowMs};
	const domain = selectedDomain(state);
	if (domain === undefined) {
		return [];
	}

	const reading = state.allDetails[domain.uuid];
	if (reading?.failure !== undefined) {
		return [title(`${domain.name} could not be read`), ...failureLines(reading.failure, style), ...field('', 'Press R to try again.', style, 'dim')];
	}

	const details = selectedDetails(state);
	if (details === undefined) {
		const waited = reading?.waiting === undefined ? 0 : state.nowMs - reading.waiting.sinceMs;
		return [title(domain.name), ...field('', `Reading snapshots, checkpoints and images${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, style, 'dim')];
	}

	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	const verdicts = node?.kind === 'snapshot' ? verdictsOf(state).flatMap(({verb, words, tone}) => field(verb, words, style, tone)) : [];
	return node === undefined ? headDetails(details, style) : [...nodeDetails(node, details, style), ...verdicts];
}
