/**
Snapshots that can no longer be reverted to, by the very checks of a revert, and what virsh's own commands do to healthy trees.
*/
import {listNames} from '../../model/text/list-names.ts';
import {isWritableMedium} from '../../model/domain/domain.ts';
import type {Finding, FindingKind} from '../../model/domain/finding.ts';
import type {Blocker} from '../../model/failure.ts';
import {
	chainOf, contentHoldersOf, holdersOf,
} from '../../model/images/image-graph.ts';
import {
	frozenPath, isExternal, type Snapshot,
} from '../../model/domain/snapshot.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {isExternalOn, writtenHeads} from '../../planner/records/lineage.ts';
import {usableMemory} from '../../planner/checks/memory.ts';
import {revertDisks} from '../../planner/steps/revert-disks.ts';
import {refuseOtherImages} from '../../actions/go-back/leave.ts';
import {requireInternalDisks} from '../../actions/revert/internal-disks.ts';
import {requireBootFiles} from '../../planner/checks/start-files.ts';
import {lackOfDomain} from '../../planner/checks/asked-snapshot.ts';
import {kindFactsOf} from '../../planner/hypervisor/capabilities.ts';
import {report, type Examination} from './domain-check.ts';

/** Any moment: names of overlays that are never made depend on it, nothing else. */
const anyTime = new Date(0);

function blockersOf(examination: Examination, snapshot: Snapshot): Blocker[] {
	const context = {...examination.context, blockers: [] as Blocker[]};
	const lack = lackOfDomain(snapshot);
	if (lack !== undefined || snapshot.domain === undefined) {
		return lack === undefined ? [] : [lack];
	}

	requireBootFiles(context, snapshot.domain);
	if (isExternal(snapshot)) {
		const disks = revertDisks(context, {snapshot, now: anyTime, isKept: false});
		refuseOtherImages(context, snapshot, disks);
		if (snapshot.memory.mode === 'external') {
			usableMemory(context, snapshot);
		}
	} else {
		requireInternalDisks(context, snapshot);
	}

	return context.blockers;
}

/** Findings about one image, which stands first in them, that say all that a refused revert says of it. */
const imageCauses: ReadonlySet<FindingKind> = new Set(['image-missing', 'backing-missing', 'image-unreadable', 'format', 'chain-conflict', 'frozen-written']);

function causeOf({found, graph}: Examination, {image}: Blocker): Finding | undefined {
	return image === undefined
		? undefined
		: found.find(({kind, severity, images}) => severity === 'problem' && imageCauses.has(kind) && images?.[0] !== undefined && graph.keyOf(images[0]) === graph.keyOf(image));
}

const quoted = (snapshots: readonly Snapshot[]) => listNames(snapshots.map(({name}) => `"${name}"`), 6);

function reportBlocked(examination: Examination, snapshots: readonly Snapshot[], blockers: readonly Blocker[]): void {
	const onlyMemory = blockers.every(({kind}) => kind === 'memory-file');
	const isByShape = blockers.every(({kind}) => kind === 'image-needed' || kind === 'checkpoint');
	const its = snapshots.length === 1 ? 'Its' : 'Their';
	const remedies = [...new Set(blockers.flatMap(({remedy}) => remedy ?? []))].slice(0, 2);
	report(examination, {
		kind: 'not-revertible',
		severity: isByShape ? 'info' : (onlyMemory ? 'warning' : 'problem'),
		text: `${quoted(snapshots)} cannot be reverted to${isByShape ? ' as things are' : (onlyMemory ? ` with ${its.toLowerCase()} memory` : '')}: ${blockers.slice(0, 3).map(({text}) => text).join(' ')}`,
		meaning: isByShape
			? `${its} data is complete; something else prevents it.`
			: (onlyMemory ? `${its} disks can be reverted, ${its.toLowerCase()} running state cannot.` : `${its} state cannot be restored.`),
		...(remedies.length > 0 && {remedy: remedies.join(' ')}),
	});
}

/** That an image may have been changed is no news where it is known that the state in it is gone, unless another snapshot froze it too. */
function dropDoubts(examination: Examination, snapshots: readonly Snapshot[], blockers: readonly Blocker[]): void {
	const {graph, frozenBy} = examination;
	const changedImages = new Set(blockers.flatMap(({kind, image}) => kind === 'image-changed' && image !== undefined ? [graph.keyOf(image)] : []));
	examination.found = examination.found.filter(({kind, images}) => {
		const key = images?.[0] === undefined ? undefined : graph.keyOf(images[0]);
		return kind !== 'base-changed' || key === undefined || !changedImages.has(key) || !(frozenBy.get(key) ?? []).every(snapshot => snapshots.includes(snapshot));
	});
}

