/**
Overlays that no record tells of are merged with what they are backed by: the other way that the doctor offers for them.
*/
import {foldedImages} from '../../planner/records/unrecorded.ts';
import {layersField} from '../repair-records/questions.ts';
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planFold} from './plan.ts';
import {whyNoUndo, words} from './words.ts';

export const fold = {
	kind: 'fold',
	complete: wholeRequest,
	fields: ({uuid}) => [layersField(uuid, 'fold')],
	collects: (_action, context) => ({deleted: [], folded: foldedImages(context)}),
	plan: planFold,
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'fold'>;
