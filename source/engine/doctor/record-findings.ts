/**
Records of libvirt that do not agree with the disks, and what its own commands would do because of it.
*/
import {listNames} from '../../model/text/list-names.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {contentHoldersOf, imageAt} from '../../model/images/image-graph.ts';
import {isAdoptable, unrecordedTags} from '../../model/images/unrecorded-tags.ts';
import {quoteForShell, quoteForTerminal} from '../../model/text/shell-quote.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {
	judgeCurrent, misnamedHeads, mustNameHeads, recordedOverlays, writtenHeads, newSnapshotRemedy,
} from '../../planner/records/lineage.ts';
import {unexplainedLayers, unrecordedLayers} from '../../planner/records/unrecorded.ts';
import {report, type Examination} from './domain-check.ts';

/** Whether the records can be written anew by what the images say. */
function repairRequest({details: {domain}}: Examination) {
	return {request: {kind: 'repair-records' as const, uuid: domain.uuid}};
}

function findCurrentTrouble(examination: Examination): void {
	const {context, details: {snapshots, currentSnapshot, unreadable}} = examination;
	// What cannot be read may be the current one.
	if (unreadable.length > 0) {
		return;
	}

	const verdict = judgeCurrent(context);
	const current = snapshots.find(({name}) => name === currentSnapshot);
	const isNewer = context.can.revertUnlinksRecordedOverlays;
	const rightful = verdict.isHandMerged ? undefined : verdict.rightful;
	const byHand = {remedy: newSnapshotRemedy};
	if (!verdict.isRight) {
		const what = currentSnapshot === undefined
			? 'No snapshot is current, although there are external ones.'
			: `The records call "${currentSnapshot}" current, but the disks are not based on it.`;
		report(examination, {
			kind: 'current-record',
			severity: isNewer ? 'problem' : 'warning',
			text: `${what}${rightful === undefined ? '' : ` They are based on "${rightful.name}".`}${verdict.isHandMerged ? ' Images were merged, and the records were not changed along.' : ''}`,
			meaning: currentSnapshot === undefined
				? `The next snapshot would start a separate tree${isNewer ? ', and virsh snapshot-revert crashes libvirt\'s daemon' : ''}.`
				: 'The next snapshot would get the wrong parent, and libvirt\'s own revert and delete rely on this record.',
			...(rightful === undefined ? byHand : repairRequest(examination)),
		});
	} else if (current && mustNameHeads(context, current)) {
		// Where that is because of an overlay without a record, the finding of that overlay repairs this too.
		const unrecorded = new Set(unrecordedLayers(context).flat().map(({overlayPath}) => overlayPath));
		const misnamed = misnamedHeads(context, current).filter(({path}) => !unrecorded.has(path));
		if (misnamed.length > 0) {
			report(examination, {
				kind: 'current-record',
				severity: 'warning',
				text: `The record of "${current.name}" does not name the overlays that the domain writes to: ${listNames(misnamed.map(({target, path}) => `${target} is on ${path}`), 6)}.`,
				meaning: isNewer
					? 'libvirt\'s own revert unlinks what that record names, even if it is needed, and leaves what is really in use.'
					: 'libvirt\'s own delete of that snapshot fails, or merges the wrong image.',
				...repairRequest(examination),
			});
		}
	}
}

/** What `virsh snapshot-revert` to any snapshot unlinks although something needs it (R1, R2, R10, L12). */
function findNativeRevert(examination: Examination): void {
	const {context, details: {snapshots, currentSnapshot}} = examination;
	const current = snapshots.find(({name}) => name === currentSnapshot);
	if (!context.can.revertUnlinksRecordedOverlays || current === undefined) {
		return;
	}

	for (const [target, path] of recordedOverlays(current)) {
		const image = imageAt(context.graph, path);
		const holders = image === undefined || image.problems.some(({kind}) => kind === 'missing') ? [] : contentHoldersOf(context.graph, path);
		if (holders.length > 0) {
			report(examination, {
				kind: 'native-revert',
				severity: 'problem',
				text: `virsh snapshot-revert would remove ${path} (${target}), which is needed by: ${listNames([...new Set(holders.map(({label}) => label))], 6)}.`,
				meaning: `The record of the current snapshot "${current.name}" names that file, and libvirt unlinks it without checking for overlays. vsnap-tui does not.`,
				remedy: 'Until the record is repaired, revert only with vsnap-tui.',
				...repairRequest(examination),
				images: [path],
			});
		}
	}
}

