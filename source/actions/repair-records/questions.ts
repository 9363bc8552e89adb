/**
What the screen asks about overlays that no record tells of: both ways are plans, and the one that touches no image stands first.
*/
import type {Field} from '../question.ts';
import {asked} from './words.ts';

export function layersField(uuid: string, chosen: 'record' | 'fold'): Field {
	return {
		kind: 'choice',
		id: 'layers',
		...asked.layers,
		chosen,
		isList: true,
		showsSpace: true,
		choices: [
			{id: 'record', ...asked.record, change: {request: {kind: 'repair-records', uuid, adopts: 'layers'}}},
			{id: 'fold', ...asked.fold, change: {request: {kind: 'fold', uuid}}},
		],
	};
}
