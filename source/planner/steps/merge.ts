/**
Merging images, as steps: a pull leaves everything readable at every moment and can be taken back; a commit gives up the state of the image that it
writes into, so from there on the only way is forward. Where the running QEMU has the images open, its own block jobs do the work.
*/
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import {isImageName, isInNetwork, shortName} from '../../model/qemu/network-image.ts';
import type {
	Command, Instead, Probe, Step,
} from '../../model/plan/plan.ts';
import {fileCommands, imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {carrySteps} from '../records/merged-bitmaps.ts';
import {storageAt} from '../storage/storage.ts';
import {backingNameFor} from './backing-name.ts';
import {step} from './step.ts';

const whenStoppedBefore = 'Recover could undo everything; the guest\'s data is safe.';
const whenStoppedAfter = 'Recover would finish it; the guest\'s data is safe.';

function mergeStep(isIrreversible: boolean, given: Parameters<typeof step>[1]): Step {
	return isIrreversible ? step('switch', {undo: null, whenStopped: whenStoppedAfter, ...given}) : step('create', {whenStopped: whenStoppedBefore, ...given});
}

type OwnDisk = {target: string; sourcePath?: string};

/** The disk of the domain that has this image in its chain, running or not; undefined where none has. */
function diskOn(context: PlanContext, path: string): OwnDisk | undefined {
	const key = context.graph.keyOf(path);
	return headDisks(context.inventory.details.domain)
		.find(({sourcePath}) => isImageName(sourcePath) && chainOf(context.graph, sourcePath).some(link => context.graph.keyOf(link) === key));
}

/** The disk of the running domain that has this image open; undefined where none has. */
export function openDiskOf(context: PlanContext, path: string): string | undefined {
	return hasProcess(context.inventory.details.domain) ? diskOn(context, path)?.target : undefined;
}

export function isOpenHead(context: PlanContext, path: string): boolean {
	const {domain} = context.inventory.details;
	return hasProcess(domain) && headDisks(domain).some(({sourcePath}) => sourcePath !== undefined && context.graph.keyOf(sourcePath) === context.graph.keyOf(path));
}

function formatAt(context: PlanContext, path: string): string {
	return imageAt(context.graph, path)?.format ?? 'qcow2';
}

/** What a file says of its age, after its content came or stayed: a frozen image that looks younger than its snapshot would seem changed. */
function dateCommand(context: PlanContext, path: string, contentOf: string) {
	const modifiedAt = imageAt(context.graph, contentOf)?.file?.modifiedAt;
	const isFrozen = context.pins.some(pin => pin.hold === 'content' && context.graph.keyOf(pin.path) === context.graph.keyOf(contentOf));
	return modifiedAt === undefined || !isFrozen || [path, contentOf].some(image => !storageAt(context.graph, image).showsWrites) ? [] : [fileCommands.date(path, modifiedAt)];
}

function dateSteps(context: PlanContext, given: {id: string; path: string; contentOf: string; isIrreversible: boolean}): Step[] {
	return dateCommand(context, given.path, given.contentOf).map(command => mergeStep(given.isIrreversible, {
		id: `date-${given.id}`, title: `Restore the modification time of ${shortName(given.path)}`, command,
	}));
}

/** What is in the network has been flushed by whoever wrote to it. */
function syncSteps(id: string, paths: string[], isIrreversible: boolean): Step[] {
	const files = paths.filter(path => !isInNetwork(path));
	return files.length === 0 ? [] : [mergeStep(isIrreversible, {id: `sync-${id}`, title: `Flush ${names(files)} to disk`, command: fileCommands.sync(files)})];
}

const names = (paths: readonly string[]) => paths.map(path => shortName(path)).join(', ');

/** What is copied. What came into a file stays in it, whatever is taken back. */
function growthBy(context: PlanContext, {into, cost}: Merge): Pick<Step, 'grows' | 'copyBytes'> {
	const image = imageAt(context.graph, into);
	return {copyBytes: cost.copyBytes, ...(image !== undefined && storageAt(context.graph, into).showsWrites && {grows: {path: into, allocatedBytes: image.allocatedBytes, byBytes: cost.growth}})};
}

/** How far a file has grown tells how far the copying is; a device does not grow. */
function growthOf(context: PlanContext, path: string, growthBytes: number): Pick<Step, 'progress'> {
	const image = imageAt(context.graph, path);
	// What is written into a raw file within its size, or into a data file, does not make the file longer.
	const grows = image?.format === 'qcow2' && image.dataFilePath === undefined && storageAt(context.graph, path).showsWrites && growthBytes > 0;
	return grows ? {progress: {kind: 'file-size', path, totalBytes: (image.file?.sizeBytes ?? 0) + growthBytes}} : {};
}

/**
All that a pull took over reads the same from below, which is untouched. A QEMU that was killed may have told the header of the new backing file and not where the
pulled data lies, so once it is off the header gets its old one back. One that runs reads the same either way, and writes out where the data lies.
*/
function rebaseBack(context: PlanContext, {top, layers}: Merge): Command[] {
	const nearest = layers.at(-1)!;
	const backing = {name: imageAt(context.graph, top)?.backingName ?? nearest, format: formatAt(context, nearest)};
	const commands: Command[] = [imageCommands.rebase(top, backing), ...dateCommand(context, top, top)];
	if (diskOn(context, top) === undefined) {
		return commands;
	}

	const {uuid} = context;
	return [...commands.map((command): Command => ({...command, onlyIf: {kind: 'domain-off', uuid}})), ...(openDiskOf(context, top) === undefined ? [] : [context.hypervisor.blocks.flush(top)])];
}

function pullSteps(context: PlanContext, merge: Merge, id: string): Step[] {
	const {top, layers, below, cost} = merge;
	const undo = rebaseBack(context, merge);
	const title = `Pull ${names(layers)} into ${shortName(top)}`;
	const disk = openDiskOf(context, top);
	if (disk !== undefined) {
		const backingName = below === undefined ? undefined : backingNameFor(context, top, below);
		return [
			...context.hypervisor.blocks.pull({
				id, title, whenStopped: whenStoppedBefore, merge, target: disk, backingName, growth: growthBy(context, merge), undo,
			}),
			...syncSteps(`pull-${id}`, [top], false),
			...dateSteps(context, {id: `pull-${id}`, path: top, contentOf: top, isIrreversible: false}),
		];
	}

	return [
		...carrySteps(context, merge, {id, needsOff: false, undo: dateCommand(context, top, top), whenStopped: whenStoppedBefore}),
		mergeStep(false, {
			id: `pull-${id}`,
			title,
			command: imageCommands.pull(top, below === undefined ? undefined : {name: backingNameFor(context, top, below), format: formatAt(context, below)}),
			undo,
			...growthOf(context, top, cost.growth.atMost),
			...growthBy(context, merge),
		}),
		...syncSteps(`pull-${id}`, [top], false),
		...dateSteps(context, {id: `pull-${id}`, path: top, contentOf: top, isIrreversible: false}),
	];
}

const isHead = (context: PlanContext, path: string, head: string) => context.graph.keyOf(path) === context.graph.keyOf(head);

/** Whether the image below it holds all that this one does, told by what is above both: the disk, or the header of the next overlay. */
function committedWhen(context: PlanContext, merge: Merge, disk: OwnDisk | undefined): Probe {
	const {top, into, rebased} = merge;
	const above = rebased.find(path => diskOn(context, path)?.target === disk?.target);
	if (disk?.sourcePath === undefined) {
		return {kind: 'never'};
	}

	return isHead(context, top, disk.sourcePath)
		? {kind: 'head-is', uuid: context.uuid, target: disk.target, path: into}
		: (above === undefined ? {kind: 'never'} : {kind: 'backed-by', path: above, backing: into});
}

/** What somebody does who starts the domain meanwhile; where nobody can merge then, recovery waits until it is off. */
function onceStarted(context: PlanContext, merge: Merge, disk: OwnDisk, doneWhen: Probe): Pick<Step, 'instead' | 'needsOff'> {
	const instead = context.hypervisor.blocks.commitOnceStarted?.(merge, {target: disk.target, head: disk.sourcePath!}, doneWhen);
	return instead === undefined ? {needsOff: true} : {instead};
}

/** By qemu-img. Somebody may start the domain meanwhile; what a head got since is in it alone, and is committed with the rest. */
function commitOffline(context: PlanContext, merge: Merge): Omit<Step, 'id' | 'title' | 'phase' | 'undo' | 'whenStopped'> {
	const {top, into, gone, cost} = merge;
	const disk = diskOn(context, top);
	const doneWhen = committedWhen(context, merge, disk);
	return {
		command: imageCommands.commit(top, into),
		doneWhen,
		takenOver: gone,
		...growthOf(context, into, cost.growth.atMost),
		...growthBy(context, merge),
		...(disk?.sourcePath !== undefined && onceStarted(context, merge, disk, doneWhen)),
	};
}

/**
First into those of the top, which goes afterwards: so that the image below gets each of them at one moment, and whole. One that was cut off with QEMU, or was in its memory alone,
goes nowhere: half of it would look like all.
*/
function movesWhileOff({hypervisor: {blocks}}: PlanContext, merge: Merge): Command[] {
	const {top, into} = merge;
	const moved = blocks.movedBy(merge);
	return (moved?.bitmaps ?? []).flatMap(({name, granularityBytes, from}): Command[] => {
		const sources = from.map(key => moved!.paths[key]!);
		const areGood = sources.map((path): Probe => ({kind: 'image-has-good-bitmap', path, bitmap: name}));
		const put = (path: string, source: string, isNew: boolean): Command => ({
			...imageCommands.mergeBitmap({path, name, source, ...(isNew && {granularityBytes})}), onlyIf: {kind: 'all', of: [...areGood, ...(isNew ? [{kind: 'image-lacks-bitmap', path, bitmap: name} satisfies Probe] : [])]},
		});
		const [first = top, ...others] = sources;
		return [...(first === top ? [] : [put(top, first, true)]), ...others.map(source => put(top, source, false)), put(into, top, true)];
	});
}

/** qemu-img writes the same bytes once more where a job has written them; then it tells the image above, as the job does at its end. */
function insteadWhileOff(context: PlanContext, merge: Merge): Instead {
	const {top, into, rebased} = merge;
	const rebasedByQemuImg = rebased.filter(path => openDiskOf(context, path) !== undefined);
	return {
		onlyIf: {kind: 'domain-off', uuid: context.uuid},
		commands: [
			imageCommands.commit(top, into),
			...movesWhileOff(context, merge),
			...rebasedByQemuImg.map(path => imageCommands.rebase(path, {name: backingNameFor(context, path, into), format: formatAt(context, into)})),
		],
	};
}

/** Writes the backing file into the header of an image that nobody has open. */
function rebaseStep(context: PlanContext, merge: Merge, {id, path}: {id: string; path: string}): Step {
	const {into} = merge;
	const doneWhen: Probe = {kind: 'backed-by', path, backing: into};
	const disk = diskOn(context, path);
	return mergeStep(true, {
		id,
		title: `Make ${shortName(into)} the backing file of ${shortName(path)}`,
		command: imageCommands.rebase(path, {name: backingNameFor(context, path, into), format: formatAt(context, into)}),
		doneWhen,
		...(disk !== undefined && onceStarted(context, merge, disk, doneWhen)),
	});
}

function commitSteps(context: PlanContext, merge: Merge, id: string): Step[] {
	const {top, layers, into, rebased} = merge;
	const disk = hasProcess(context.inventory.details.domain) ? diskOn(context, top) : undefined;
	// QEMU tells those that it has open by itself.
	const rebasedByQemuImg = rebased.filter(path => openDiskOf(context, path) === undefined);
	const byQemu = rebased.filter(path => !rebasedByQemuImg.includes(path));
	const title = `Commit ${names([...layers.slice(1), top])} into ${shortName(into)}`;
	const [above] = byQemu;
	return [
		...(disk?.sourcePath === undefined
			? [
				mergeStep(true, {id: `commit-${id}`, title, ...commitOffline(context, merge)}),
				// Only now: one that is made before would be marked with all that is committed.
				...carrySteps(context, merge, {id, needsOff: diskOn(context, top) !== undefined, undo: null, whenStopped: whenStoppedAfter}),
			]
			: context.hypervisor.blocks.commit({
				id,
				title,
				whenStopped: whenStoppedAfter,
				merge,
				target: disk.target,
				head: disk.sourcePath,
				backingName: above === undefined ? undefined : backingNameFor(context, above, into),
				growth: growthBy(context, merge),
				doneWhen: committedWhen(context, merge, disk),
				instead: insteadWhileOff(context, merge),
			})),
		...rebasedByQemuImg.map((path, index) => rebaseStep(context, merge, {id: `rebase-${id}-${index + 1}`, path})),
		...syncSteps(`commit-${id}`, [into, ...imageAt(context.graph, into)?.dataFilePath === undefined ? [] : [imageAt(context.graph, into)!.dataFilePath!], ...rebasedByQemuImg], true),
		...dateSteps(context, {id: `commit-${id}`, path: into, contentOf: top, isIrreversible: true}),
		...[...rebasedByQemuImg, ...byQemu].flatMap((path, index) => dateSteps(context, {id: `rebase-${id}-${index + 1}`, path, contentOf: path, isIrreversible: true})),
	];
}

/** In the order of the merges: pulls can be taken back and come before anything is switched, commits cannot. */
export function mergeSteps(context: PlanContext, merges: readonly Merge[]): {check: Step[]; create: Step[]; commit: Step[]} {
	const indexed = merges.map((merge, index) => ({merge, id: String(index + 1)}));
	const isHead = ({merge}: {merge: Merge}) => isOpenHead(context, merge.top);
	// The head last: a commit below it names it as the disk.
	const commits = [...indexed.filter(one => !isHead(one)), ...indexed.filter(one => isHead(one))].filter(({merge}) => merge.method === 'commit');
	const check = (id: string, title: string, command: Step['command']): Step => step('check', {id, title, command});
	return {
		check: indexed.filter(({merge}) => openDiskOf(context, merge.top) === undefined).flatMap(({merge: {top, into}, id}) => [
			check(`check-${id}`, `Check that the chain under ${shortName(top)} is complete and not open for writing elsewhere`, imageCommands.infoWithChain(top, formatAt(context, top))),
			// A reader is in the way of the merge as well, and by then records are changed.
			check(`lock-${id}`, `Check that ${shortName(into)} is not open elsewhere`, imageCommands.openToWrite(into, formatAt(context, into))),
		]),
		create: indexed.filter(({merge}) => merge.method === 'pull').flatMap(({merge, id}) => pullSteps(context, merge, id)),
		commit: commits.flatMap(({merge, id}) => commitSteps(context, merge, id)),
	};
}

/** Puts disks from their overlays back on the images below, with what the guest wrote meanwhile: by whoever runs the domain, or by qemu-img once it is off. */
export function mergedBack(context: PlanContext, disks: ReadonlyArray<{target: string; overlayPath: string; headPath: string}>): Command[] {
	const {uuid, hypervisor: {blocks}} = context;
	return [
		...disks.flatMap(disk => blocks.mergeBack?.(disk) ?? []),
		...disks.map(({target, overlayPath, headPath}): Command => ({
			...imageCommands.commit(overlayPath, headPath), onlyIf: {kind: 'off-on', uuid, target, path: overlayPath}, merges: overlayPath,
		})),
	];
}
