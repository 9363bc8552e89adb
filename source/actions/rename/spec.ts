/**
Rename: a snapshot gets another name, and nothing else changes.
*/
import {succeed} from '../../model/result.ts';
import {problemOfName, takenNames} from '../names.ts';
import type {ActionSpec} from '../spec.ts';
import {renameFields} from './questions.ts';
import {describeUndo, words} from './words.ts';

export const rename = {
	kind: 'rename',
	cli: {
		usage: 'rename <domain> <snapshot> <name>',
		summary: 'give a snapshot another name; its images, its memory and its place in the tree stay',
		examples: ['rename web s1 clean-install --yes', 'rename web s1 clean-install --dry-run'],
		options: [],
		excludes: [],
		read: ([snapshot, name]) => succeed({kind: 'rename', snapshot: snapshot!, name: name!}),
		write: ({snapshot, name}) => ({words: [snapshot, name], raw: {}}),
	},
	screen: {
		key: 'n',
		label: 'Rename …',
		title: 'Rename',
		choose: 'Choose the snapshot to rename, then press n.',
		help: 'rename the selected snapshot',
		short: 'rename',
		rank: 9,
		needs: 'snapshot',
	},
	/** The typing begins with the name that it has. */
	complete({snapshot, name}, uuid, {details}) {
		const isNamed = name !== undefined && problemOfName(name, takenNames(details)) === undefined;
		return {request: {kind: 'rename', uuid, snapshot: snapshot!, name: name ?? snapshot!}, answered: isNamed ? ['name'] : []};
	},
	fields: renameFields,
	undo: ({snapshot, name}) => ({given: {kind: 'rename', snapshot: name, name: snapshot}, text: describeUndo(snapshot)}),
	words,
} satisfies ActionSpec<'rename'>;
