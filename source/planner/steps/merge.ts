/**
Merging images, as steps: a pull leaves everything readable at every moment and can be taken back; a commit gives up the state of the image that it
writes into, so from there on the only way is forward. Where the running QEMU has the images open, its own block jobs do the work.
*/
import {posix} from 'node:path';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import {chainOf, imageAt, isDevice} from '../../model/images/image-graph.ts';
import type {
	Command, Instead, Probe, Step,
} from '../../model/plan/plan.ts';
import {isBare} from '../hypervisor/bare-commands.ts';
import {blockCommands, fileCommands, imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {commitInQemu, flushInQemu, pullInQemu} from '../hypervisor/merge-qemu.ts';
import {backingNameFor} from './backing-name.ts';
import {step} from './step.ts';

const ifStoppedBefore = 'Everything could be put back: the images read the same at every moment.';
const ifStoppedAfter = 'It would be finished: the disks read the same at every moment, and the state of the snapshot that goes is given up.';

type OwnDisk = {target: string; sourcePath?: string};

/** The disk of the domain that has this image in its chain, running or not; undefined where none has. */
function diskOn(context: PlanContext, path: string): OwnDisk | undefined {
	const key = context.graph.keyOf(path);
	return headDisks(context.inventory.picture.domain)
		.find(({sourcePath}) => sourcePath?.startsWith('/') && chainOf(context.graph, sourcePath).some(link => context.graph.keyOf(link) === key));
}

/** The disk of the running domain that has this image open; undefined where none has. */
export function openDiskOf(context: PlanContext, path: string): string | undefined {
	return hasProcess(context.inventory.picture.domain) ? diskOn(context, path)?.target : undefined;
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
	return dateCommand(context, given.path, given.contentOf).map(command => step(given.isIrreversible ? 'switch' : 'create', {
		id: `date-${given.id}`,
		title: `Let ${posix.basename(given.path)} be as old as its content`,
		command,
		undo: given.isIrreversible ? null : [],
		ifStopped: given.isIrreversible ? ifStoppedAfter : ifStoppedBefore,
	}));
}

function syncStep(id: string, paths: string[], isIrreversible: boolean): Step {
	return step(isIrreversible ? 'switch' : 'create', {
		id: `sync-${id}`,
		title: `Have ${paths.map(path => posix.basename(path)).join(', ')} safely on disk`,
		command: fileCommands.sync(paths),
		undo: isIrreversible ? null : [],
		ifStopped: isIrreversible ? ifStoppedAfter : ifStoppedBefore,
	});
}

const names = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');

/** What was pulled into a file stays in it, whatever is taken back. */
function leftGrown(context: PlanContext, path: string): Pick<Step, 'grows'> {
	const image = imageAt(context.graph, path);
	return image === undefined || isDevice(context.graph, path) ? {} : {grows: {path, allocatedBytes: image.allocatedBytes}};
}

/** How far a file has grown tells how far the copying is; a device does not grow. */
function growthOf(context: PlanContext, path: string, growthBytes: number): Pick<Step, 'progress'> {
	const image = imageAt(context.graph, path);
	// What is written into a raw file within its size, or into a data file, does not make the file longer.
	const grows = image?.format === 'qcow2' && image.dataFilePath === undefined && !isDevice(context.graph, path) && growthBytes > 0;
	return grows ? {progress: {kind: 'file-size', path, totalBytes: (image.file?.sizeBytes ?? 0) + growthBytes}} : {};
}

/**
All that a pull took over reads the same from below, which is untouched. A QEMU that was killed may have told the header of the new backing file and not where the
pulled data lies, so once it is off the header gets its old one back. One that runs reads the same either way, and writes out where the data lies.
*/
function relinkBack(context: PlanContext, {top, layers}: Merge): Command[] {
	const nearest = layers.at(-1)!;
	const backing = {name: imageAt(context.graph, top)?.backingName ?? nearest, format: formatAt(context, nearest)};
	const commands: Command[] = [imageCommands.relink(top, backing), ...dateCommand(context, top, top)];
	if (diskOn(context, top) === undefined) {
		return commands;
	}

	const {uuid} = context;
	const flush: Command = isBare(context) ? flushInQemu(context, top) : {...blockCommands.flush(context), onlyIf: {kind: 'domain-running', uuid}};
	return [...commands.map((command): Command => ({...command, onlyIf: {kind: 'domain-off', uuid}})), ...(openDiskOf(context, top) === undefined ? [] : [flush])];
}

function pullSteps(context: PlanContext, merge: Merge, id: string): Step[] {
	const {top, layers, below, cost} = merge;
	const undo = relinkBack(context, merge);
	const title = `Pull what ${names(layers)} ${layers.length === 1 ? 'holds' : 'hold'} up into ${posix.basename(top)}`;
	const disk = openDiskOf(context, top);
	if (disk !== undefined && isBare(context)) {
		const backing = below === undefined ? undefined : backingNameFor(context, top, below);
		return [...pullInQemu(context, merge, {id, title, ifStopped: ifStoppedBefore, backingName: backing, undo, ...leftGrown(context, top)}), syncStep(`pull-${id}`, [top], false)];
	}

	if (disk !== undefined) {
		return [step('create', {
			id: `pull-${id}`,
			title,
			command: blockCommands.pull(context, disk, below),
			undo,
			ifStopped: ifStoppedBefore,
			progress: {kind: 'block-job', uuid: context.uuid, target: disk},
			cancel: [blockCommands.abort(context, disk)],
			...leftGrown(context, top),
		}), step('create', {
			// QEMU tells the header of the new backing file at once, and where the pulled data lies only when it has to flush.
			id: `flush-${id}`,
			title: 'Let the guest stand still for a moment, so that QEMU writes out where the data lies',
			command: blockCommands.flush(context),
			ifStopped: ifStoppedBefore,
		}), syncStep(`pull-${id}`, [top], false)];
	}

	return [
		step('create', {
			id: `pull-${id}`,
			title,
			command: imageCommands.pull(top, below === undefined ? undefined : {name: backingNameFor(context, top, below), format: formatAt(context, below)}),
			undo,
			ifStopped: ifStoppedBefore,
			...growthOf(context, top, cost.growth.atMost),
			...leftGrown(context, top),
		}),
		syncStep(`pull-${id}`, [top], false),
		...dateSteps(context, {id: `pull-${id}`, path: top, contentOf: top, isIrreversible: false}),
	];
}

const isHead = (context: PlanContext, path: string, head: string) => context.graph.keyOf(path) === context.graph.keyOf(head);

/** Whether the image below it holds all that this one does, told by what is above both: the disk, or the header of the next overlay. */
function committedWhen(context: PlanContext, merge: Merge, disk: OwnDisk | undefined): Probe {
	const {top, into, relinked} = merge;
	const above = relinked.find(path => diskOn(context, path)?.target === disk?.target);
	if (disk?.sourcePath === undefined) {
		return {kind: 'never'};
	}

	return isHead(context, top, disk.sourcePath)
		? {kind: 'head-is', uuid: context.uuid, target: disk.target, path: into}
		: (above === undefined ? {kind: 'never'} : {kind: 'backed-by', path: above, backing: into});
}

/** The same commit as whoever runs the domain does it. */
function commitByJob(context: PlanContext, {top, into}: Merge, disk: OwnDisk): Command {
	return isHead(context, top, disk.sourcePath!) ? blockCommands.commitHead(context, disk.target, into) : blockCommands.commit(context, disk.target, {top, into});
}

/** By qemu-img. Somebody may start the domain meanwhile; what a head got since is in it alone, and is committed with the rest. */
function commitOffline(context: PlanContext, merge: Merge): Omit<Step, 'id' | 'title' | 'phase' | 'undo' | 'ifStopped'> {
	const {top, into, gone, cost} = merge;
	const {uuid} = context;
	const disk = diskOn(context, top);
	const happened = committedWhen(context, merge, disk);
	const step = {
		command: imageCommands.commit(top, into), happened, takenOver: gone, ...growthOf(context, into, cost.growth.atMost), ...leftGrown(context, into),
	};
	if (disk?.sourcePath === undefined) {
		return step;
	}

	// A bare QEMU has to stay on what it was started on, or its command line would be understood by nobody.
	return isBare(context)
		? {...step, needsOff: true}
		: {
			...step,
			instead: {
				onlyIf: {kind: 'domain-active', uuid},
				commands: [{...commitByJob(context, merge, disk), onlyIf: {kind: 'not', of: happened}}],
				cancel: [blockCommands.abort(context, disk.target)],
			},
		};
}

/** By the running domain. Its guest may end meanwhile. */
function commitOnline(context: PlanContext, merge: Merge, target: string): Omit<Step, 'id' | 'title' | 'phase' | 'undo' | 'ifStopped'> {
	const disk = diskOn(context, merge.top)!;
	return {
		command: commitByJob(context, merge, disk),
		happened: committedWhen(context, merge, disk),
		progress: {kind: 'block-job', uuid: context.uuid, target},
		cancel: [blockCommands.abort(context, target)],
		instead: insteadWhileOff(context, merge),
		...leftGrown(context, merge.into),
	};
}

/** qemu-img writes the same bytes once more where a job has written them; then it tells the image above, as the job does at its end. */
function insteadWhileOff(context: PlanContext, {top, into, relinked}: Merge): Instead {
	const told = relinked.filter(path => openDiskOf(context, path) !== undefined);
	return {
		onlyIf: {kind: 'domain-off', uuid: context.uuid},
		commands: [imageCommands.commit(top, into), ...told.map(path => imageCommands.relink(path, {name: backingNameFor(context, path, into), format: formatAt(context, into)}))],
	};
}

/** Writes the backing file into the header of an image that nobody has open. */
function relinkStep(context: PlanContext, merge: Merge, {id, path}: {id: string; path: string}): Step {
	const {into} = merge;
	const {uuid} = context;
	const happened: Probe = {kind: 'backed-by', path, backing: into};
	const disk = diskOn(context, path);
	return step('switch', {
		id,
		title: `Name ${posix.basename(into)} as the backing file of ${posix.basename(path)}`,
		command: imageCommands.relink(path, {name: backingNameFor(context, path, into), format: formatAt(context, into)}),
		undo: null,
		happened,
		ifStopped: ifStoppedAfter,
		...(disk !== undefined && (isBare(context)
			? {needsOff: true as const}
			: {
				instead: {
					onlyIf: {kind: 'domain-active', uuid},
					commands: [{...blockCommands.commit(context, disk.target, merge), onlyIf: {kind: 'not', of: happened}}],
					cancel: [blockCommands.abort(context, disk.target)],
				},
			})),
	});
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
				id,
				title,
				ifStopped: ifStoppedAfter,
				head,
				backingName: above === undefined ? undefined : backingNameFor(context, above, into),
				target: disk,
				happened: committedWhen(context, merge, diskOn(context, top)),
				intoFormat: formatAt(context, into),
				instead: insteadWhileOff(context, merge),
			})
			: [step('switch', {
				id: `commit-${id}`,
				title,
				...(disk === undefined ? commitOffline(context, merge) : commitOnline(context, merge, disk)),
				undo: null,
				ifStopped: ifStoppedAfter,
			})]),
		...told.map((path, index) => relinkStep(context, merge, {id: `relink-${id}-${index + 1}`, path})),
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
	const check = (id: string, title: string, command: Step['command']): Step => step('check', {id, title, command});
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
