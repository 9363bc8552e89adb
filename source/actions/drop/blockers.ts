/**
What stands in the way of merging images: broken or locked chains, bitmaps that would be lost, no room, no permission.
*/
import {posix} from 'node:path';
import type {Collection} from '../../model/images/collect.ts';
import {holdsBitmaps} from '../../model/images/image.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {headDisks} from '../../model/domain/domain.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {lackOfDomain} from '../../planner/checks/asked-snapshot.ts';
import {refuseBrokenChain, refuseHeldHead} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {checkpointRemedy} from '../../planner/checks/checkpoint-remedy.ts';
import {refuseForeignHeads} from '../../planner/checks/foreign-heads.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import {dropRemedy, requireSecrets} from '../../planner/checks/recorded-chains.ts';
import {isOpened} from '../../planner/encryption/keys.ts';
import {nextCurrent} from '../../planner/records/records.ts';
import type {Room} from '../../planner/storage/kind.ts';
import {openDiskOf} from '../../planner/steps/merge.ts';
import {storageAt} from '../../planner/storage/storage.ts';

/** Records that do not say what they froze. Appends blockers. */
export function requireRecordedDomains(context: PlanContext, deleted: readonly Snapshot[]): void {
	context.blockers.push(...deleted.flatMap(snapshot => lackOfDomain(snapshot, 'Delete only the record with --metadata.') ?? []));
}

/** Appends blockers: where what the merges write does not fit. */
function requireRoom(context: PlanContext, merges: readonly Merge[]): void {
	const needed = new Map<string, Room>();
	for (const {into, cost} of merges) {
		const room = storageAt(context.graph, into).room(context, cost.growth.atMost);
		if (room) {
			needed.set(room.pool, {...room, bytes: room.bytes + (room.isTotal ? 0 : needed.get(room.pool)?.bytes ?? 0)});
		}
	}

	context.blockers.push(...[...needed.values()].filter(({bytes, freeBytes}) => freeBytes < bytes).map(({lack, bytes}) => lack(bytes)));
}

/** qemu-img resolves the name of a data file against the folder that it is started in, other than QEMU's own for a backing file. Appends blockers. */
function requireDataFile(context: PlanContext, merge: Merge): void {
	for (const path of [merge.top, ...merge.layers]) {
		const {dataFileName, dataFilePath} = imageAt(context.graph, path) ?? {};
		if (dataFileName?.startsWith('/') === false) {
			context.blockers.push({
				kind: 'not-supported',
				text: `The image ${path} records its external data file "${dataFileName}" without a folder, so qemu-img looks for it in its own working directory.`,
				remedy: `Record the absolute path: cd ${posix.dirname(path)} && qemu-img amend -f qcow2 -o data_file=${dataFilePath} ${posix.basename(path)}`,
			});
		}
	}
}

/**
A block job of QEMU moves no bitmaps. A commit marks what it writes in those that the lowest image has by itself, so these go on. Others are put there while the job waits at its
end, and before a pull into a head the bitmaps are merged. Left are those that the image which takes the others in cannot hold, or of which it would have a part.
*/
function refuseUncarried(context: PlanContext, merge: Merge): void {
	const {graph, hypervisor: {blocks}} = context;
	const known = (path: string) => [...new Set([...(imageAt(graph, path)?.bitmaps ?? []).map(({name}) => name), ...blocks.bitmapsIn(path)])];
	const goOn = merge.method === 'pull' ? blocks.recordedIn(merge.top) : (imageAt(graph, merge.into)?.bitmaps ?? []).filter(({isUsable}) => isUsable).map(({name}) => name);
	const moved = blocks.movedBy(merge)?.bitmaps.map(({name}) => name) ?? [];
	for (const path of merge.method === 'pull' ? merge.layers : [...merge.layers, merge.top]) {
		const bitmaps = known(path).filter(name => !goOn.includes(name) && !moved.includes(name));
		if (bitmaps.length > 0) {
			context.blockers.push({
				kind: 'checkpoint',
				text: `The image ${path} holds bitmaps of checkpoints (${bitmaps.join(', ')})${merge.method === 'pull' ? '' : ` that ${merge.into} does not have`}, and QEMU cannot take them along while it has the images open.`,
				remedy: `Shut the domain down: then they are merged as well. Or: ${checkpointRemedy(context)}`,
			});
		}
	}
}

