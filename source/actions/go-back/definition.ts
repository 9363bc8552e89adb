/**
The definition of a domain that goes back to what a snapshot kept: shared by revert and branch.
*/
import type {ImagePlace} from '../../model/images/image.ts';
import type {Disk} from '../../model/domain/domain.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {succeed, type Result} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import type {FrozenNote} from '../../model/xml/frozen-note.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {emptiedDrives, requireStartFiles} from '../../planner/checks/start-files.ts';
import {leftImagesOf, type PlanContext} from '../../planner/context.ts';
import type {OverlaidDisk, RevertDisks} from '../../planner/steps/revert-disks.ts';

export type Sources = Map<string, ImagePlace>;

/** What the domain's disks are on afterwards: the new overlays, and what was left out of the snapshot and keeps its file. */
export function sourcesOf(disks: Pick<RevertDisks, 'untouched'>, overlaid: readonly OverlaidDisk[]): Sources {
	return new Map<string, ImagePlace>([
		...overlaid.map(disk => [disk.target, {path: disk.overlayPath, format: 'qcow2'}] as const),
		...disks.untouched.map(disk => [disk.target, disk] as const),
	]);
}

export type NewDefinition = {
	xml: string;
	/** Drives that are left empty in it. */
	emptied: Disk[];
};

/**
The definition for the next start: what was pending when the snapshot was made, if it knew the same disks, else what ran. Appends blockers where a start from it
would fail. `frozenNote`: for a record.
*/
export function newDefinition(context: PlanContext, snapshot: Snapshot, sources: Sources, frozenNote?: FrozenNote): Result<NewDefinition> {
	const {name} = context.inventory.details.domain;
	const pending = snapshot.inactiveDomainXml === undefined ? undefined : parseDomainXml(snapshot.inactiveDomainXml);
	const targetsOf = (disks: Array<{target: string}>) => disks.map(disk => disk.target).sort().join(' ');
	const isPendingAlike = pending?.ok && targetsOf(pending.value.disks) === targetsOf(snapshot.domain!.disks);
	const emptied = emptiedDrives(context, isPendingAlike ? pending.value : snapshot.domain!).filter(({target}) => !sources.has(target));
	const xml = changeDomainXml(isPendingAlike ? snapshot.inactiveDomainXml! : snapshot.domainXml!, {
		name, rootName: 'domain', sources, emptied: emptied.map(({target}) => target), leftImages: leftImagesOf(context),
		generationId: context.generationId, frozenNote,
	});
	if (!xml.ok) {
		return xml;
	}

	requireStartFiles(context, xml.value);
	return succeed({xml: xml.value, emptied});
}
