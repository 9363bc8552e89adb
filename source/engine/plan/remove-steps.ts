/**
Removing image files at the end of a plan, each proven once more to be needed by nobody.
*/
import {posix} from 'node:path';
import type {Step} from '../../model/plan.ts';
import {fileCommands} from './commands.ts';

export function removeSteps(paths: readonly string[]): Step[] {
	return paths.map((path, index) => ({
		id: `remove-${index + 1}`,
		title: `Remove ${posix.basename(path)}, which nothing needs any more`,
		phase: 'remove',
		command: fileCommands.remove(path),
		undo: null,
		happened: {kind: 'file-missing', path},
		ifStopped: 'The work is done; the rest of the files would be left for recover.',
		guard: {kind: 'unused-image', path},
	}));
}
