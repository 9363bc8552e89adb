/**
What can be done with what is selected. An action that is not possible stays in the list, with its reason.
*/
import {currentRows, selectedDomain, selectedNode, selectedPicture} from './rows.ts';
import type {Option, State} from './state.ts';

export const readOnlyReason = 'this session is read-only';

/** Why the selected thing cannot be reverted to; undefined: it can. The planner may still refuse, with more knowledge. */
export function revertReason(state: State): string | undefined {
	if (state.isReadOnly) {
		return readOnlyReason;
	}

	const picture = selectedPicture(state);
	if (picture === undefined) {
		return 'the domain has not been read yet';
	}

	if (picture.snapshots.length === 0) {
		return 'the domain has no snapshots';
	}

	if (state.pane === 'domains' || selectedNode(state)?.kind === 'snapshot') {
		return undefined;
	}

	return 'choose a snapshot in the tree first';
}

/** The menu of the selected thing, with its title. */
export function menuOf(state: State): {title: string; options: Option[]} {
	const later: Option = {id: 'later', label: 'Create, branch, merge, delete', reason: 'come with a later version'};
	const refresh: Option = {id: 'refresh', label: 'Read again from the host'};
	const domain = selectedDomain(state);
	if (state.pane === 'domains' || domain === undefined) {
		return {
			title: domain === undefined ? 'Nothing is selected' : `Domain ${domain.name}`,
			options: [
				{id: 'open', label: 'Go to its snapshots', reason: domain === undefined ? 'no domain is selected' : undefined},
				{id: 'choose-snapshot', label: 'Revert …', reason: revertReason(state)},
				refresh,
				later,
			],
		};
	}

	const node = selectedNode(state, currentRows(state));
	const details: Option = {id: 'details', label: 'Show all details'};
	switch (node?.kind) {
		case 'snapshot': {
			return {
				title: `Snapshot ${node.snapshot.name} of ${domain.name}`,
				options: [{id: 'revert', label: 'Revert to this snapshot …', reason: revertReason(state)}, details, refresh, later],
			};
		}

		case 'head': {
			return {
				title: `The present state of ${domain.name}`,
				options: [details, refresh, {id: 'revert', label: 'Revert …', reason: revertReason(state)}, later],
			};
		}

		case 'checkpoint':
		case 'image':
		case 'unreadable': {
			return {title: node.kind === 'image' ? node.image.path : (node.kind === 'checkpoint' ? `Checkpoint ${node.name}` : node.label), options: [details, refresh]};
		}

		case undefined: {
			return {title: `Domain ${domain.name}`, options: [refresh]};
		}
	}
}
