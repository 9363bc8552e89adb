/**
Merging images, as steps: a pull leaves everything readable at every moment and can be taken back; a commit gives up the state of the image that it
writes into, so from there on the only way is forward. Where the running QEMU has the images open, its own block jobs do the work.
*/
import {posix} from 'node:path';
import {hasProcess, headDisks} from '../../model/domain.ts';
import type {Merge} from '../../model/collect.ts';
import {chainOf, imageAt, isDevice} from '../../model/image-graph.ts';
import type {Step} from '../../model/plan.ts';
import {isBare} from './bare-commands.ts';
import {blockCommands, fileCommands, imageCommands} from './commands.ts';
import {backingNameFor} from './backing-name.ts';
import type {PlanContext} from './context.ts';
import {commitInQemu, pullInQemu} from './merge-qemu.ts';

const ifStoppedBefore = 'Everything could be put back: the images read the same at every moment.';
const ifStoppedAfter = 'It would be finished: the disks read the same at every moment, and the state of the snapshot that goes is given up.';

/** The disk of the running domain that has this image open; undefined where none has. */
export function openDiskOf(context: PlanContext, path: string): string | undefined {
	const {domain} = context.inventory.picture;
	const key = context.graph.keyOf(path);
	return hasProcess(domain)
		? headDisks(domain).find(({sourcePath}) => sourcePath?.startsWith('/') && chainOf(context.graph, sourcePath).some(link => context.graph.keyOf(link) === key))?.target
		: undefined;
}

export function isOpenHead(context: PlanContext, path: string): boolean {
	const {domain} = context.inventory.picture;
	return hasProcess(domain) && headDisks(domain).some(({sourcePath}) => sourcePath !== undefined && context.graph.keyOf(sourcePath) === context.graph.keyOf(path));
}

function formatAt(context: PlanContext, path: string): string {
	return imageAt(context.graph, path)?.format ?? 'qcow2';
}

/** What a file says of its age, after its content came or stayed: a frozen image that looks younger than its snapshot would seem changed. */
function dateCommand(context: PlanContext, path: string, contentOf: string) {
	const modifiedAt = imageAt(context.graph, contentOf)?.file?.modifiedAt;
	const isFrozen = context.pins.some(pin => pin.hold === 'content' && context.graph.keyOf(pin.path) === context.graph.keyOf(contentOf));
	return modifiedAt === undefined || !isFrozen || [path, contentOf].some(image => isDevice(context.graph, image)) ? [] : [fileCommands.date(path, modifiedAt)];
}

function dateSteps(context: PlanContext, given: {id: string; path: string; contentOf: string; isIrreversible: boolean}): Step[] {
	return dateCommand(context, given.path, given.contentOf).map(command => ({
		id: `date-${given.id}`,
		title: `Let ${posix.basename(given.path)} be as old as its content`,
		phase: given.isIrreversible ? 'switch' : 'create',
		command,
		undo: given.isIrreversible ? null : [],
		happened: {kind: 'never'},
		ifStopped: given.isIrreversible ? ifStoppedAfter : ifStoppedBefore,
	}));
}

function syncStep(id: string, paths: string[], isIrreversible: boolean): Step {
	return {
		id: `sync-${id}`,
		title: `Have ${paths.map(path => posix.basename(path)).join(', ')} safely on disk`,
		phase: isIrreversible ? 'switch' : 'create',
		command: fileCommands.sync(paths),
		undo: isIrreversible ? null : [],
		happened: {kind: 'never'},
		ifStopped: isIrreversible ? ifStoppedAfter : ifStoppedBefore,
	};
}

const names = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');

/** What was pulled into a file stays in it, whatever is taken back. */
function leftGrown(context: PlanContext, path: string): Pick<Step, 'grows'> {
	const sizeBytes = imageAt(context.graph, path)?.file?.sizeBytes;
	return sizeBytes === undefined || isDevice(context.graph, path) ? {} : {grows: {path, sizeBytes}};
}

/** How far a file has grown tells how far the copying is; a device does not grow. */
function growthOf(context: PlanContext, path: string, growthBytes: number): Pick<Step, 'progress'> {
	const image = imageAt(context.graph, path);
	// What is written into a raw file within its size, or into a data file, does not make the file longer.
	const grows = image?.format === 'qcow2' && image.dataFilePath === undefined && !isDevice(context.graph, path) && growthBytes > 0;
	return grows ? {progress: {kind: 'file-size', path, totalBytes: (image.file?.sizeBytes ?? 0) + growthBytes}} : {};
}

function pullSteps(context: PlanContext, merge: Merge, id: string): Step[] {
	const {top, layers, below, cost} = merge;
	const title = `Pull what ${names(layers)} ${layers.length === 1 ? 'holds' : 'hold'} up into ${posix.basename(top)}`;
	const disk = openDiskOf(context, top);
	if (disk !== undefined && isBare(context)) {
		const backing = below === undefined ? undefined : backingNameFor(context, top, below);
		return [...pullInQemu(context, merge, {id, title, ifStopped: ifStoppedBefore, backingName: backing}), syncStep(`pull-${id}`, [top], false)];
	}

	if (disk !== undefined) {
		return [{
			id: `pull-${id}`,
			title,
			phase: 'create',
			command: blockCommands.pull(context, disk, below),
			undo: [],
			happened: {kind: 'never'},
			ifStopped: ifStoppedBefore,
			progress: {kind: 'block-job', uuid: context.uuid, target: disk},
			cancel: [blockCommands.abort(context, disk)],
			...leftGrown(context, top),
		}, {
			// QEMU tells the header of the new backing file at once, and where the pulled data lies only when it has to flush.
			id: `flush-${id}`,
			title: 'Let the guest stand still for a moment, so that QEMU writes out where the data lies',
			phase: 'create',
			command: blockCommands.flush(context),
			undo: [],
			happened: {kind: 'never'},
			ifStopped: ifStoppedBefore,
		}, syncStep(`pull-${id}`, [top], false)];
	}

	const nearest = layers.at(-1)!;
	const backing = {name: imageAt(context.graph, top)?.backingName ?? nearest, format: formatAt(context, nearest)};
	return [
		{
			id: `pull-${id}`,
			title,
			phase: 'create',
			command: imageCommands.pull(top, below === undefined ? undefined : {name: backingNameFor(context, top, below), format: formatAt(context, below)}),
			// All that it took over reads the same from below, which is untouched.
			undo: [imageCommands.relink(top, backing), ...dateCommand(context, top, top)],
			happened: {kind: 'never'},
			ifStopped: ifStoppedBefore,
			...growthOf(context, top, cost.growth.atMost),
			...leftGrown(context, top),
		},
		syncStep(`pull-${id}`, [top], false),
		...dateSteps(context, {id: `pull-${id}`, path: top, contentOf: top, isIrreversible: false}),
	];
}

