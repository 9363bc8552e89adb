/**
Snapshot records are written anew so that they name the images that are, or are made for what has none: what the doctor offers for them.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planAdopt} from './adopt.ts';
import {layersField} from './questions.ts';
import {planRepairRecords} from './plan.ts';
import {whyNoUndo, words} from './words.ts';

export const repairRecords = {
	kind: 'repair-records',
	complete: wholeRequest,
	fields: ({uuid, adopts}) => adopts === 'layers' ? [layersField(uuid, 'record')] : [],
	undo: () => ({never: whyNoUndo}),
	plan: (action, inventory, given) => action.adopts === undefined ? planRepairRecords(action, inventory, given) : planAdopt(action, inventory, given),
	words,
} satisfies ActionSpec<'repair-records'>;
