/**
What the screen asks about overlays that no record tells of: both ways are plans, and the one that touches no image stands first.
*/
import type {Question} from '../question.ts';
import {asked} from './words.ts';

export function layersQuestion(uuid: string): Question {
	return {
		id: 'layers',
		...asked.layers,
		showsSpace: true,
		choices: [
			{
				id: 'record',
				...asked.record,
				change: {request: {kind: 'repair-records', uuid, adopts: 'layers'}},
			},
			{
				id: 'fold',
				...asked.fold,
				change: {request: {kind: 'fold', uuid}},
			},
		],
	};
}
