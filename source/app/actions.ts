/**
What can be done with what is selected. An action that is not possible stays in the list, with its reason.
*/
import {isWritableMedium} from '../model/domain.ts';
import {currentRows, selectedDomain, selectedNode, selectedPicture, selectedSnapshot} from './rows.ts';
import type {ActionStart} from './services.ts';
import type {State} from './state.ts';
import type {Option} from './option.ts';

export const readOnlyReason = 'this session is read-only';

/** The guided actions, by the verb of their key. */
export type Verb = Exclude<ActionStart['kind'], 'doctor'>;

/** How each action is called in a menu and in a notice. */
export const verbWords: Record<Verb, {label: string; title: string; choose: string}> = {
	create: {label: 'Create a snapshot of the present state …', title: 'Create', choose: ''},
	revert: {label: 'Revert to this snapshot …', title: 'Revert', choose: 'Choose the snapshot to go back to, then press r.'},
	branch: {label: 'Begin a branch here …', title: 'Branch', choose: 'Choose the snapshot to branch from, then press b.'},
	merge: {label: 'Merge: keep the changes since it, drop it …', title: 'Merge', choose: 'Choose the snapshot to merge, then press m.'},
	delete: {label: 'Delete …', title: 'Delete', choose: 'Choose the snapshot to delete, then press d.'},
};

/** Why an action is not possible for what is selected; undefined: it is. The planner may still refuse, with more knowledge. */
export function reasonAgainst(state: State, verb: Verb): string | undefined {
	if (state.isReadOnly) {
		return readOnlyReason;
	}

	const picture = selectedPicture(state);
	if (picture === undefined) {
		return 'the domain has not been read yet';
	}

	if (verb === 'create') {
		return picture.domain.definition.disks.some(disk => isWritableMedium(disk)) ? undefined : 'the domain has no disk that it writes to';
	}

	if (picture.snapshots.length === 0) {
		return 'the domain has no snapshots';
	}

	return state.pane === 'domains' || selectedSnapshot(state) !== undefined ? undefined : 'choose a snapshot in the tree first';
}

function verbOption(state: State, verb: Verb, label = verbWords[verb].label): Option {
	return {id: verb, label, reason: reasonAgainst(state, verb)};
}

const refresh: Option = {id: 'refresh', label: 'Read again from the host'};
const details: Option = {id: 'details', label: 'Show all details'};
const doctor: Option = {id: 'doctor', label: 'Look for troubles of this domain'};

/** The menu of the selected thing, with its title. */
export function menuOf(state: State): {title: string; options: Option[]} {
	const domain = selectedDomain(state);
	if (state.pane === 'domains' || domain === undefined) {
		return {
			title: domain === undefined ? 'Nothing is selected' : `Domain ${domain.name}`,
			options: [
				{id: 'open', label: 'Go to its snapshots', reason: domain === undefined ? 'no domain is selected' : undefined},
				verbOption(state, 'create'),
				verbOption(state, 'revert', 'Revert …'),
				{id: 'doctor', label: 'Look for troubles of all domains'},
				refresh,
			],
		};
	}

	const node = selectedNode(state, currentRows(state));
	switch (node?.kind) {
		case 'snapshot': {
			return {
				title: `Snapshot ${node.snapshot.name} of ${domain.name}`,
				options: [
					verbOption(state, 'revert'), verbOption(state, 'branch'), verbOption(state, 'merge'), verbOption(state, 'delete'), verbOption(state, 'create'), details, doctor, refresh,
				],
			};
		}

		case 'head': {
			return {
				title: `The present state of ${domain.name}`,
				options: [verbOption(state, 'create'), details, doctor, refresh, verbOption(state, 'revert', 'Revert …')],
			};
		}

		case 'checkpoint':
		case 'image':
		case 'unrecorded':
		case 'unreadable': {
			return {
				title: node.kind === 'image' ? node.image.path : (node.kind === 'checkpoint' ? `Checkpoint ${node.name}` : node.label),
				options: [details, verbOption(state, 'create'), doctor, refresh],
			};
		}

		case undefined: {
			return {title: `Domain ${domain.name}`, options: [verbOption(state, 'create'), doctor, refresh]};
		}
	}
}
