/**
What can be done with what is selected. An action that is not possible stays in the list, with its reason.
*/
import type {Option} from '../../actions/question.ts';
import {
	isScreenKind, nounOfAction, screenOf, screenSpecs, type ScreenKind,
} from '../../actions/registry.ts';
import type {ScreenSpec} from '../../actions/spec.ts';
import {runOn} from '../run/jobs.ts';
import type {Run, State} from '../state.ts';
import {
	currentRows, leftOf, selectedDomain, selectedNode, selectedDetails, selectedSnapshot,
} from './rows.ts';
import {markedSnapshots} from './marks.ts';
import {moments} from './moments.ts';

export const readOnlyReason = 'this session is read-only';

export const atWorkReason = ({plan: {action}}: Run, isLinear = false): string => `the ${nounOfAction(action)} is at work on it${isLinear ? '' : ' (J)'}`;

/** Why an action is not possible for what is selected; undefined: it is. The planner may still refuse, with more knowledge. */
export function reasonAgainst(state: State, kind: ScreenKind): string | undefined {
	if (state.isReadOnly) {
		return readOnlyReason;
	}

	const run = runOn(state, state.domainCursor.id);
	if (run !== undefined) {
		return atWorkReason(run, state.isLinear);
	}

	const left = leftOf(state, state.domainCursor.id);
	if (left !== undefined) {
		return `the ${nounOfAction(left.plan.action)} was interrupted; finish it or roll it back first${state.isLinear ? '' : ' (x)'}`;
	}

	const details = selectedDetails(state);
	if (details === undefined) {
		const reading = state.allDetails[state.domainCursor.id ?? ''];
		return reading?.failure === undefined ? 'the domain is still being read' : 'the domain could not be read';
	}

	const {needs, unavailable, several} = screenOf(kind);
	const reason = unavailable?.(details);
	if (reason !== undefined || needs === 'domain') {
		return reason;
	}

	const {noun, names, selected} = moments[needs];
	if (names(details).length === 0) {
		return `the domain has no ${noun}s`;
	}

	const hasMarks = several !== undefined && markedSnapshots(state).length > 0;
	return state.pane === 'domains' || hasMarks || selected(state) !== undefined ? undefined : `select a ${noun} in the tree first`;
}

/** The actions that this needs, by the label that fits. */
function optionsNeeding(state: State, needs: ScreenSpec['needs'], labelOf = ({label}: ScreenSpec): string | undefined => label): Option[] {
	return screenSpecs().filter(({screen}) => screen.needs === needs).flatMap(({kind, screen}) => {
		const label = labelOf(screen);
		return label === undefined ? [] : [{id: kind, label, reason: reasonAgainst(state, kind)}];
	});
}

/** What is about them, and backups, before what is about snapshots. */
function checkpointsFirst(options: Option[]): Option[] {
	const isAbout = ({id}: Option) => isScreenKind(id) && screenOf(id).leavesSnapshots === true;
	return [...options.filter(option => isAbout(option)).reverse(), ...options.filter(option => !isAbout(option))];
}

const refresh: Option = {id: 'refresh', label: 'Refresh'};
const details: Option = {id: 'details', label: 'Show all details'};
const recover: Option = {id: 'recover', label: 'Finish or roll back what was interrupted'};
const job: Option = {id: 'jobs', label: 'Show how far it is'};
const doctor: Option = {id: 'doctor', label: 'Check this domain'};

/** The menu of the selected thing, with its title. */
export function menuOf(state: State): {title: string; options: Option[]} {
	const {title, options} = menuOfSelected(state);
	const mark: Option[] = state.isLinear && state.pane === 'tree' && selectedNode(state)?.kind === 'snapshot' ? [{id: 'mark', label: state.marks.snapshots.has(selectedSnapshot(state)?.name ?? '') ? 'Take the mark from it' : 'Mark it, to delete several'}] : [];
	const first = runOn(state, state.domainCursor.id) === undefined ? (leftOf(state, state.domainCursor.id) === undefined ? [] : [recover]) : [job];
	return {title, options: [...first, ...options, ...mark]};
}

function menuOfSelected(state: State): {title: string; options: Option[]} {
	const domain = selectedDomain(state);
	const toChoose = optionsNeeding(state, 'snapshot', ({chooseLabel}) => chooseLabel);
	if (state.pane === 'domains' || domain === undefined) {
		return {
			title: domain === undefined ? 'Nothing selected' : `Domain ${domain.name}`,
			options: [
				{id: 'open', label: 'Open its snapshots', reason: domain === undefined ? 'no domain is selected' : undefined},
				...optionsNeeding(state, 'domain'),
				...toChoose,
				{id: 'doctor', label: 'Check all domains'},
				refresh,
			],
		};
	}

	const node = selectedNode(state, currentRows(state));
	switch (node?.kind) {
		case 'snapshot': {
			return {
				title: `Snapshot ${node.snapshot.name} of ${domain.name}`,
				options: [...optionsNeeding(state, 'snapshot'), ...optionsNeeding(state, 'domain'), details, doctor, refresh],
			};
		}

		case 'head': {
			return {
				title: `The current state of ${domain.name}`,
				options: [...optionsNeeding(state, 'domain'), details, doctor, refresh, ...toChoose],
			};
		}

		case 'checkpoint': {
			return {
				title: `Checkpoint ${node.name} of ${domain.name}`,
				options: [...optionsNeeding(state, 'checkpoint'), ...checkpointsFirst(optionsNeeding(state, 'domain')), details, doctor, refresh],
			};
		}

		case 'layer':
		case 'file':
		case 'unrecorded':
		case 'unreadable': {
			return {
				title: node.kind === 'layer' ? `The images of ${node.layer.title}` : (node.kind === 'file' ? node.path : node.label),
				options: [details, ...optionsNeeding(state, 'domain'), doctor, refresh],
			};
		}

		case undefined: {
			return {title: `Domain ${domain.name}`, options: [...optionsNeeding(state, 'domain'), doctor, refresh]};
		}
	}
}
