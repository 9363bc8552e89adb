/**
A step with what most steps of its phase have in common, so that a planner says only what is particular.
*/
import type {Phase, Step} from '../../model/plan/plan.ts';
import {fileCommands} from '../hypervisor/commands.ts';

/** What would be true if the action were stopped after a step of this phase. Before the switch the way leads back, from there on forward. */
const whenStopped: Record<Phase, string> = {
	check: 'Nothing has been changed yet.',
	create: 'Recover would remove the new files; the domain is as it was.',
	switch: 'Recover would finish the switch; the old disks all still exist.',
	remove: 'The work is done; recover would remove the remaining files.',
};

/**
Without `undo` there is nothing to put back, and in the phase of removals no way to; without `doneWhen` the step is run again after a crash, as that does no
harm.
*/
export function step(phase: Phase, given: Pick<Step, 'id' | 'title' | 'command'> & Partial<Omit<Step, 'phase'>>): Step {
	return {phase, undo: phase === 'remove' ? null : [], doneWhen: {kind: 'never'}, whenStopped: whenStopped[phase], ...given};
}

/** An empty file of this name. Where it is not sure that we made it, only an empty one is removed again. */
export function reserving(path: string): Pick<Step, 'command' | 'undo' | 'doneWhen' | 'undoWhen' | 'failureChangesNothing'> {
	const doneWhen = {kind: 'file-exists', path} as const;
	return {
		command: fileCommands.reserve(path), undo: [{...fileCommands.remove(path), onlyIf: doneWhen}], doneWhen, undoWhen: {kind: 'file-empty', path}, failureChangesNothing: true,
	};
}
