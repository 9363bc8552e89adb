/**
Delete a checkpoint: nothing is recorded for it any longer.
*/
import {succeed} from '../../model/result.ts';
import type {ActionSpec} from '../spec.ts';
import {deleteCheckpointFields} from './questions.ts';
import {whyNoUndo, words} from './words.ts';

export const deleteCheckpoint = {
	kind: 'delete-checkpoint',
	cli: {
		usage: 'checkpoint delete <domain> <checkpoint>',
		summary: 'delete a checkpoint; the others lose nothing by it',
		examples: ['checkpoint delete web monday --yes', 'checkpoint delete web monday --children --dry-run'],
		options: [
			{flags: '--children', summary: 'with those that come after it'},
			{flags: '--children-only', summary: 'only those that come after it'},
			{flags: '--metadata', summary: 'only the record: the bitmaps stay in the images'},
		],
		excludes: [['children', 'children-only']],
		// The checkpoint alone is what the words say without an option: that is still asked.
		read: ([checkpoint], raw) => succeed({
			kind: 'delete-checkpoint',
			checkpoint: checkpoint!,
			scope: raw.children === true ? 'with-children' : (raw.childrenOnly === true ? 'children-only' : undefined),
			isMetadataOnly: raw.metadata === true,
		}),
		write: ({checkpoint, scope, isMetadataOnly}) => ({
			words: [checkpoint],
			raw: {children: scope === 'with-children', childrenOnly: scope === 'children-only', metadata: isMetadataOnly},
			leaves: scope === 'one' ? ['scope'] : [],
		}),
	},
	screen: {
		key: 'd',
		label: 'Delete …',
		title: 'Delete a checkpoint',
		choose: 'Choose the checkpoint to delete, then press d.',
		help: 'delete the selected checkpoint or those after it',
		short: 'delete',
		rank: 5,
		needs: 'checkpoint',
		leavesSnapshots: true,
		isOnlyAmongCheckpoints: true,
	},
	complete: ({checkpoint, others, scope, isMetadataOnly = false}, uuid) => ({
		request: {
			kind: 'delete-checkpoint', uuid, checkpoint: checkpoint!, scope: scope ?? 'one', isMetadataOnly, ...(others !== undefined && {others}),
		},
		answered: scope !== undefined || isMetadataOnly ? ['scope'] : [],
	}),
	fields: deleteCheckpointFields,
	undo: action => ({never: whyNoUndo(action)}),
	words,
} satisfies ActionSpec<'delete-checkpoint'>;
