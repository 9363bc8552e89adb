/**
Merging images that a running standalone QEMU has open: by its own block jobs, through its monitor. A commit of the head ends with the guest on the image below
it; any other commit, and a pull into any image of a chain, leaves the guest where it is.
*/
import {posix} from 'node:path';
import type {ImageNode} from '../../../model/domain/inventory.ts';
import {imageAt} from '../../../model/images/image-graph.ts';
import type {Merge} from '../../../model/images/image-merge.ts';
import {holdsBitmaps} from '../../../model/images/image.ts';
import type {Command, MovedBitmaps, QmpCommand, Step} from '../../../model/plan/plan.ts';
import {step} from '../../steps/step.ts';
import type {
	Hypervisor, OpenCommit, OpenMerge, Site,
} from '../hypervisor.ts';
import {ask, askIfAlive, deviceOf} from './monitor.ts';

type OpenImage = ImageNode & {
	/** As QEMU tells it. */
	path: string;
};

/** Undefined: QEMU has it not open, or more than once. */
function openImage({graph, inventory: {bare}}: Site, path: string): OpenImage | undefined {
	const key = graph.keyOf(path);
	const [known, node] = [...bare?.imageNodes ?? []].find(([candidate]) => graph.keyOf(candidate) === key) ?? [];
	return known === undefined || node === undefined ? undefined : {...node, path: known};
}

/** It has to run for a pull, because it is stopped for a moment after it. An image that it was started on has to stay, or its command line would be understood by nobody. */
function canMerge(site: Site, merge: Merge): boolean {
	const {graph, inventory: {bare, details}} = site;
	const isStart = (path: string) => (bare?.startImages ?? []).some(start => graph.keyOf(start) === graph.keyOf(path));
	const asked = merge.method === 'pull' ? [merge.top, ...merge.layers, ...(merge.below === undefined ? [] : [merge.below])] : [merge.top, ...merge.layers];
	return bare?.socketPath !== undefined
		&& bare.commands.has(merge.method === 'pull' ? 'block-stream' : 'block-commit')
		&& (merge.method === 'commit' || details.domain.state === 'running')
		&& asked.every(path => openImage(site, path) !== undefined)
		&& !merge.gone.some(path => isStart(path));
}

/** `all`: be they good or not. `good`: complete, and recording where the image is written to. */
function bitmapsAt({graph}: Site, {path, isWritable, recording, bitmaps}: OpenImage): {all: Set<string>; good: Map<string, number>} {
	const inFile = imageAt(graph, path)?.bitmaps ?? [];
	const good = isWritable ? recording ?? [] : inFile.filter(({isUsable}) => isUsable);
	return {all: new Set([...inFile.map(({name}) => name), ...bitmaps]), good: new Map(good.map(({name, granularityBytes}) => [name, granularityBytes]))};
}

/**
QEMU opens frozen images for reading alone; a job that writes to one has it open for writing, and can be told to wait at its end. Of a commit those that the lowest image
lacks; of a pull those that the image that takes the others in has as well, which a head gets beforehand. Those of which one of the images has no more than a part stay behind.
*/
function movedBy(site: Site, {method, top, layers, into}: Merge): MovedBitmaps | undefined {
	const {graph} = site;
	const isPull = method === 'pull';
	const isGoal = (path: string) => graph.keyOf(path) === graph.keyOf(isPull ? top : into);
	const goal = openImage(site, isPull ? top : into);
	const sources = [top, ...layers].filter(path => !isGoal(path)).map(path => openImage(site, path));
	const image = goal && imageAt(graph, goal.path);
	if (goal === undefined || goal.isWritable === true || image === undefined || !holdsBitmaps(image) || sources.includes(undefined)) {
		return undefined;
	}

	const there = bitmapsAt(site, goal);
	const keyed = sources.map((source, index) => ({key: `from-${index}`, ...source!, ...bitmapsAt(site, source!)}));
	const granularities = new Map(keyed.flatMap(({good}) => [...good]));
	const names = [...granularities.keys()].filter(name => (isPull ? there.good.has(name) : !there.all.has(name)) && keyed.every(({all, good}) => good.has(name) || !all.has(name)));
	return names.length === 0
		? undefined
		: {
			bitmaps: names.map(name => ({name, granularityBytes: granularities.get(name)!, isNew: !isPull, from: keyed.flatMap(({key, good}) => good.has(name) ? [key] : [])})),
			nodes: {into: goal.nodeName, ...Object.fromEntries(keyed.map(({key, nodeName}) => [key, nodeName]))},
			paths: {into: goal.path, ...Object.fromEntries(keyed.map(({key, path}) => [key, path]))},
		};
}

type JobGiven = {
	id: string;
	/** By argument, the image whose node it names. */
	images: Record<string, string | undefined>;
	more: Record<string, unknown>;
	end: 'job' | 'job-pivot';
	moved: MovedBitmaps | undefined;
};

/** With how far it is, and what ends it. */
function job(site: Site, execute: string, {id, images, more, end, moved}: JobGiven): Pick<Step, 'command' | 'progress' | 'cancel'> & {command: QmpCommand} {
	const found = Object.entries(images).flatMap(([key, path]) => path === undefined ? [] : [[key, openImage(site, path)] as const]);
	const nodes = found.flatMap(([key, image]) => image === undefined ? [] : [[key, image] as const]);
	// Not dismissed by itself: how it ended can then be asked by whoever comes later.
	const waits = end === 'job' && moved !== undefined;
	const parameters = {'job-id': id, ...Object.fromEntries(nodes.map(([key, {nodeName}]) => [key, nodeName])), ...more, ...(waits && {'auto-finalize': false}), 'auto-dismiss': false};
	const command = ask(site, execute, parameters, {nodes: Object.fromEntries(nodes.map(([key, {path}]) => [key, path])), until: {kind: end, id, ...(moved && {moved})}});
	return {
		command,
		progress: {kind: 'qmp-job', socketPath: command.socketPath, id},
		// To its end, so that its name is free and its images are let go.
		cancel: [ask(site, 'job-cancel', {id}, {until: {kind: 'job', id}})],
	};
}