function findParents(examination: Examination): void {
	const {snapshots} = examination.details;
	const names = new Set(snapshots.map(({name}) => name));
	const lost = snapshots.filter(({parent}) => parent !== undefined && !names.has(parent));
	if (lost.length > 0) {
		report(examination, {
			kind: 'parent-missing',
			severity: 'warning',
			text: `The parent of ${listNames(lost.map(({name, parent}) => `"${name}" ("${parent!}")`), 6)} has no record.`,
			meaning: 'libvirt treats such a snapshot as the root of a separate tree; its disks are intact.',
			...repairRequest(examination),
		});
	}
}

/** An overlay beside its backing file may be a clone of a template as well, so nothing is offered that would write into that. */
function findUnexplained(examination: Examination): void {
	const {context, details: {domain}} = examination;
	for (const {target, overlayPath, frozenPath} of unexplainedLayers(context)) {
		const isHead = writtenHeads(context).some(({path}) => path === overlayPath);
		const images = isHead ? '--shallow --active --pivot' : `--base ${quoteForShell(frozenPath)} --top ${quoteForShell(overlayPath)} --wait`;
		report(examination, {
			kind: 'unrecorded-layer',
			severity: 'info',
			text: `No snapshot tells why ${overlayPath} (${target}) is backed by ${frozenPath}.`,
			meaning: 'It is a clone of a template; or a snapshot was taken without a record, for example by a backup program. Their names do not tell which.',
			remedy: `If it is a clone, take the template's write permission away: chmod a-w ${quoteForShell(frozenPath)}. If it is a forgotten snapshot, fold it while the domain runs: `
				+ `virsh blockcommit ${quoteForTerminal(domain.name)} ${target} ${images}`,
			images: [overlayPath],
		});
	}
}

/** Overlays and internal snapshots of which no record tells: made without one, or their record was dropped. */
function findUnrecorded(examination: Examination): void {
	const {context, details: {domain, unreadable}} = examination;
	// A record that cannot be read may tell of them.
	const layers = unreadable.length > 0 ? [] : unrecordedLayers(context);
	if (layers.length > 0) {
		report(examination, {
			kind: 'unrecorded-layer',
			severity: 'warning',
			text: `No snapshot records ${listNames(layers.flat().map(({target, overlayPath, frozenPath}) => `${overlayPath} on ${frozenPath} (${target})`), 6)}.`,
			meaning: 'The guest writes into the overlay, but nothing says what the image below is kept for: a snapshot was taken without a record, or its record was deleted.',
			request: {kind: 'repair-records', uuid: domain.uuid, adopts: 'layers'},
			otherWay: {option: 'fold', words: 'folds it into its base instead', request: {kind: 'fold', uuid: domain.uuid}},
			images: layers.flat().map(({overlayPath}) => overlayPath),
		});
	}

	if (unreadable.length > 0) {
		return;
	}

	findUnexplained(examination);
	const tags = unrecordedTags(context.inventory.details);
	if (tags.length > 0) {
		report(examination, {
			kind: 'unrecorded-tag',
			severity: 'info',
			text: `Only the images hold the internal snapshot${tags.length === 1 ? '' : 's'} ${listNames(tags.map(({tag, targets, hasMemory, isWhole, isNameTaken}) => `"${tag}" (${targets.join(', ')}${hasMemory ? `, with memory${isWhole ? '' : ', and not on every disk'}` : ''}${isNameTaken ? ', beside another snapshot of that name' : ''})`), 6)}.`,
			meaning: 'They were made with qemu-img or savevm, or their records were lost. They take space, and you can revert to them only once they are recorded.',
			...(tags.some(found => isAdoptable(found))
				? {request: {kind: 'repair-records' as const, uuid: domain.uuid, adopts: 'tags' as const}}
				: {remedy: 'With the domain off, qemu-img snapshot -d TAG FILE removes it from an image. In an image that the domain writes to, qemu-img snapshot -a TAG FILE reverts to it.'}),
		});
	}
}

