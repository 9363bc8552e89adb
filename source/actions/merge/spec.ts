/**
Merge: the changes since a snapshot stay, the snapshot goes.
*/
import {succeed} from '../../model/result.ts';
import type {ActionSpec} from '../spec.ts';
import {scopeField} from '../drop/scopes.ts';
import {whyNoUndo, words} from './words.ts';

export const merge = {
	kind: 'merge',
	cli: {
		usage: 'merge <domain> <snapshot>',
		summary: 'delete a snapshot and keep what was written since: its image is merged with its overlay',
		examples: ['merge web before-upgrade --yes', 'merge web before-upgrade --dry-run'],
		options: [],
		excludes: [],
		read: ([snapshot]) => succeed({kind: 'merge', snapshot: snapshot!}),
		write: ({snapshot}) => ({words: [snapshot], raw: {}}),
	},
	screen: {
		key: 'm',
		label: 'Delete it, keep what was written since …',
		title: 'Merge',
		choose: 'Choose the snapshot to merge, then press m.',
		help: 'merge: delete the selected snapshot, keep what was written since',
		short: 'merge',
		rank: 6,
		needs: 'snapshot',
		foretells: 'refusal',
	},
	complete: (given, uuid) => ({request: {kind: 'merge', uuid, snapshot: given.snapshot!}, answered: ['scope']}),
	fields: (request, asked) => [scopeField(request, 'merge', asked)],
	undo: () => ({never: whyNoUndo}),
	words,
} satisfies ActionSpec<'merge'>;
