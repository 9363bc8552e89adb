/**
A domain for the doctor, from the scenes that planners are tested with.
*/
import {diagnosePicture} from '../../source/engine/doctor/diagnose-picture.ts';
import type {Patient} from '../../source/engine/doctor/patient.ts';
import type {Surroundings} from '../../source/engine/ports.ts';
import type {Finding, FindingKind} from '../../source/model/domain/finding.ts';
import {buildImageGraph} from '../../source/model/images/image-graph.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import {pinsOfDomain} from '../../source/model/images/pins.ts';

export function patient(inventory: Inventory, more: Partial<Omit<Patient, 'surroundings'>> & {surroundings?: Partial<Surroundings>} = {}): Patient {
	const {host, picture} = inventory;
	const {surroundings, ...rest} = more;
	return {
		host,
		picture,
		graph: buildImageGraph([...picture.images, ...surroundings?.others ?? []], [...pinsOfDomain(picture.domain, picture.snapshots), ...picture.foreignPins]),
		surroundings: {
			folders: inventory.folders, others: [], found: new Map(), memoryFiles: inventory.memoryFiles, ...surroundings,
		},
		unfinished: [],
		audit: [],
		...rest,
	};
}

export function findingsOf(inventory: Inventory, more: Parameters<typeof patient>[1] = {}): Finding[] {
	return diagnosePicture(patient(inventory, more));
}

/** Without notes. */
export function seriousKinds(findings: readonly Finding[]): FindingKind[] {
	return findings.filter(({severity}) => severity !== 'info').map(({kind}) => kind);
}