function findUnfinishedDelete(examination: Examination): void {
	const {details: {snapshots, domain}} = examination;
	const marked = snapshots.filter(({xml}) => xml.includes('<snapshotDeleteInProgress'));
	const live = hasProcess(domain) ? domain.liveDefinition!.disks.filter(disk => disk.hasMirror) : [];
	const [first] = live;
	if (first !== undefined) {
		const command = `virsh blockjob ${quoteForTerminal(domain.name)} ${first.target}`;
		const isPaused = domain.state === 'paused';
		// Once the disk continues on the image below, libvirt cannot finish the delete (seen on 9.0).
		const pivots = first.mirror?.isReady && !(isPaused && first.mirror.job === 'active-commit');
		report(examination, {
			kind: 'block-job',
			severity: 'warning',
			text: `A copy or a commit ${live.some(({mirror}) => mirror?.isReady) ? 'is complete and waits to be ended' : 'is running'}, or was left behind, on ${listNames(live.map(({target}) => target), 6)}${isPaused ? '; the domain is paused' : ''}.`,
			meaning: isPaused
				? 'A virsh snapshot-delete of a domain that is off looks like this while it works, and stays like this if libvirt\'s daemon is killed meanwhile. A resumed guest would write into a half-done merge.'
				: 'Until it has ended, no snapshot can be made, deleted or reverted to.',
			remedy: `See ${command} --info. If nothing waits for it: ${command} --abort (the disk stays on its image)${pivots ? `, or ${command} --pivot (it continues on ${first.mirror!.path ?? 'the copy'})` : ''}${isPaused ? `, then virsh destroy ${quoteForTerminal(domain.name)}, then delete the snapshot again` : ''}.`,
		});
	}

	// What was merged is after them.
	const isOver = marked.every(({name}) => !snapshots.some(({parent}) => parent === name));
	if (marked.length > 0) {
		report(examination, {
			kind: 'delete-in-progress',
			severity: 'warning',
			text: `A virsh snapshot-delete was interrupted: ${listNames(marked.map(({name}) => `"${name}"`), 6)} is marked as being merged into.`,
			meaning: `${isOver ? 'Nothing comes after it any longer, so nothing is left to be merged' : 'Its images may be half merged'}, and libvirt refuses to delete it.`,
			remedy: isOver
				? `Take <snapshotDeleteInProgress/> out of its record: virsh snapshot-edit ${quoteForTerminal(domain.name)} ${quoteForTerminal(marked[0]!.name)}`
				: `${live.length > 0 ? 'Once the job has ended and the domain is off, run' : 'Run'} the same virsh snapshot-delete again: it finishes the merge.`,
		});
	}
}

export function findUnreadableRecords(examination: Examination): void {
	const {unreadable, unreadableOthers} = examination.details;
	for (const {name, reason, remedy} of unreadable) {
		report(examination, {
			kind: 'record-unreadable',
			severity: 'warning',
			text: `The record "${name}" cannot be read: ${reason}.`,
			meaning: 'It is not known which images it needs, so no image is removed until this is fixed.',
			remedy,
		});
	}

	for (const {name, reason, remedy} of unreadableOthers) {
		report(examination, {
			kind: 'record-unreadable',
			severity: 'warning',
			text: `"${name}", which is not of this domain, cannot be read: ${reason}.`,
			meaning: 'It is not known which images it needs, so no image of this domain is removed until this is fixed.',
			remedy,
		});
	}
}

export function findRecordTroubles(examination: Examination): void {
	findUnfinishedDelete(examination);
	findUnrecorded(examination);
	findParents(examination);
}

/** Records beside what the headers of the images say. */
export function findRecordsBesideImages(examination: Examination): void {
	if (examination.details.snapshots.some(snapshot => isExternal(snapshot))) {
		findCurrentTrouble(examination);
		findNativeRevert(examination);
	}
}