function commitCommand(context: PlanContext, merge: Merge, disk: string | undefined): Pick<Step, 'command' | 'happened' | 'progress' | 'cancel'> {
	const {top, into, cost} = merge;
	if (disk === undefined) {
		return {
			command: imageCommands.commit(top, into),
			happened: {kind: 'never'},
			...growthOf(context, into, cost.growth.atMost),
		};
	}

	const atWork = {progress: {kind: 'block-job', uuid: context.uuid, target: disk}, cancel: [blockCommands.abort(context, disk)]} as const;
	return isOpenHead(context, top)
		? {command: blockCommands.commitHead(context, disk, into), happened: {kind: 'head-is', uuid: context.uuid, target: disk, path: into}, ...atWork, cancel: [...atWork.cancel]}
		: {command: blockCommands.commit(context, disk, {top, into}), happened: {kind: 'left-chain', uuid: context.uuid, target: disk, path: top}, ...atWork, cancel: [...atWork.cancel]};
}

function commitSteps(context: PlanContext, merge: Merge, id: string): Step[] {
	const {top, layers, into, relinked} = merge;
	const disk = openDiskOf(context, top);
	// QEMU tells those that it has open by itself.
	const told = relinked.filter(path => openDiskOf(context, path) === undefined);
	const title = `Commit what ${names([...layers.slice(1), top])} ${layers.length === 1 ? 'holds' : 'hold'} down into ${posix.basename(into)}`;
	const above = relinked.find(path => openDiskOf(context, path) !== undefined);
	const head = headDisks(context.inventory.picture.domain).find(({target}) => target === disk)?.sourcePath;
	return [
		...(disk !== undefined && head !== undefined && isBare(context)
			? commitInQemu(context, merge, {
				id, title, ifStopped: ifStoppedAfter, target: disk, head, backingName: above === undefined ? undefined : backingNameFor(context, above, into),
			})
			: [{
				id: `commit-${id}`,
				title,
				phase: 'switch',
				...commitCommand(context, merge, disk),
				undo: null,
				ifStopped: ifStoppedAfter,
			} satisfies Step]),
		...told.map((path, index): Step => ({
			id: `relink-${id}-${index + 1}`,
			title: `Tell ${posix.basename(path)} that it stands on ${posix.basename(into)}`,
			phase: 'switch',
			command: imageCommands.relink(path, {name: backingNameFor(context, path, into), format: formatAt(context, into)}),
			undo: null,
			happened: {kind: 'never'},
			ifStopped: ifStoppedAfter,
		})),
		syncStep(`commit-${id}`, [into, ...imageAt(context.graph, into)?.dataFilePath === undefined ? [] : [imageAt(context.graph, into)!.dataFilePath!], ...told], true),
		...dateSteps(context, {id: `commit-${id}`, path: into, contentOf: top, isIrreversible: true}),
		...told.flatMap((path, index) => dateSteps(context, {id: `relink-${id}-${index + 1}`, path, contentOf: path, isIrreversible: true})),
	];
}

/** In the order of the merges: pulls can be taken back and come before anything is switched, commits cannot. */
export function mergeSteps(context: PlanContext, merges: readonly Merge[]): {check: Step[]; create: Step[]; commit: Step[]} {
	const indexed = merges.map((merge, index) => ({merge, id: String(index + 1)}));
	const isHead = ({merge}: {merge: Merge}) => isOpenHead(context, merge.top);
	// The head last: a commit below it names it as the disk.
	const commits = [...indexed.filter(one => !isHead(one)), ...indexed.filter(one => isHead(one))].filter(({merge}) => merge.way === 'commit');
	const check = (id: string, title: string, command: Step['command']): Step => ({id, title, phase: 'check', command, undo: [], happened: {kind: 'never'}, ifStopped: 'Nothing has been changed yet.'});
	return {
		check: indexed.filter(({merge}) => openDiskOf(context, merge.top) === undefined).flatMap(({merge: {top, into}, id}) => [
			check(`check-${id}`, `Check that the chain under ${posix.basename(top)} is whole, and that nobody writes to it`, imageCommands.infoWithChain(top, formatAt(context, top))),
			// A reader is in the way of the merge as well, and by then records are changed.
			check(`lock-${id}`, `Check that nobody has ${posix.basename(into)} open, which is written to`, imageCommands.openToWrite(into, formatAt(context, into))),
		]),
		create: indexed.filter(({merge}) => merge.way === 'pull').flatMap(({merge, id}) => pullSteps(context, merge, id)),
		commit: commits.flatMap(({merge, id}) => commitSteps(context, merge, id)),
	};
}
