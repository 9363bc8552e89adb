/**
The record of a snapshot that we made ourselves, and that it becomes the current one. With `--no-metadata` there is none.
*/
import type {Step} from '../../model/plan/plan.ts';
import {allOf, mapResult, succeed, together, type Result} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {buildSnapshotXml, changeSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {checkText} from '../../model/xml/change-xml.ts';
import {preservingXml, recordNew} from '../../planner/records/bookkeeping.ts';
import type {PlanContext} from '../../planner/context.ts';
import {inMode} from '../../planner/disk-plan.ts';
import {isExternalOn, mustNameHeads, recordedOverlays} from '../../planner/records/lineage.ts';
import {step} from '../../planner/steps/step.ts';
import {placeInXml} from '../../planner/storage/storage.ts';
import type {CreateRequest} from './request.ts';

/** `state`: of the domain, as the record says it. */
type RecordRequest = CreateRequest & {state: 'running' | 'paused' | 'shutoff' | 'disk-snapshot'};

const wouldFinish = 'Recover would finish the switch; nothing has been removed.';

/** Fails with `unreadable` where a document cannot be made or changed. */
export function recordXml(context: PlanContext, request: RecordRequest): Result<string> {
	const {action, disks, now, state, memory} = request;
	const {details, definitionXml, liveXml} = context.inventory;
	const checked = allOf([action.snapshot, action.description ?? '', ...disks.map(({overlayPath}) => overlayPath ?? '')].map(text => checkText('A name or description for the XML of a snapshot', text)));
	if (!checked.ok) {
		return checked;
	}

	// The disks as they are frozen, each with its format; without explicit chains, which would be believed more than the headers.
	const sources = new Map(disks.flatMap(({target, mode, disk: {sourcePath: path, format}}) => mode === 'no' || path === undefined ? [] : [[target, placeInXml(context, {path, format: format ?? 'raw'})] as const]));
	const domainXml = changeDomainXml(liveXml ?? definitionXml, {sources, rootName: 'domain'});
	return mapResult(domainXml, xml => buildSnapshotXml({
		name: action.snapshot,
		description: action.description,
		state,
		parent: details.currentSnapshot,
		createdAt: Math.floor(now.getTime() / 1000),
		memory,
		disks,
		domainXml: xml,
	}));
}

/**
Without a record of its own, a new layer has to be named by the record of the current snapshot: libvirt >= 9.9 unlinks at its own revert what that one names, and what
it named until then is frozen from here on. `overlays`: the domain's new images, by target. Fails with `unreadable`.
*/
function nameNewHeads(context: PlanContext, overlays: ReadonlyMap<string, string>): Result<Step[]> {
	const {details} = context.inventory;
	const current = details.snapshots.find(({name}) => name === details.currentSnapshot);
	if (current === undefined || overlays.size === 0 || ![...overlays.keys()].some(target => isExternalOn(current, target)) || !mustNameHeads(context, current)) {
		return succeed([]);
	}

	refuseBesideCheckpoints(context);
	return mapResult(together({
		xml: changeSnapshotXml(current.xml, {overlays: new Map([...recordedOverlays(current), ...overlays]), dropRevertDisks: true}),
		before: preservingXml(current),
	}), ({xml, before}) => [step('switch', {
		id: 'name-heads',
		title: `Update the disks in the record of "${current.name}"`,
		command: context.hypervisor.records.replace({fileName: 'snapshot-current', xml, makeCurrent: true}),
		undo: [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: before, makeCurrent: true})],
		whenStopped: wouldFinish,
	})]);
}

/** libvirt up to 10.0 redefines no snapshot beside checkpoints, so the record could not follow. Appends to the blockers. */
function refuseBesideCheckpoints(context: PlanContext): void {
	const names = context.inventory.details.checkpoints.map(({name}) => name);
	if (names.length > 0 && !context.can.redefinesBesideCheckpoints) {
		context.blockers.push({
			kind: 'checkpoint',
			text: `The domain has checkpoints (${names.join(', ')}), and beside them this version of libvirt cannot update the disks in the record of the current snapshot.`,
			remedy: 'Leave --no-metadata out: the new snapshot then gets its own record.',
		});
	}
}

/** Fails with `unreadable` where a document cannot be made or changed. */
export function recordSteps(context: PlanContext, request: RecordRequest): Result<Step[]> {
	const {action} = request;
	if (action.hasNoMetadata) {
		return nameNewHeads(context, new Map(inMode(request.disks, 'external').map(({target, overlayPath}) => [target, overlayPath])));
	}

	const xml = recordXml(context, request);
	const {snapshot} = action;
	return xml.ok
		? recordNew(context, {
			id: 'record', title: `Record snapshot "${snapshot}" and make it current`, fileName: 'snapshot-new', name: snapshot, xml: xml.value, whenStopped: wouldFinish,
		})
		: xml;
}
