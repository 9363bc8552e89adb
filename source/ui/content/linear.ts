/**
The linear mode: each screen as plain lines and numbered choices. The same brain and the same messages as the painted screen; nothing moves, nothing is
hidden by a window.
*/
import {wordToType, isSameWord} from '../../app/confirm-name.ts';
import type {Key, Message} from '../../app/messages.ts';
import {
	currentRows, selectedDomain, selectedPicture, visibleDomains, type TreeNode,
} from '../../app/rows.ts';
import {views, type Journey, type Option, type State} from '../../app/state.ts';
import {endStateOptions, fateOptions} from '../../app/update-journey.ts';
import {recoverOptions} from '../../app/update-run.ts';
import {describeProblem} from '../../model/describe-images.ts';
import {formatAge, formatBytes} from '../../model/format.ts';
import type {Line} from '../parts/line.tsx';
import {showSafely} from '../text.ts';
import type {Theme} from '../theme.ts';
import {detailsOf} from './details.ts';
import {failureLines} from './failure.ts';
import {pageOf} from './page.ts';
import {namingLines} from './plan.ts';
import {activityLines, unfinishedLines} from './run.ts';
import {kindOfSnapshot, stateWord} from './words.ts';

export type LinearChoice = {label: string; messages: Message[]};

export type LinearPage = {
	title: string;
	lines: string[];
	choices: LinearChoice[];
	/** Instead of a number any text is taken, and becomes these messages. */
	takesText?: {prompt: string; toMessages: (text: string) => Message[]};
};

const key = (name: Exclude<Key['name'], 'enter' | 'character' | 'paste'>): Message => ({kind: 'key', key: {name}});
const character = (text: string): Message => ({kind: 'key', key: {name: 'character', text}});
const enter: Message = {kind: 'key', key: {name: 'enter', isAlone: true}};
const back: LinearChoice = {label: 'Back', messages: [key('escape')]};
const leave: LinearChoice = {label: 'Leave; nothing is changed', messages: [key('escape')]};
const quit: LinearChoice = {label: 'Quit', messages: [character('q')]};

function plainText(lines: Line[]): string[] {
	return lines.map(pieces => pieces.map(({text}) => text).join('').trim());
}

function optionText(option: Option): string {
	return `${option.label}${option.reason === undefined ? '' : ` (not possible: ${option.reason})`}${option.note === undefined ? '' : `. ${option.note}`}`;
}

function optionChoices(options: Option[]): LinearChoice[] {
	return options.map((option, index) => ({label: optionText(option), messages: [{kind: 'option-chosen', index}]}));
}

function nodeText(node: TreeNode, parent: string | undefined, state: State): string {
	switch (node.kind) {
		case 'snapshot': {
			const {snapshot} = node;
			const age = formatAge(snapshot.createdAt, Math.floor(state.nowMs / 1000));
			return `${snapshot.name}, ${kindOfSnapshot(snapshot)}, ${age}, ${snapshot.parent === undefined ? 'a root' : `after ${snapshot.parent}`}${snapshot.isCurrent ? ', current' : ''}`;
		}

		case 'head': {
			return `You are here: the present state, after ${selectedPicture(state)?.currentSnapshot ?? 'no snapshot'}`;
		}

		case 'checkpoint': {
			return `${node.name}, ${node.parent === undefined ? 'a root' : `after ${node.parent}`}`;
		}

		case 'image': {
			const {path, allocatedBytes, problems} = node.image;
			const troubles = problems.map(problem => `, ${describeProblem(problem)}`).join('');
			return `${path}, ${formatBytes(allocatedBytes)}, ${parent === undefined ? 'a base' : `backed by ${parent}`}${troubles}`;
		}

		case 'unreadable': {
			return `${node.label}, unreadable: ${node.reason}`;
		}
	}
}

function browsePage(state: State, theme: Theme): LinearPage {
	const paper = {columns: state.columns, theme};
	const refresh: LinearChoice = {label: 'Read again from the host', messages: [character('R')]};
	if (state.domains.value === undefined) {
		const lines = state.domains.failure === undefined ? ['Asking the host for its domains.'] : plainText(failureLines(state.domains.failure, paper));
		return {title: 'vsnap-tui', lines, choices: state.domains.failure === undefined ? [quit] : [{...refresh, label: 'Try again'}, quit]};
	}

	if (state.pane === 'domains') {
		const domains = visibleDomains(state);
		return {
			title: `Domains: ${domains.length}`,
			lines: [],
			choices: [
				...domains.map((domain): LinearChoice => ({
					label: `${domain.name}, ${stateWord(domain.state)}${state.counts[domain.uuid] === undefined ? '' : `, ${state.counts[domain.uuid]} snapshots`}`,
					messages: [{kind: 'domain-chosen', uuid: domain.uuid}],
				})),
				refresh,
				quit,
			],
		};
	}

	const rows = currentRows(state);
	return {
		title: `${selectedDomain(state)?.name ?? 'No domain'}: ${state.view}`,
		lines: selectedPicture(state) === undefined ? plainText(detailsOf(state, paper)) : [],
		choices: [
			...rows.map(({item}): LinearChoice => ({
				label: nodeText(item, item.parent, state), messages: [{kind: 'row-chosen', view: state.view, id: item.name}, enter],
			})),
			...views.filter(view => view !== state.view).map((view): LinearChoice => ({label: `Show ${view}`, messages: [{kind: 'view-chosen', view}]})),
			refresh,
			{label: 'All domains', messages: [key('tab')]},
			quit,
		],
	};
}

