/**
What every plan says of itself, and of how things were before it.
*/
import type {Action} from '../model/plan/request.ts';
import {headDisks} from '../model/domain/domain.ts';
import {buildImageGraph, isOpenable} from '../model/images/image-graph.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import {pinsOfDomain} from '../model/images/pins.ts';
import type {Plan, Target} from '../model/plan/plan.ts';
import {isDrive} from '../model/domain/start-files.ts';
import type {PlanArguments} from './context.ts';
import {storageOf, volumesOf} from './storage/storage.ts';

/** The disks on image files and block devices that the domain writes to. */
export function fileHeads({details}: Pick<Inventory, 'details'>): Target['before']['heads'] {
	return headDisks(details.domain).flatMap(disk => {
		const storage = storageOf(disk);
		return storage === undefined ? [] : [{target: disk.target, path: storage.path}];
	});
}

/** The heads and the frozen images that can be opened with their whole chain. The medium of a drive may go at any time. */
function openableChains({details}: Inventory): string[] {
	const {definition, liveDefinition} = details.domain;
	const drives = new Set([...definition.disks, ...liveDefinition?.disks ?? []].filter(disk => isDrive(disk)).map(({target}) => target));
	const pins = pinsOfDomain(details.domain, details.snapshots).filter(pin => pin.target !== undefined && !(pin.snapshot === undefined && drives.has(pin.target)));
	const graph = buildImageGraph(details.images, [...details.foreignPins, ...pins]);
	return [...new Set(pins.map(({path}) => path))].filter(path => isOpenable(graph, path));
}

/** `proof`: what must be true afterwards, and what the plan was made from. */
export function planFrame(action: Action, inventory: Inventory, given: PlanArguments, proof: Pick<Target, 'expected' | 'fingerprint'>): Pick<Plan, 'version' | 'id' | 'plannedAt' | 'uri' | 'action' | 'targets'> {
	const {details, host, bare, definitionXml} = inventory;
	const volumes = volumesOf(details);
	return {
		version: 2,
		id: given.id,
		plannedAt: given.now.toISOString(),
		uri: host.uri,
		action,
		targets: [{
			domain: action.domain,
			hypervisor: host.hypervisor,
			...(bare?.socketPath !== undefined && {socketPath: bare.socketPath}),
			...(bare !== undefined && {metadataPath: bare.metadataPath}),
			before: {
				definitionXml,
				heads: fileHeads(inventory),
				...(volumes.length > 0 && {volumes}),
				currentSnapshot: details.currentSnapshot,
				snapshotNames: details.snapshots.map(({name}) => name),
				snapshotXmls: details.snapshots.map(({xml}) => xml),
				state: details.domain.state,
				chains: openableChains(inventory),
			},
			...proof,
		}],
	};
}
