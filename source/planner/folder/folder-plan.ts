/**
Work in a folder of backups, or from it: not on a domain, so it needs no record on the host of how the domain was. Each command is shown before it is run, like those of a
plan.
*/
import {posix} from 'node:path';
import type {ProgramCommand, Space, Step} from '../../model/plan/plan.ts';
import {fileCommands} from '../hypervisor/commands.ts';

export type FolderStep = {
	title: string;
	command: ProgramCommand;
	/** Once it is done and a later one fails: run in the opposite order. Null: from here on there is only the way forward. */
	undo: ProgramCommand[] | null;
	/** What a plan with a journal needs besides. */
	more?: Partial<Pick<Step, 'doneWhen' | 'undoWhen' | 'failureChangesNothing' | 'progress' | 'copyBytes' | 'phase'>>;
};

export type FolderPlan = {
	/** Files of its commands are in the work folder of this name. */
	id: string;
	title: string;
	/** What it means, in sentences. */
	notes: string[];
	steps: FolderStep[];
	/** What it makes, replaces or removes: measured before and after. */
	files: string[];
	/** Undefined: it does nothing. */
	space: Space | undefined;
	/** Said when it is done. */
	done: string;
	/** Locked meanwhile, as an action on it would: of the domain that the folder is of. */
	domain: {uuid: string; name: string};
};

/** Its files are what they were, and lead nowhere else. */
export const verifyStep = (uri: string, given: {folder: string; point: string; isQuick: boolean}): FolderStep => ({
	title: `Verify ${given.point}`,
	command: {tool: 'verify', argv: ['vsnap-tui', '-c', uri, 'backup', 'verify', ...(given.isQuick ? ['--quick'] : []), '--at', given.point, '--', given.folder], files: []},
	undo: [],
	more: {phase: 'check'},
});

/** Only where the file is there. */
export const removeIfThere = (path: string): ProgramCommand => ({...fileCommands.remove(path), onlyIf: {kind: 'file-exists', path}});

/** Written beside, and put in its place at one moment, on disk. */
export function writeSteps(path: string, text: string, undo: FolderStep['undo']): FolderStep[] {
	const name = posix.basename(path);
	const partial = `${path}.partial`;
	return [
		{title: `Write ${name}`, command: {tool: 'file', argv: ['dd', `of=${partial}`, 'conv=fsync', 'status=none'], input: text, files: []}, undo: [removeIfThere(partial)]},
		{title: `Put ${name} in its place`, command: fileCommands.replace(partial, path), undo},
	];
}
