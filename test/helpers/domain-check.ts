/**
A domain for the doctor, from the scenes that planners are tested with.
*/
import {diagnoseDetails} from '../../source/engine/doctor/diagnose-details.ts';
import type {DomainCheck} from '../../source/engine/doctor/domain-check.ts';
import type {Surroundings} from '../../source/engine/ports.ts';
import type {Finding, FindingKind} from '../../source/model/domain/finding.ts';
import {buildImageGraph} from '../../source/model/images/image-graph.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import {pinsOfDomain} from '../../source/model/images/pins.ts';

export function domainCheck(inventory: Inventory, more: Partial<Omit<DomainCheck, 'surroundings'>> & {surroundings?: Partial<Surroundings>} = {}): DomainCheck {
	const {host, details} = inventory;
	const {surroundings, ...rest} = more;
	return {
		host,
		details,
		graph: buildImageGraph([...details.images, ...surroundings?.others ?? []], [...pinsOfDomain(details.domain, details.snapshots), ...details.foreignPins]),
		surroundings: {
			folders: inventory.folders, others: [], found: new Map(), memoryFiles: inventory.memoryFiles, ...surroundings,
		},
		unfinished: [],
		audit: [],
		...rest,
	};
}

export function findingsOf(inventory: Inventory, more: Parameters<typeof domainCheck>[1] = {}): Finding[] {
	return diagnoseDetails(domainCheck(inventory, more));
}

/** Without notes. */
export function seriousKinds(findings: readonly Finding[]): FindingKind[] {
	return findings.filter(({severity}) => severity !== 'info').map(({kind}) => kind);
}
