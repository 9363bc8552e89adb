/**
Checkpoints over a revert or a branch. libvirt alone leaves them all broken; those older than the snapshot go on if their bitmaps are opened anew on the new
overlays, because the frozen images hold what was recorded until then. Later ones describe a time that is left, and are forgotten; those that a kept state notes are
recorded again.

libvirt up to 10.0 refuses to touch snapshot records while checkpoints exist, so there all records are taken out and the good ones put back.
*/
import {bitmapHealth, healthOf} from '../../model/domain/checkpoint-health.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {CheckpointProof, Consequence, Step} from '../../model/plan/plan.ts';
import {
	allOf, mapResult, succeed, type Result,
} from '../../model/result.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {describeGood} from '../../model/text/describe-checkpoint.ts';
import {listNames} from '../../model/text/list-names.ts';
import {changeCheckpointParent} from '../../model/xml/change-checkpoint.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import {isOnTheWay, notedBefore} from '../records/noted-checkpoints.ts';
import type {PlanContext} from '../context.ts';
import {buildPath, layerId} from './build-folder.ts';
import type {OverlaidDisk} from './revert-disks.ts';
import {step} from './step.ts';

type Bitmap = Image['bitmaps'][number];

type CheckpointRecords = {
	/** Before snapshot records are changed, and after. */
	before: Step[];
	after: Step[];
	/** For the proof. */
	expected: CheckpointProof;
};

type CheckpointSteps = CheckpointRecords & {
	/** While the new overlays are prepared. */
	bitmaps: Step[];
	upperBitmaps: Step[];
	consequences: Consequence[];
};

/** `upper`: of a branch. `keepName`: of the snapshot that keeps the state that is left. */
type Given = {snapshot: Snapshot; disks: OverlaidDisk[]; upper?: OverlaidDisk[]; keepName?: string};

/** Files are numbered: a name may be as long as a file's name can be. */
function deleteRecordStep(context: PlanContext, checkpoint: Checkpoint, index: number): Step {
	return step('switch', {
		id: `delete-checkpoint-record-${checkpoint.name}`,
		title: `Set the record of checkpoint "${checkpoint.name}" aside`,
		command: context.hypervisor.checkpoints.deleteMetadata(checkpoint.name),
		undo: [{
			...context.hypervisor.checkpoints.replace(`checkpoint-${index}`, checkpoint.xml),
			onlyIf: {kind: 'checkpoint-missing', uuid: context.uuid, name: checkpoint.name},
		}],
		doneWhen: {kind: 'checkpoint-missing', uuid: context.uuid, name: checkpoint.name},
	});
}

function redefineStep(context: PlanContext, checkpoint: Checkpoint, given: {index: number; xml: string}): Step {
	return step('switch', {
		id: `redefine-checkpoint-${checkpoint.name}`,
		title: `Restore the record of checkpoint "${checkpoint.name}"`,
		command: context.hypervisor.checkpoints.replace(`checkpoint-${given.index}-again`, given.xml),
		undo: [{
			...context.hypervisor.checkpoints.deleteMetadata(checkpoint.name),
			onlyIf: {kind: 'checkpoint-exists', uuid: context.uuid, name: checkpoint.name},
		}],
	});
}

/** Oldest first: a checkpoint's parent must be known before it. */
export function byAge(checkpoints: Checkpoint[]): Checkpoint[] {
	const names = new Map(checkpoints.map(checkpoint => [checkpoint.name, checkpoint]));
	const ordered = new Set<Checkpoint>();
	const place = (start: Checkpoint) => {
		const path: Checkpoint[] = [];
		for (let next: Checkpoint | undefined = start; next && !ordered.has(next) && !path.includes(next); next = next.parent === undefined ? undefined : names.get(next.parent)) {
			path.push(next);
		}

		for (const checkpoint of path.reverse()) {
			ordered.add(checkpoint);
		}
	};

	for (const checkpoint of checkpoints) {
		place(checkpoint);
	}

	return [...ordered];
}

function parentAfter(checkpoint: Checkpoint, all: Checkpoint[], good: ReadonlySet<Checkpoint>): string | undefined {
	const [, ...ancestors] = withAncestors(all, checkpoint.name);
	return ancestors.find(ancestor => good.has(ancestor))?.name;
}

