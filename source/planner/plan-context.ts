/**
What a planner is given, made from what was read of the host.
*/
import {buildImageGraph} from '../model/images/image-graph.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import {pinsOfDomain} from '../model/images/pins.ts';
import type {PlanArguments, PlanContext} from './context.ts';
import {capabilitiesOf} from './hypervisor/capabilities.ts';
import {hypervisorOf} from './hypervisor/choose.ts';

export function contextOn(inventory: Inventory, given: Pick<PlanContext, 'workPath' | 'pins' | 'graph' | 'generationId'>): PlanContext {
	const {host, details: {domain}} = inventory;
	const site = {...given, inventory, host, can: capabilitiesOf(host), uuid: domain.uuid};
	return {...site, hypervisor: hypervisorOf(site), blockers: []};
}

export function planContext(inventory: Inventory, {workPath, generationId}: PlanArguments): PlanContext {
	const {details} = inventory;
	const pins = [...pinsOfDomain(details.domain, details.snapshots), ...details.foreignPins];
	return contextOn(inventory, {workPath, generationId, pins, graph: buildImageGraph(details.images, pins)});
}
