/**
Overlays that no record tells of are merged with what they are backed by: the other way that the doctor offers for them.
*/
import {layersQuestion} from '../repair-records/questions.ts';
import {wholeRequest, type ActionSpec} from '../spec.ts';
import {planFold} from './plan.ts';

export const fold = {
	kind: 'fold',
	complete: wholeRequest,
	questions: ({uuid}) => [layersQuestion(uuid)],
	plan: planFold,
	words: {
		title: ({domain}) => `Fold the unrecorded overlays of ${domain.name} into their base`,
		noun: () => 'fold of overlays that have no record',
		log: () => 'fold overlays that have no record into their base',
		done: ({domain}) => `The overlays of "${domain.name}" that had no record are one with their base.`,
	},
} satisfies ActionSpec<'fold'>;
