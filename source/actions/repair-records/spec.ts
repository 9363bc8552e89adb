/**
Snapshot records are written anew so that they name the images that are, or are made for what has none: what the doctor offers for them.
*/
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {layersField} from './questions.ts';
import {whyNoUndo, words} from './words.ts';

export const repairRecords = {
	kind: 'repair-records',
	complete: wholeRequest,
	fields: ({uuid, adopts}) => adopts === 'layers' ? [layersField(uuid, 'record')] : [],
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'repair-records'>;
