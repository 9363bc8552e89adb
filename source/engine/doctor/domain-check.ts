/**
One domain as the doctor sees it: its records, the images of the whole host, and what lies around them.
*/
import {chainOf, type ImageGraph} from '../../model/images/image-graph.ts';
import type {Finding} from '../../model/domain/finding.ts';
import type {DomainDetails, HostFacts} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';
import {pinsOfDomain} from '../../model/images/pins.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {frozenIndex} from '../../planner/records/lineage.ts';
import type {PlanContext} from '../../planner/context.ts';
import {contextOn} from '../../planner/plan-context.ts';
import type {AuditEntry, Surroundings, UnfinishedAction} from '../ports.ts';

export type DomainCheck = {
	host: HostFacts;
	details: DomainDetails;
	/** Of every image that was read on the host, with every pin. */
	graph: ImageGraph;
	surroundings: Surroundings;
	/** Actions on this domain that nobody works on and that have not ended. */
	unfinished: readonly UnfinishedAction[];
	/** What vsnap-tui itself did to this domain. */
	audit: readonly AuditEntry[];
};

export type Examination = DomainCheck & {
	/** As a planner sees it; its pins are only those that touch images of this domain. */
	context: PlanContext;
	/** Every image that the domain is backed by, each once. */
	ownPaths: string[];
	frozenBy: Map<string, Snapshot[]>;
	found: Finding[];
};

/** Reads no more than is there: the definition's XML is not known, so no plan can be made of this context. */
export function examine(domainCheck: DomainCheck): Examination {
	const {details, host, graph, surroundings} = domainCheck;
	const {domain, snapshots} = details;
	const ownPins = pinsOfDomain(domain, snapshots);
	const own = new Map<string, string>();
	for (const pin of ownPins.filter(({target}) => target !== undefined)) {
		for (const path of own.has(graph.keyOf(pin.path)) ? [] : chainOf(graph, pin.path)) {
			own.set(graph.keyOf(path), own.get(graph.keyOf(path)) ?? path);
		}
	}

	const pins: Pin[] = [...own.keys()].flatMap(key => graph.nodes.get(key)?.pins ?? []);
	const context = contextOn({
		host,
		details,
		definitionXml: '',
		liveXml: undefined,
		folders: surroundings.folders,
		memoryFiles: surroundings.memoryFiles,
		jobs: [],
		nvramPath: domain.definition.nvramPath,
		nvramFiles: new Map(),
	}, {workPath: '', pins, graph});
	return {...domainCheck, context, ownPaths: [...own.values()], frozenBy: frozenIndex(context), found: []};
}

export function report(examination: Examination, finding: Omit<Finding, 'domain'>): void {
	const {uuid, name} = examination.details.domain;
	examination.found.push({...finding, domain: {uuid, name}});
}
