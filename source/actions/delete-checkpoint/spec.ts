/**
Delete a checkpoint: nothing is recorded for it any longer.
*/
import {succeed} from '../../model/result.ts';
import type {ActionSpec} from '../spec.ts';
import {planDeleteCheckpoint} from './plan.ts';
import {words} from './words.ts';

export const deleteCheckpoint = {
	kind: 'delete-checkpoint',
	cli: {
		usage: 'checkpoint delete <domain> <checkpoint>',
		summary: 'delete a checkpoint; the others lose nothing by it',
		options: [
			{flags: '--children', summary: 'with those that come after it'},
			{flags: '--children-only', summary: 'only those that come after it'},
			{flags: '--metadata', summary: 'only the record: the bitmaps stay in the images'},
		],
		excludes: [['children', 'children-only']],
		read: ([checkpoint], raw) => succeed({
			kind: 'delete-checkpoint',
			checkpoint: checkpoint!,
			scope: raw.children === true ? 'with-children' : (raw.childrenOnly === true ? 'children-only' : 'one'),
			isMetadataOnly: raw.metadata === true,
		}),
	},
	complete: ({checkpoint, scope = 'one', isMetadataOnly = false}, uuid) => ({request: {kind: 'delete-checkpoint', uuid, checkpoint: checkpoint!, scope, isMetadataOnly}, answered: ['scope']}),
	plan: planDeleteCheckpoint,
	words,
} satisfies ActionSpec<'delete-checkpoint'>;