function journeyPage(state: State, journey: Journey, theme: Theme): LinearPage {
	const paper = {columns: state.columns, theme};
	const {stage} = journey;
	const title = `Revert ${journey.domain} to ${journey.snapshot}`;
	switch (stage.phase) {
		case 'fate': {
			return stage.editing
				? {
					title, lines: [`The name is now ${journey.keepName}.`], choices: [], takesText: {
						prompt: 'New name of the snapshot', toMessages: text => [key('ctrl-u'), {kind: 'key', key: {name: 'paste', text}}, enter],
					},
				}
				: {
					title: `${title}. What becomes of the present state?`,
					lines: [],
					choices: [...optionChoices(fateOptions(journey)), {label: 'Another name for the snapshot', messages: [character('e')]}, leave],
				};
		}

		case 'end-state': {
			return {title: `${title}. What shall the domain do afterwards?`, lines: [], choices: [...optionChoices(endStateOptions(state, journey)), leave]};
		}

		case 'planning': {
			return {title, lines: ['Reading the host and making the plan.'], choices: [leave]};
		}

		case 'naming': {
			const {word} = wordToType({name: journey.domain, uuid: journey.uuid});
			return isSameWord(stage.typed, word)
				? {title, lines: ['The name is right.'], choices: [{label: 'Start now', messages: [enter]}, leave]}
				: {
					title,
					lines: plainText(namingLines(journey, {...stage, typed: ''}, paper)).filter(text => text.length > 3),
					choices: [],
					takesText: {
						prompt: 'The name, or nothing to leave',
						toMessages: text => text === '' ? [key('escape')] : [key('ctrl-u'), {kind: 'key', key: {name: 'paste', text}}, ...(isSameWord(text, word) ? [] : [enter])],
					},
				};
		}

		case 'refused': {
			return {title, lines: plainText(pageOf(state, theme)!.lines), choices: [back]};
		}

		case 'consequences':
		case 'commands': {
			return {title, lines: plainText(pageOf(state, theme)!.lines), choices: [{label: 'Go on', messages: [enter]}, leave]};
		}
	}
}

/** The present screen. */
export function linearPage(state: State, theme: Theme): LinearPage {
	const {scene} = state;
	const paper = {columns: state.columns, theme};
	switch (scene.kind) {
		case 'browse':
		case 'leaving': {
			return browsePage(state, theme);
		}

		case 'menu': {
			return {title: scene.title, lines: plainText(detailsOf(state, paper)), choices: [...optionChoices(scene.options), back]};
		}

		case 'help':
		case 'details': {
			return {title: 'Details', lines: plainText(pageOf(state, theme)!.lines), choices: [back]};
		}

		case 'journey': {
			return journeyPage(state, scene.journey, theme);
		}

		case 'running': {
			return {title: 'Running', lines: plainText(activityLines({...scene.run, sinceMs: state.nowMs}, state.nowMs, paper)), choices: []};
		}

		case 'ended': {
			return {title: 'The end of the action', lines: plainText(pageOf(state, theme)!.lines), choices: [{label: 'Go on', messages: [enter]}]};
		}

		case 'recover': {
			const action = scene.actions[0]!;
			return {
				title: 'Something was left unfinished',
				lines: plainText(unfinishedLines(state, action, scene.actions.length, paper)),
				choices: optionChoices(recoverOptions(state, action)),
			};
		}
	}
}

/** The page as text, ready to be printed; each choice on a line of its own behind its number. */
export function linearText(page: LinearPage, notice: string | undefined, theme: Theme): string {
	const choices = page.choices.map(({label}, index) => `${index + 1}. ${label}`);
	const prompt = page.takesText === undefined ? (choices.length === 0 ? [] : ['Number and Enter:']) : [`${page.takesText.prompt}:`];
	return ['', page.title, ...page.lines, ...(notice === undefined ? [] : [notice]), ...choices, ...prompt]
		.map(text => showSafely(text, theme.isAscii))
		.join('\n');
}
