/**
Snapshot records are written anew so that they name the images that are, or are made for what has none: what the doctor offers for them.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planAdopt} from './adopt.ts';
import {layersQuestion} from './questions.ts';
import {planRepairRecords} from './plan.ts';

export const repairRecords = {
	kind: 'repair-records',
	complete: wholeRequest,
	questions: ({uuid, adopts}) => adopts === 'layers' ? [layersQuestion(uuid)] : [],
	plan: (action, inventory, given) => action.adopts === undefined ? planRepairRecords(action, inventory, given) : planAdopt(action, inventory, given),
	words: {
		title: ({domain}) => `Repair the snapshot records of ${domain.name}`,
		noun: () => 'repair of the snapshot records',
		log: ({adopts}) => adopts === undefined ? 'repair the snapshot records' : `record ${adopts === 'layers' ? 'overlays' : 'internal snapshots'} that have no record`,
		done: ({adopts, domain}) => adopts === undefined ? `The snapshot records of "${domain.name}" match its disks.` : `Everything without a record is now in the tree of "${domain.name}".`,
	},
} satisfies ActionSpec<'repair-records'>;