/** The record when only good checkpoints are left: after the nearest good one above it. */
function recordAfter(checkpoint: Checkpoint, all: Checkpoint[], good: ReadonlySet<Checkpoint>): Result<string> {
	const parent = parentAfter(checkpoint, all, good);
	return parent === checkpoint.parent ? succeed(checkpoint.xml) : changeCheckpointParent(checkpoint.xml, parent);
}

/**
The records of checkpoints around those of snapshots: `stay` go on, `again` are recorded once more, all others end. A picky libvirt takes out all of them meanwhile. Fails with
`unreadable` where a record cannot be changed.
*/
export function checkpointRecords(context: PlanContext, {stay, again = []}: {stay: readonly Checkpoint[]; again?: readonly Checkpoint[]}): Result<CheckpointRecords> {
	const {can, inventory: {details}} = context;
	const present = byAge(details.checkpoints);
	const good = new Set([...stay, ...again]);
	const goodNames = new Set([...good].map(({name}) => name));
	// One of the same name that is recorded again takes the place of one that ends.
	const all = byAge([...details.checkpoints.filter(checkpoint => good.has(checkpoint) || !goodNames.has(checkpoint.name)), ...again]);
	const out = present.filter(checkpoint => !can.redefinesBesideCheckpoints || !good.has(checkpoint));
	const back = all.filter(checkpoint => good.has(checkpoint) && (!can.redefinesBesideCheckpoints || again.includes(checkpoint)));
	const before = [...out].reverse().map(checkpoint => deleteRecordStep(context, checkpoint, present.indexOf(checkpoint)));
	return mapResult(allOf(back.map(checkpoint => mapResult(recordAfter(checkpoint, all, good), xml => redefineStep(context, checkpoint, {index: all.indexOf(checkpoint), xml})))), after => ({
		before,
		after,
		expected: all.length === 0
			? {}
			: {
				checkpoints: all.filter(checkpoint => good.has(checkpoint)).map(checkpoint => ({name: checkpoint.name, parent: parentAfter(checkpoint, all, good)})),
				goneCheckpoints: present.filter(({name}) => !goodNames.has(name)).map(({name}) => name),
			},
	}));
}

/** The bitmap in an overlay that is made. `path`: where it is by then. */
export function continueStep(disk: Pick<OverlaidDisk, 'target' | 'layer' | 'overlayPath'>, {path, checkpoint, bitmap, undo = []}: {path: string; checkpoint: string; bitmap: Bitmap; undo?: Step['undo']}): Step {
	return step('create', {
		id: layerId(disk, `bitmap-${disk.target}-${checkpoint}`),
		title: `Continue checkpoint "${checkpoint}" in the ${disk.layer ?? 'new'} overlay of ${disk.target}`,
		command: imageCommands.addBitmap({path, name: bitmap.name, granularityBytes: bitmap.granularityBytes}),
		undo,
		whenStopped: 'The new overlays would be removed again: the domain is as it was.',
	});
}

/** Whether nothing is known to be wrong with it on disks other than these. The files of a domain that runs do not tell. */
function isGoodBeside(context: PlanContext, checkpoint: Checkpoint, disks: readonly OverlaidDisk[]): boolean {
	const {graph, inventory: {details: {domain, checkpoints: all}}} = context;
	const others = healthOf(checkpoint, {domain, graph, all}).filter(({target}) => !disks.some(disk => disk.target === target));
	return others.every(({health}) => health === 'good' || (health === 'unknown' && hasProcess(domain)));
}

/** Those among them that nothing is known to be wrong with, for words. */
export function goodAmong(context: PlanContext, checkpoints: readonly Checkpoint[], disks: readonly OverlaidDisk[] = []): Checkpoint[] {
	return checkpoints.filter(checkpoint => isGoodBeside(context, checkpoint, disks));
}

/** What its disks have recorded in the images that the new overlays are backed by; `isWhole`: nothing is missing there. */
export function recordedBelow(context: PlanContext, checkpoint: Checkpoint, disks: OverlaidDisk[]): {bitmaps: Array<{disk: OverlaidDisk; bitmap: Bitmap}>; isWhole: boolean} {
	const {graph} = context;
	const recorded = disks.flatMap(disk => checkpoint.disks.flatMap(({target, bitmap}) => target === disk.target && bitmap !== undefined ? [{disk, name: bitmap}] : []));
	return {
		isWhole: recorded.every(({disk, name}) => bitmapHealth(graph, disk.basePath, name) === 'good'),
		bitmaps: recorded.flatMap(({disk, name}) => imageAt(graph, disk.basePath)?.bitmaps.filter(bitmap => bitmap.name === name).map(bitmap => ({disk, bitmap})) ?? []),
	};
}

