/**
Overlays that no record tells of are merged with what they are backed by: the other way that the doctor offers for them.
*/
import {layersField} from '../repair-records/questions.ts';
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {whyNoUndo, words} from './words.ts';

export const fold = {
	kind: 'fold',
	complete: wholeRequest,
	fields: ({uuid}) => [layersField(uuid, 'fold')],
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'fold'>;
