/**
Redefine a checkpoint: its record is written from a document.
*/
import {mapResult, succeed} from '../../model/result.ts';
import {parseCheckpointXml} from '../../model/xml/parse-checkpoint.ts';
import type {ActionSpec} from '../spec.ts';
import {undoCheckpoint} from '../undo.ts';
import {nameIn, words} from './words.ts';

export const redefineCheckpoint = {
	kind: 'redefine-checkpoint',
	cli: {
		usage: 'checkpoint redefine <domain>',
		summary: 'record a checkpoint whose bitmaps are in the images, from its XML',
		examples: ['checkpoint redefine web --xml monday.xml --yes', 'checkpoint redefine web --xml monday.xml --dry-run'],
		options: [{flags: '--xml <file>', summary: 'the document, as checkpoint show --xml prints it'}],
		excludes: [],
		document: {option: 'xml', read: (text, given) => mapResult(parseCheckpointXml(text), () => ({...given, xml: text}))},
		read: (_words, raw) => raw.xml === undefined
			? {ok: false, failure: {kind: 'usage', message: 'checkpoint redefine needs --xml FILE.', hint: 'vsnap-tui checkpoint show DOMAIN NAME --xml prints one.'}}
			: succeed({kind: 'redefine-checkpoint'}),
	},
	complete: ({xml = ''}, uuid) => ({request: {kind: 'redefine-checkpoint', uuid, xml}, answered: []}),
	undo: ({xml}) => undoCheckpoint(nameIn(xml), {isRecordOnly: true}),
	words,
} satisfies ActionSpec<'redefine-checkpoint'>;
