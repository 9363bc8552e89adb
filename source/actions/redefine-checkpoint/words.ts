import type {Consequence} from '../../model/plan/plan.ts';
import {parseCheckpointXml} from '../../model/xml/parse-checkpoint.ts';
import type {ActionSpec} from '../spec.ts';

export const nameIn = (xml: string): string => {
	const parsed = parseCheckpointXml(xml);
	return parsed.ok ? parsed.value.name : '';
};

export const words: ActionSpec<'redefine-checkpoint'>['words'] = {
	title: ({xml, domain}) => `Redefine checkpoint ${nameIn(xml)} of ${domain.name}`,
	noun: ({xml}) => `redefinition of checkpoint "${nameIn(xml)}"`,
	log: ({xml}) => `redefine checkpoint "${nameIn(xml)}"`,
	done: ({xml, domain}) => `The checkpoint "${nameIn(xml)}" of "${domain.name}" is recorded.`,
};

/** `isReplaced`: there is a record of this name. */
export const describeRedefinition = (name: string, isReplaced: boolean): Consequence[] => [
	{severity: 'info', text: `${isReplaced ? 'The record is replaced' : 'A record is written'}; no image is touched. Backups since "${name}" copy what its bitmaps have recorded.`},
	{severity: 'warning', text: 'Whether the bitmaps began at the moment that the document names cannot be proven: a backup since then is as right as the document.'},
];