/** Nodes with names of their own outlive the merge, and hold files that are to go. */
function closeSteps(site: Site, phase: 'create' | 'switch', {id, whenStopped, merge}: OpenMerge): Step[] {
	const names = merge.gone.flatMap(path => (openImage(site, path)?.closing ?? []).map(name => ({name, path})));
	return names.map(({name, path}, index) => step(phase, {
		id: `close-${id}-${index + 1}`,
		title: `Close ${posix.basename(path)} in QEMU (${name})`,
		command: askIfAlive(site, 'blockdev-del', {'node-name': name}, {until: {kind: 'node-gone', id: name}}),
		skippedNote: 'QEMU has exited, so it has nothing open.',
		...(phase === 'switch' && {undo: null}),
		whenStopped,
	}));
}

/** A pull marks nothing. What the layers have recorded is marked in the image that takes them in, which is written to while it is a head alone. */
function markSteps(site: Site, {id, whenStopped, merge}: OpenMerge): Step[] {
	const node = openImage(site, merge.top)?.nodeName;
	const layers = merge.layers.flatMap(path => openImage(site, path) ?? []);
	const names = [...new Set(layers.flatMap(({bitmaps}) => bitmaps))];
	return names.length === 0 || node === undefined || openImage(site, merge.top)?.isWritable !== true
		? []
		: [step('create', {
			id: `mark-${id}`,
			title: `Merge the bitmaps of ${merge.layers.map(path => posix.basename(path)).join(', ')} into those of ${posix.basename(merge.top)}`,
			command: ask(site, 'transaction', {
				actions: names.map(name => ({
					type: 'block-dirty-bitmap-merge',
					data: {node, target: name, bitmaps: layers.filter(({bitmaps}) => bitmaps.includes(name)).map(layer => ({node: layer.nodeName, name}))},
				})),
			}),
			failureChangesNothing: true,
			whenStopped,
		})];
}

function pullSteps(site: Site, given: OpenMerge & {undo: Command[]}): Step[] {
	const {id, title, whenStopped, merge, backingName, undo, growth} = given;
	return [
		...markSteps(site, given),
		step('create', {
			id: `pull-${id}`,
			title,
			undo,
			whenStopped,
			...growth,
			...job(site, 'block-stream', {
				id: `vsnap-pull-${id}`,
				images: {device: merge.top, 'base-node': merge.below},
				more: merge.below === undefined ? {} : {'backing-file': backingName},
				end: 'job',
				moved: movedBy(site, merge),
			}),
		}),
		step('create', {
			id: `flush-${id}`,
			title: 'Pause the guest for a moment, so that QEMU writes its metadata to disk',
			command: ask(site, 'stop'),
			undo: [askIfAlive(site, 'cont')],
			guest: 'paused',
			whenStopped,
		}),
		step('create', {id: `resume-${id}`, title: 'Resume the guest', command: ask(site, 'cont'), guest: 'resumed', whenStopped}),
		...closeSteps(site, 'create', given),
	];
}

function commitSteps(site: Site, given: OpenCommit): Step[] {
	const {id, title, whenStopped, merge, backingName, target, head, doneWhen, instead} = given;
	const {top, into} = merge;
	const {graph, uuid} = site;
	const jobId = `vsnap-commit-${id}`;
	const isHead = graph.keyOf(top) === graph.keyOf(head);
	const moved = movedBy(site, merge);
	return [step('switch', {
		id: `commit-${id}`,
		title: moved === undefined ? title : `${title}, with the ${moved.bitmaps.length === 1 ? 'bitmap' : 'bitmaps'} ${moved.bitmaps.map(({name}) => name).join(', ')}`,
		undo: null,
		// As QEMU tells the name.
		doneWhen: isHead ? {kind: 'head-is', uuid, target, path: openImage(site, into)?.path ?? into} : doneWhen,
		instead,
		...(isHead && {pivot: {from: top, to: into, toFormat: imageAt(graph, into)?.format ?? 'qcow2'}}),
		whenStopped,
		...job(site, 'block-commit', isHead
			? {id: jobId, images: {device: top, 'base-node': into}, more: {}, end: 'job-pivot', moved}
			: {id: jobId, images: {device: head, 'top-node': top, 'base-node': into}, more: backingName === undefined ? {} : {'backing-file': backingName}, end: 'job', moved}),
	}), ...closeSteps(site, 'switch', given)];
}

export function blocksOf(site: Site): Hypervisor['blocks'] {
	const {inventory: {bare}} = site;
	return {
		canMerge: merge => canMerge(site, merge),
		bitmapsIn: path => openImage(site, path)?.bitmaps ?? [],
		recordedIn(path) {
			const image = openImage(site, path);
			return image?.isWritable ? (image.recording ?? []).map(({name}) => name) : [];
		},
		movedBy: merge => movedBy(site, merge),
		flush(path) {
			const node = (openImage(site, path)?.nodeName ?? '').replaceAll(/["\\]/gu, String.raw`\$&`);
			return askIfAlive(site, 'human-monitor-command', {'command-line': `qemu-io "${node}" "flush"`});
		},
		pull: given => pullSteps(site, given),
		commit: given => commitSteps(site, given),
		untag: ({definitionXml, tag, ...disk}) => bare?.socketPath === undefined
			? []
			: [ask(site, 'blockdev-snapshot-delete-internal-sync', {device: deviceOf(definitionXml, disk), name: tag})],
	};
}
