import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {RenameAction} from '../../model/plan/request.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'rename'>['words'] = {
	title: ({snapshot, name, domain}) => `Rename ${snapshot} of ${domain.name} to ${name}`,
	noun: ({snapshot}) => `rename of "${snapshot}"`,
	log: ({snapshot, name}) => `rename "${snapshot}" to "${name}"`,
	done: ({snapshot, name}) => `"${snapshot}" is called "${name}" now.`,
};

export const describeUndo = (former: string) => `rename it back to "${former}"`;

/** `moves`: copies that bear the name, and where they go. */
export function describeRename({snapshot, name}: RenameAction, {memory}: Snapshot, moves: ReadonlyArray<{what: string; to: string}>): Consequence[] {
	return [
		{severity: 'info', text: `"${snapshot}" is called "${name}" afterwards. Its images${memory.mode === 'external' ? ` and its memory (${memory.path})` : ''} stay where they are, under their names.`},
		...moves.map(({what, to}): Consequence => ({severity: 'info', text: `T${what.slice(1)} moves to ${to}.`})),
		{severity: 'warning', text: 'Scripts that know the snapshot by its old name no longer find it.'},
	];
}
