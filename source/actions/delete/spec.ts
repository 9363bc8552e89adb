/**
Delete: a snapshot goes, with the images that only it needs.
*/
import {succeed} from '../../model/result.ts';
import type {ActionSpec} from '../spec.ts';
import {scopeField} from '../drop/scopes.ts';
import {whyNoUndo, words} from './words.ts';

export const deletion = {
	kind: 'delete',
	cli: {
		usage: 'delete <domain> <snapshot>',
		summary: 'delete a snapshot and the images that nothing else needs; the current state stays',
		examples: ['delete web before-upgrade --yes', 'delete web before-upgrade --children --dry-run'],
		options: [
			{flags: '--also <snapshot>', summary: 'this snapshot too (repeatable)', isRepeated: true},
			{flags: '--children', summary: 'with its descendants'},
			{flags: '--children-only', summary: 'only its descendants'},
			{flags: '--metadata', summary: 'only the record: no image is touched'},
		],
		excludes: [['children', 'children-only']],
		// One snapshot with its images is what the words say without an option: that is still asked.
		read: ([snapshot], raw) => succeed({
			kind: 'delete',
			snapshot: snapshot!,
			...(Array.isArray(raw.also) && raw.also.length > 0 && {others: raw.also as string[]}),
			scope: raw.children === true ? 'with-children' : (raw.childrenOnly === true ? 'children-only' : undefined),
			isMetadataOnly: raw.metadata === true,
		}),
		write: ({snapshot, others, scope, isMetadataOnly}) => ({
			words: [snapshot],
			raw: {also: others, children: scope === 'with-children', childrenOnly: scope === 'children-only', metadata: isMetadataOnly},
			leaves: scope === 'one' ? ['scope'] : [],
		}),
	},
	screen: {
		key: 'd',
		label: 'Delete …',
		title: 'Delete',
		choose: 'Choose the snapshot to delete, then press d.',
		help: 'delete the selected snapshot or its descendants',
		short: 'delete',
		rank: 5,
		needs: 'snapshot',
		foretells: 'space',
		several: ([snapshot, ...others]) => ({kind: 'delete', snapshot, ...(others.length > 0 && {others})}),
	},
	complete: ({snapshot, others, scope, isMetadataOnly = false}, uuid) => ({
		request: {
			kind: 'delete', uuid, snapshot: snapshot!, ...(others !== undefined && {others}), scope: scope ?? 'one', isMetadataOnly,
		},
		answered: scope !== undefined || isMetadataOnly ? ['scope'] : [],
	}),
	fields: (request, asked) => [scopeField(request, request.isMetadataOnly ? (request.scope === 'one' ? 'record' : undefined) : request.scope, asked)],
	undo: action => ({never: whyNoUndo(action)}),
	words,
} satisfies ActionSpec<'delete'>;