/**
libvirt takes good bitmaps along (9.0, 11.3, 12.8), and leaves others behind without a word: what the image above has recorded since then seems to be all (L23).
*/
function refuseHalf(context: PlanContext, merge: Merge): void {
	const {graph, inventory: {details: {checkpoints, domain}}} = context;
	const into = imageAt(graph, merge.into);
	const run = [...merge.layers, merge.top];
	const head = headDisks(domain).find(({sourcePath}) => sourcePath !== undefined && graph.keyOf(sourcePath) === graph.keyOf(merge.top));
	const names = [...new Set([...run.flatMap(path => imageAt(graph, path)?.bitmaps ?? []).map(({name}) => name), ...(head === undefined ? [] : checkpoints.map(({name}) => name))])];
	if (into !== undefined && !holdsBitmaps(into) && names.length > 0) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `${merge.into} is ${into.format === 'qcow2' ? 'qcow2 of version 2' : into.format ?? 'of no known format'} and holds no bitmaps: libvirt would lose those of checkpoints (${names.join(', ')}) without a word, and backups since them would be incomplete.`,
			remedy: `Shut the domain down: then they are kept where that is possible. Or: ${checkpointRemedy(context)}`,
		});
		return;
	}

	// QEMU has the head open, whose file tells nothing of its bitmaps by now.
	const broken = new Set(run.filter(path => head === undefined || path !== merge.top).flatMap(path => imageAt(graph, path)?.bitmaps ?? []).filter(({isUsable}) => !isUsable).map(({name}) => name));
	if (broken.size > 0) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `Bitmaps in ${run.map(path => posix.basename(path)).join(', ')} are broken (${[...broken].join(', ')}): after a merge what is left of them would seem complete.`,
			remedy: checkpointRemedy(context),
		});
	}
}

/** Of images that are open in the running domain; those that are not are merged with their bitmaps by qemu-img. Appends blockers. */
function refuseBitmaps(context: PlanContext, merge: Merge): void {
	if (openDiskOf(context, merge.top) !== undefined) {
		(context.can.carriesBitmaps ? refuseHalf : refuseUncarried)(context, merge);
	}
}

/** True where it is encrypted: nothing more is to be said of its layers. Appends the blocker. */
function refuseDisks(context: PlanContext, merge: Merge): boolean {
	const {domain, snapshots} = context.inventory.details;
	const keys = new Set([...merge.layers, merge.top].map(path => context.graph.keyOf(path)));
	const disks = [domain.definition, ...snapshots.map(snapshot => snapshot.domain)].flatMap(definition => definition?.disks ?? []);
	const special = disks.find(disk => disk.sourcePath !== undefined && keys.has(context.graph.keyOf(disk.sourcePath)) && ((disk.isEncrypted && !isOpened(context, disk)) || disk.hasSlices));
	if (special) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The disk ${special.target} is ${special.isEncrypted ? 'encrypted' : 'a slice of its file'}: its images cannot be merged by this version.`,
			...(special.isEncrypted && {remedy: dropRemedy(domain.name)}),
		});
	}

	return special?.isEncrypted ?? false;
}

/**
libvirt since 9.9 needs a current snapshot beside external ones, and it has to be one that the disks come from: the current root cannot go while its branches
remain. Appends blockers.
*/
export function requireCurrent(context: PlanContext, deleted: readonly Snapshot[]): void {
	const {domain, snapshots, currentSnapshot} = context.inventory.details;
	const deletedNames = new Set(deleted.map(({name}) => name));
	const remaining = snapshots.filter(snapshot => !deletedNames.has(snapshot.name) && isExternal(snapshot));
	if (context.can.revertUnlinksRecordedOverlays && remaining.length > 0 && currentSnapshot !== undefined && nextCurrent(context, deletedNames) === undefined) {
		context.blockers.push({
			kind: 'not-supported',
			text: `The disks of ${domain.name} are based on none of the remaining snapshots (${remaining.map(({name}) => name).join(', ')}), so none could be current; without a current snapshot, libvirt's own revert crashes its daemon.`,
			remedy: `Take a snapshot first (vsnap-tui create ${quoteForTerminal(domain.name)} NAME --disk-only): it becomes current. Then delete this one.`,
		});
	}
}

/** Appends blockers, and gives warnings. The files that go have to be in folders that may be written to. */
export function refuseMerges(context: PlanContext, {merges, removed}: Collection): Consequence[] {
	const {snapshots} = context.inventory.details;
	const oldest = Math.min(...snapshots.map(({createdAt}) => createdAt));
	const warnings: Consequence[] = [];
	for (const merge of merges) {
		refuseBrokenChain(context, merge.top);
		warnings.push(...refuseForeignHeads(context, merge.top, oldest));
		refuseHeldHead(context, merge.top);
		refuseBitmaps(context, merge);
		requireDataFile(context, merge);
		if (!refuseDisks(context, merge)) {
			requireSecrets(context, posix.basename(merge.top), merge.top, () => dropRemedy(context.inventory.details.domain.name));
		}
	}

	if (merges.length > 0) {
		requireActiveDisks(context, 'No image can be merged until then.');
	}

	const files = [...removed, ...merges.flatMap(merge => [...merge.gone, merge.into])].filter(path => storageAt(context.graph, path).kind === 'file');
	const folders = new Set(files.map(path => posix.dirname(path)));
	for (const path of folders) {
		if (context.inventory.folders.get(path)?.isWritable === false) {
			context.blockers.push({kind: 'not-permitted', text: `The folder ${path} is not writable by you.`, remedy: 'Run as a user who may write there, or make the file system writable.', needsRights: true});
		}
	}

	requireRoom(context, merges);
	return warnings;
}