/** One cause is one finding: where one is there already it names the snapshots too, and snapshots with the same reasons share one. */
function findRevertBlockers(examination: Examination): void {
	const byCause = new Map<Finding, Snapshot[]>();
	const byReasons = new Map<string, {snapshots: Snapshot[]; blockers: Blocker[]}>();
	for (const snapshot of examination.details.snapshots) {
		const blockers: Blocker[] = [];
		const causes = new Set<Finding>();
		for (const blocker of blockersOf(examination, snapshot)) {
			const cause = causeOf(examination, blocker);
			if (cause === undefined) {
				blockers.push(blocker);
			} else {
				causes.add(cause);
			}
		}

		for (const cause of causes) {
			byCause.set(cause, [...byCause.get(cause) ?? [], snapshot]);
		}

		const reasons = blockers.map(({text}) => text).join(' ');
		if (blockers.length > 0) {
			byReasons.set(reasons, {blockers, snapshots: [...byReasons.get(reasons)?.snapshots ?? [], snapshot]});
		}
	}

	for (const [cause, snapshots] of byCause) {
		cause.meaning = `${quoted(snapshots)} cannot be reverted to. ${cause.meaning}`;
	}

	for (const {snapshots, blockers} of byReasons.values()) {
		dropDoubts(examination, snapshots, blockers);
		reportBlocked(examination, snapshots, blockers);
	}
}

/** An internal snapshot lies in an image whose content others need: libvirt reverts to it without a word (R11, L9). */
function findNativeInternal(examination: Examination): void {
	const {context, details: {snapshots}} = examination;
	const harmful: string[] = [];
	const harmed = new Set<string>();
	for (const snapshot of snapshots.filter(candidate => !isExternal(candidate))) {
		for (const {target, mode} of snapshot.disks) {
			const path = mode === 'internal' ? frozenPath(snapshot, target) : undefined;
			const holders = path === undefined ? [] : contentHoldersOf(context.graph, path);
			if (holders.length > 0) {
				harmful.push(`"${snapshot.name}"`);
				for (const {label} of holders) {
					harmed.add(label);
				}
			}
		}
	}

	if (harmful.length > 0) {
		report(examination, {
			kind: 'native-revert',
			severity: 'info',
			text: `virsh snapshot-revert to ${listNames([...new Set(harmful)], 6)} would change what is needed by: ${listNames([...harmed], 6)}.`,
			meaning: 'These snapshots are inside backing files of others; libvirt reverts the image and reports success.',
			remedy: 'Leave such a revert to vsnap-tui, which refuses it for as long as others need the image.',
		});
	}
}

/** libvirt >= 9.9 puts an overlay on every disk, also those that were left out, and drops it at the next revert (R6, L7). */
function findNativeLeftOut(examination: Examination): void {
	const {context, details: {snapshots}} = examination;
	const targets = context.can.revertUnlinksRecordedOverlays
		? snapshots.filter(snapshot => isExternal(snapshot)).flatMap(snapshot =>
			(snapshot.domain?.disks ?? []).filter(disk => isWritableMedium(disk) && !isExternalOn(snapshot, disk.target)).map(({target}) => target))
		: [];
	if (targets.length > 0) {
		report(examination, {
			kind: 'native-revert',
			severity: 'info',
			text: `virsh snapshot-revert would put ${listNames([...new Set(targets)], 6)} on an overlay, although snapshots leave it out.`,
			meaning: 'The revert after that discards what was written there meanwhile. vsnap-tui leaves such disks alone.',
			remedy: 'Revert only with vsnap-tui.',
		});
	}
}

/** Before 9.9 libvirt merges an ancestor into an image that other branches are backed by as well (L6). */
function findNativeDelete(examination: Examination): void {
	const {context, details: {snapshots, currentSnapshot}} = examination;
	if (context.can.revertUnlinksRecordedOverlays || currentSnapshot === undefined) {
		return;
	}

	const {graph} = context;
	const line = withAncestors(snapshots, currentSnapshot);
	const harmful = new Set<string>();
	const harmed = new Set<string>();
	for (const {target, path} of writtenHeads(context)) {
		const chain = chainOf(graph, path);
		const keys = new Set(chain.map(link => graph.keyOf(link)));
		for (const snapshot of line.filter(candidate => isExternalOn(candidate, target))) {
			const frozen = frozenPath(snapshot, target);
			const aside = frozen === undefined
				? []
				: [...graph.nodes.get(graph.keyOf(frozen))?.overlays ?? []].filter(key => keys.has(graph.keyOf(frozen)) && !keys.has(key));
			for (const key of aside) {
				harmful.add(`"${snapshot.name}"`);
				for (const {label} of holdersOf(graph, [...graph.nodes.get(key)!.paths][0]!)) {
					harmed.add(label);
				}
			}
		}
	}

	if (harmful.size > 0 && harmed.size > 0) {
		report(examination, {
			kind: 'native-delete',
			severity: 'info',
			text: `virsh snapshot-delete of ${listNames([...harmful], 6)} would change what is needed by: ${listNames([...harmed], 6)}.`,
			meaning: 'This version of libvirt merges into an image that backs another branch, or removes it. vsnap-tui does not.',
			remedy: 'Delete only with vsnap-tui.',
		});
	}
}

export function findRevertTroubles(examination: Examination): void {
	findRevertBlockers(examination);
	if (kindFactsOf(examination.host.hypervisor).isKnownToVirsh) {
		findNativeInternal(examination);
		findNativeLeftOut(examination);
		findNativeDelete(examination);
	}
}
