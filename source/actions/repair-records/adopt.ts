/**
Records for what has none: an overlay becomes that of a snapshot, an internal snapshot that only the image knows gets its place in the tree. No image is touched.
*/
import {stampOf} from '../../model/text/format.ts';
import type {RepairRecordsAction} from '../../model/plan/request.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import {isAdoptable, unrecordedTags} from '../../model/images/unrecorded-tags.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {buildSnapshotXml, type NewSnapshot} from '../../model/xml/change-snapshot.ts';
import {checkAgainRemedy} from '../../planner/checks/blockers.ts';
import {preservingXml, dropRevertDisks} from '../../planner/records/bookkeeping.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {
	assembleRepair, refuseRepair, besideCheckpoints, emptyRepair,
} from '../../planner/records/repair-plan.ts';
import {unrecordedLayers, type LayerDisk} from '../../planner/records/unrecorded.ts';
import {step} from '../../planner/steps/step.ts';
import {describeAdopted} from './words.ts';

const whenStopped = 'Recover would write the rest; no image is touched.';

type Adopted = {snapshot: Omit<NewSnapshot, 'domainXml'>; sources: Map<string, {path: string; format: string}>; isCurrent: boolean};

/** Last written to just before it was frozen. */
function frozenAt(context: PlanContext, layer: readonly LayerDisk[]): number {
	return Math.floor(Math.max(...layer.map(({frozenPath}) => Number(imageAt(context.graph, frozenPath)?.file?.modifiedAt ?? 0))));
}

function formatAt(context: PlanContext, path: string): {path: string; format: string} {
	return {path, format: imageAt(context.graph, path)?.format ?? 'qcow2'};
}

function adoptLayers(context: PlanContext): Adopted[] {
	const {details} = context.inventory;
	const disks = headDisks(details.domain).filter(disk => isWritableMedium(disk));
	const layers = unrecordedLayers(context);
	const taken = new Set(details.snapshots.map(({name}) => name));
	let parent = details.currentSnapshot;
	return layers.map((layer, index) => {
		const createdAt = frozenAt(context, layer);
		const stem = `found-${stampOf(new Date(createdAt * 1000))}`;
		let name = stem;
		for (let count = 2; taken.has(name); count++) {
			name = `${stem}-${count}`;
		}

		taken.add(name);
		// A disk without a layer here was where the next older layer left it, which is what its oldest overlay above is backed by; else on its present image.
		const sources = new Map(disks.flatMap(({target, sourcePath}) => {
			const frozen = layers.slice(index).map(later => later.find(disk => disk.target === target)).find(disk => disk !== undefined)?.frozenPath ?? sourcePath;
			return frozen === undefined ? [] : [[target, formatAt(context, frozen)] as const];
		}));
		const adopted: Adopted = {
			snapshot: {
				name,
				description: 'Made without a record, and found by its images',
				state: 'disk-snapshot',
				parent,
				createdAt,
				memory: {mode: 'no'},
				disks: disks.map(({target}) => {
					const overlayPath = layer.find(disk => disk.target === target)?.overlayPath;
					return overlayPath === undefined ? {target, mode: 'no' as const, overlayPath: undefined} : {target, mode: 'external' as const, overlayPath};
				}),
			},
			sources,
			isCurrent: index === layers.length - 1,
		};
		parent = name;
		return adopted;
	});
}

/** Not current: nothing tells that the domain comes from them. */
function adoptTags(context: PlanContext): Adopted[] {
	const disks = headDisks(context.inventory.details.domain).filter(disk => isWritableMedium(disk));
	return unrecordedTags(context.inventory.details).filter(found => isAdoptable(found)).map(({tag, createdAt, targets, paths, hasMemory}) => ({
		snapshot: {
			name: tag,
			description: 'Found inside the images, where it was made without a record',
			state: hasMemory ? 'running' : 'shutoff',
			parent: undefined,
			createdAt: createdAt ?? 0,
			memory: {mode: hasMemory ? 'internal' : 'no'},
			disks: disks.map(({target}) => ({target, mode: targets.includes(target) ? 'internal' as const : 'no' as const, overlayPath: undefined})),
		},
		sources: new Map([...paths].map(([target, path]) => [target, formatAt(context, path)])),
		isCurrent: false,
	}));
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a record cannot be made. */
export function planAdopt(action: RepairRecordsAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const {details, definitionXml, liveXml} = inventory;
	refuseRepair(context);
	const adopted = action.adopts === 'tags' ? adoptTags(context) : adoptLayers(context);
	const former = details.snapshots.find(({name}) => name === details.currentSnapshot);
	const formerXml = former && preservingXml(former);
	if (formerXml?.ok === false) {
		return formerXml;
	}

	const steps: Step[] = [];
	for (const [index, {snapshot, sources, isCurrent}] of adopted.entries()) {
		const domainXml = changeDomainXml(liveXml ?? definitionXml, {sources, rootName: 'domain'});
		if (!domainXml.ok) {
			return domainXml;
		}

		steps.push(step('switch', {
			id: `adopt-${index + 1}`,
			title: `Record "${snapshot.name}"${isCurrent ? ' and make it current' : ''}`,
			command: context.hypervisor.records.replace({fileName: `snapshot-adopted-${index + 1}`, xml: buildSnapshotXml({...snapshot, domainXml: domainXml.value}), makeCurrent: isCurrent}),
			undo: [
				{...context.hypervisor.records.deleteMetadata(snapshot.name), onlyIf: {kind: 'snapshot-exists', uuid: context.uuid, name: snapshot.name}},
				...(isCurrent && formerXml ? [context.hypervisor.records.replace({fileName: 'snapshot-current-before', xml: formerXml.value, makeCurrent: true})] : []),
			],
			whenStopped,
		}));
	}

	const current = adopted.find(({isCurrent}) => isCurrent)?.snapshot.name ?? details.currentSnapshot;
	const tidied = current === details.currentSnapshot ? succeed([]) : dropRevertDisks(context, former);
	if (!tidied.ok) {
		return tidied;
	}

	const records = besideCheckpoints(context, [...steps, ...tidied.value.map(step => ({...step, whenStopped}))]);
	if (!records.ok) {
		return records;
	}

	if (steps.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'Every overlay and every internal snapshot of this domain has its record.', remedy: checkAgainRemedy});
	}

	return assembleRepair(context, action, given, {
		...emptyRepair(context),
		...records.value,
		basis: [...new Set(adopted.flatMap(({sources}) => [...sources.values()].map(({path}) => path)))],
		snapshots: [...details.snapshots, ...adopted.map(({snapshot}) => snapshot)],
		currentSnapshot: current,
		consequences: describeAdopted(adopted.map(({snapshot}) => snapshot)),
	});
}
