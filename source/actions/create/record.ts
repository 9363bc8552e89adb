/**
The record of a snapshot that we made ourselves, and that it becomes the current one. With `--no-metadata` there is none.
*/
import type {CreateAction} from '../../model/plan/request.ts';
import type {Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {SnapshotMemory} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {buildSnapshotXml, changeSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {checkText} from '../../model/xml/change-xml.ts';
import {preservingXml, dropRevertDisks} from '../../planner/records/bookkeeping.ts';
import type {PlanContext} from '../../planner/context.ts';
import {isExternalOn, mustNameHeads, recordedOverlays} from '../../planner/records/lineage.ts';
import {step} from '../../planner/steps/step.ts';
import type {ModedDisk} from './disks.ts';

export type RecordRequest = {
	action: CreateAction;
	disks: ModedDisk[];
	/** The domain's new images, by target. */
	overlays: Map<string, string>;
	now: Date;
	state: 'running' | 'paused' | 'shutoff' | 'disk-snapshot';
	memory: SnapshotMemory;
};

const wouldFinish = 'The switch would be finished: nothing that was there before is gone.';

/** Fails with `unreadable` where a document cannot be made or changed. */
export function recordXml(context: PlanContext, request: RecordRequest): Result<string> {
	const {action, disks, overlays, now, state, memory} = request;
	const {details, definitionXml, liveXml} = context.inventory;
	for (const text of [action.snapshot, action.description ?? '', ...overlays.values()]) {
		const checked = checkText('A name or description for the XML of a snapshot', text);
		if (!checked.ok) {
			return checked;
		}
	}

	// The disks as they are frozen, each with its format; without explicit chains, which would be believed more than the headers.
	const partaking = disks.filter(({mode, disk}) => mode !== 'no' && disk.sourcePath !== undefined);
	const sources = new Map(partaking.map(({disk}) => [disk.target, {path: disk.sourcePath!, format: disk.format ?? 'raw'}]));
	const domainXml = changeDomainXml(liveXml ?? definitionXml, {sources, rootName: 'domain'});
	return domainXml.ok
		? succeed(buildSnapshotXml({
			name: action.snapshot,
			description: action.description,
			state,
			parent: details.currentSnapshot,
			createdAt: Math.floor(now.getTime() / 1000),
			memory,
			disks: disks.map(({disk: {target}, mode}) => ({target, mode, overlayPath: overlays.get(target)})),
			domainXml: domainXml.value,
		}))
		: domainXml;
}

/**
Without a record of its own, a new layer has to be named by the record of the current snapshot: libvirt >= 9.9 unlinks at its own revert what that one names, and what
it named until then is frozen from here on. `overlays`: the domain's new images, by target. Fails with `unreadable`.
*/
export function nameNewHeads(context: PlanContext, overlays: ReadonlyMap<string, string>): Result<Step[]> {
	const {details} = context.inventory;
	const current = details.snapshots.find(({name}) => name === details.currentSnapshot);
	if (current === undefined || overlays.size === 0 || ![...overlays.keys()].some(target => isExternalOn(current, target)) || !mustNameHeads(context, current)) {
		return succeed([]);
	}

	refuseBesideCheckpoints(context);
	const xml = changeSnapshotXml(current.xml, {overlays: new Map([...recordedOverlays(current), ...overlays]), dropRevertDisks: true});
	const before = preservingXml(current);
	if (!xml.ok) {
		return xml;
	}

	return before.ok
		? succeed([step('switch', {
			id: 'name-heads',
			title: `Name the new disks in the record of "${current.name}"`,
			command: context.hypervisor.records.replace({fileName: 'snapshot-current', xml: xml.value, makeCurrent: true}),
			undo: [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: before.value, makeCurrent: true})],
			whenStopped: wouldFinish,
		})])
		: before;
}

/** libvirt up to 10.0 redefines no snapshot beside checkpoints, so the record could not follow. Appends to the blockers. */
function refuseBesideCheckpoints(context: PlanContext): void {
	const names = context.inventory.details.checkpoints.map(({name}) => name);
	if (names.length > 0 && !context.can.redefinesBesideCheckpoints) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `The domain has checkpoints (${names.join(', ')}), and beside them this libvirt does not let the record of the current snapshot name the new disks.`,
			remedy: 'Leave --no-metadata out: the new snapshot then has a record of its own.',
		});
	}
}

/** Fails with `unreadable` where a document cannot be made or changed. */
export function recordSteps(context: PlanContext, request: RecordRequest): Result<Step[]> {
	const {action} = request;
	if (action.hasNoMetadata) {
		return nameNewHeads(context, request.overlays);
	}

	const {details} = context.inventory;
	const former = details.snapshots.find(snapshot => snapshot.name === details.currentSnapshot);
	const xml = recordXml(context, request);
	const formerXml = former === undefined ? undefined : preservingXml(former);
	const tidied = dropRevertDisks(context, former);
	if (!xml.ok) {
		return xml;
	}

	if (formerXml?.ok === false) {
		return formerXml;
	}

	if (!tidied.ok) {
		return tidied;
	}

	return succeed([
		step('switch', {
			id: 'record',
			title: `Record the snapshot "${action.snapshot}", and make it the current one`,
			command: context.hypervisor.records.replace({fileName: 'snapshot-new', xml: xml.value, makeCurrent: true}),
			undo: [
				{...context.hypervisor.records.deleteMetadata(action.snapshot), onlyIf: {kind: 'snapshot-exists', uuid: context.uuid, name: action.snapshot}},
				...(formerXml === undefined ? [] : [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: formerXml.value, makeCurrent: true})]),
			],
			whenStopped: wouldFinish,
		}),
		...tidied.value,
	]);
}