/** What becomes of a checkpoint that the domain has: undefined where it goes on. */
function describeEnd(context: PlanContext, checkpoint: Checkpoint, given: Given): Consequence | undefined {
	const {snapshot, disks, keepName} = given;
	const isLater = checkpoint.createdAt > snapshot.createdAt || !isOnTheWay(context, checkpoint, disks);
	if (!isLater && recordedBelow(context, checkpoint, disks).isWhole) {
		return undefined;
	}

	const returns = keepName !== undefined && isGoodBeside(context, checkpoint, []) ? ` A revert to "${keepName}" records it again.` : '';
	return {
		severity: 'warning',
		text: isLater
			? `The checkpoint "${checkpoint.name}" is deleted: it is ${checkpoint.createdAt >= snapshot.createdAt ? 'newer than the snapshot' : 'of another line than the snapshot'}.${returns}`
			: `The checkpoint "${checkpoint.name}" is deleted: its bitmaps are not complete in the frozen images. The next backup must be a full one.`,
	};
}

/** Those of a state that was left. */
function describeAgain(snapshot: Snapshot, {noted, again}: {noted: ReadonlyArray<{checkpoint: Checkpoint; isWhole: boolean}>; again: readonly Checkpoint[]}): Consequence[] {
	const isOne = again.length === 1;
	const own = new Set(snapshot.checkpoints?.map(({checkpoint: {name}}) => name));
	return [
		...(again.length === 0
			? []
			: [{
				severity: 'info' as const,
				text: `The checkpoint${isOne ? '' : 's'} ${listNames(again.map(({name}) => `"${name}"`), 6)} ${isOne ? 'is' : 'are'} recorded again: incremental backups continue from ${isOne ? 'it' : 'them'}.`,
			}]),
		...noted.filter(({checkpoint, isWhole}) => !isWhole && own.has(checkpoint.name)).map(({checkpoint: {name}}): Consequence => ({
			severity: 'warning', text: `The checkpoint "${name}" of that state is not recorded again: its bitmaps are not complete in the frozen images. The next backup must be a full one.`,
		})),
	];
}

/** `upper`: the overlays on the new ones, for a branch: they need the bitmaps as well. Fails with `unreadable` where a record cannot be changed. */
export function checkpointSteps(context: PlanContext, given: Given): Result<CheckpointSteps> {
	const {snapshot, disks, upper = []} = given;
	const present = byAge(context.inventory.details.checkpoints);
	const ends = present.map(checkpoint => describeEnd(context, checkpoint, given));
	const remaining = present.filter((_, index) => ends[index] === undefined);
	const noted = notedBefore(context, snapshot, disks).filter(({checkpoint: {name}}) => !remaining.some(checkpoint => checkpoint.name === name));
	const again = noted.filter(({isWhole}) => isWhole).map(({checkpoint}) => checkpoint);
	const bitmaps: Step[] = [];
	const upperBitmaps: Step[] = [];
	const proven: NonNullable<CheckpointProof['bitmaps']> = [];
	for (const checkpoint of byAge([...remaining, ...again])) {
		for (const {disk, bitmap} of recordedBelow(context, checkpoint, disks).bitmaps) {
			proven.push({path: disk.overlayPath, name: bitmap.name});
			bitmaps.push(continueStep(disk, {path: buildPath(disk), checkpoint: checkpoint.name, bitmap}));
			upperBitmaps.push(...upper.filter(({target}) => target === disk.target).map(above => continueStep(above, {path: buildPath(above), checkpoint: checkpoint.name, bitmap})));
		}
	}

	const consequences = [...ends.filter(end => end !== undefined), ...describeGood(goodAmong(context, remaining, disks)), ...describeAgain(snapshot, {noted, again: goodAmong(context, again, disks)})];
	return mapResult(checkpointRecords(context, {stay: remaining, again}), records => ({
		...records, bitmaps, upperBitmaps, consequences, expected: {...records.expected, ...(proven.length > 0 && {bitmaps: proven})},
	}));
}
