/**
The linear mode: each screen as plain lines and numbered choices. The same brain and the same messages as the painted screen; nothing moves, nothing is
hidden by a window.
*/
import {visibleDomains} from '../../app/browse/domains.ts';
import {usedBytes} from '../../model/images/image.ts';
import {byKind} from '../../model/by-kind.ts';
import {
	currentRows, selectedDomain, selectedDetails, type TreeNode,
} from '../../app/browse/rows.ts';
import {rowFacts, totalOf} from '../../app/browse/row-facts.ts';
import {healthOfHost, markOf} from '../../app/doctor/health.ts';
import {views, type State} from '../../app/state.ts';
import {selectedCommand} from '../../app/run/update-log.ts';
import {optionsOf} from '../../app/run/update-recover.ts';
import {describeProblem} from '../../model/images/describe-images.ts';
import {describeHealth, formatSince, ownerOf, summariseCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {formatAge, formatBytes} from '../../model/text/format.ts';
import {showSafely} from '../text.ts';
import type {Theme} from '../theme.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {detailsOf} from './details.ts';
import {failureLines} from './failure.ts';
import {doctorPage, journeyPage} from './linear-journey.ts';
import {
	back, character, enter, key, optionChoices, plainText, quit, type LinearChoice, type LinearPage,
} from './linear-page.ts';
import {hostLines} from './browse/hosts.ts';
import {pageOf} from './page.ts';
import {spokenCommands} from './run/command-log.ts';
import {spokenUndo, undoTitle} from './run/undo.ts';
import {describeLeft, unfinishedLines} from './recover.ts';
import {progressOfRun} from './run/run.ts';
import {healthMarks, hostHealthWords, spokenKindOf} from './words.ts';

const nodeText: (node: TreeNode, parent: string | undefined, state: State) => string = byKind({
	snapshot(node, _parent, state) {
		const {snapshot} = node;
		const age = formatAge(snapshot.createdAt, Math.floor(state.nowMs / 1000));
		const size = totalOf(rowFacts(selectedDetails(state)!).sizesOf(snapshot));
		return [
			snapshot.name,
			spokenKindOf(snapshot),
			...(size === undefined ? [] : [formatBytes(size)]),
			age,
			`${snapshot.parent === undefined ? 'a root' : `after ${snapshot.parent}`}${snapshot.isCurrent ? ', current' : ''}`,
			...(snapshot.description === undefined ? [] : [snapshot.description.split('\n')[0]!]),
		].join(', ');
	},
	head(_node, _parent, state) {
		const {domain, currentSnapshot} = selectedDetails(state)!;
		const facts = rowFacts(selectedDetails(state)!);
		const written = totalOf(facts.written);
		const bytes = written ?? totalOf(facts.heads);
		return `NOW, ${stateWord(domain.state)}, based on ${currentSnapshot ?? 'no snapshot'}${bytes === undefined ? '' : `, ${formatBytes(bytes)} ${written === undefined ? 'used' : 'written since'}`}`;
	},
	checkpoint(node, _parent, state) {
		const {checkpoint} = node;
		const summary = summariseCheckpoint(selectedDetails(state)!, checkpoint);
		return [
			[checkpoint.name, ownerOf(checkpoint.name)].filter(text => text !== '').join(' '),
			formatAge(checkpoint.createdAt, Math.floor(state.nowMs / 1000)),
			describeHealth(summary),
			...(summary.size === undefined ? [] : [`${formatSince(summary.size)} since then`]),
			summary.disks.map(({target}) => target).join(' '),
			checkpoint.parent === undefined ? 'a root' : `after ${checkpoint.parent}`,
		].join(', ');
	},
	layer(node) {
		const {title, isFile, images} = node.layer;
		const parts = [...images].map(([target, image]) => [
			[target, image.path].filter(text => text !== '').join(' '),
			...(usedBytes(image) === undefined ? [] : [formatBytes(image.allocatedBytes), image.backingPath === undefined ? 'a base' : `backed by ${image.backingPath}`]),
			...image.problems.map(problem => describeProblem(problem)),
		].join(', '));
		return `${isFile ? '' : `${title}: `}${parts.join('; ')}`;
	},
	file: node => [node.path, ...(node.bytes === undefined ? [] : [formatBytes(node.bytes)]), node.reason].join(', '),
	unrecorded: node => `${node.label}, ${node.reason}`,
	unreadable: node => `${node.label}, unreadable: ${node.reason}`,
});

function markWords(state: State, uuid: string): string[] {
	const mark = markOf(state, uuid);
	return mark === undefined ? [] : [healthMarks[mark].words];
}

function browsePage(state: State, theme: Theme): LinearPage {
	const style = {columns: state.columns, theme};
	const refresh: LinearChoice = {label: 'Refresh', messages: [character('R')]};
	if (state.domains.value === undefined) {
		const lines = state.domains.failure === undefined ? ['Asking the host for its domains.'] : plainText(failureLines(state.domains.failure, style));
		return {title: 'vsnap-tui', lines, choices: state.domains.failure === undefined ? [quit] : [{...refresh, label: 'Try again'}, quit]};
	}

	const interrupted = state.left.map(action => `${describeLeft(action, state.nowMs)}.`);
	const recover: LinearChoice[] = state.left.length === 0 ? [] : [{label: 'Finish or roll back what was interrupted', messages: [character('x')]}];
	if (state.pane === 'domains') {
		const domains = visibleDomains(state);
		return {
			title: `Domains: ${domains.length}`,
			lines: [...plainText(hostLines(state, style)), ...interrupted, ...(state.health.isOn ? [`Health: ${hostHealthWords(healthOfHost(state))}.`] : [])],
			choices: [
				...recover,
				...domains.map((domain): LinearChoice => ({
					label: [
						domain.name,
						stateWord(domain.state),
						...(state.counts[domain.uuid] === undefined ? [] : [`${state.counts[domain.uuid]} snapshots`]),
						...markWords(state, domain.uuid),
						...(state.marks.domains.has(domain.uuid) ? ['marked'] : []),
					].join(', '),
					messages: [{kind: 'domain-chosen', uuid: domain.uuid}],
				})),
				{label: 'Check all domains', messages: [character('D')]},
				{label: 'Other hosts', messages: [character('H')]},
				{label: 'Undo what was done here', messages: [character('z')]},
				{label: 'Read the commands that ran', messages: [character('@')]},
				refresh,
				quit,
			],
		};
	}

	const rows = currentRows(state);
	const domain = selectedDomain(state);
	const isMarked = domain !== undefined && state.marks.domains.has(domain.uuid);
	return {
		title: `${domain?.name ?? 'No domain'}: ${state.view}`,
		lines: [...interrupted, ...(selectedDetails(state) === undefined ? plainText(detailsOf(state, style)) : [])],
		choices: [
			...recover,
			...rows.map(({item}): LinearChoice => ({
				label: nodeText(item, item.parent, state), messages: [{kind: 'row-chosen', view: state.view, id: item.name}, enter],
			})),
			...(state.view === 'checkpoints' && state.domainCursor.id !== undefined ? [{label: 'Create a checkpoint', messages: [character('c')]}] : []),
			...views.filter(view => view !== state.view).map((view): LinearChoice => ({label: `Show ${view}`, messages: [{kind: 'view-chosen', view}]})),
			...(domain === undefined ? [] : [{label: isMarked ? 'Take the mark from this domain' : 'Mark this domain, for an action on several', messages: [key('tab'), character(' '), key('tab')]}]),
			refresh,
			{label: 'All domains', messages: [key('tab')]},
			quit,
		],
	};
}

/** What was done, each with what takes it back: a number leads to that plan. */
function undoPage(state: State, style: {columns: number; theme: Theme}): LinearPage {
	const {value, failure, waiting} = state.undo;
	const nothing = waiting === undefined && value?.length === 0 ? ['Nothing was done on this host that could be undone.'] : [];
	return {
		title: undoTitle,
		lines: [...(failure === undefined ? [] : plainText(failureLines(failure, style))), ...nothing],
		choices: [...(value ?? []).map((each, index): LinearChoice => ({label: spokenUndo(each), messages: [{kind: 'option-chosen', index}]})), back],
	};
}

/** The current screen. */
export function linearPage(state: State, theme: Theme): LinearPage {
	const {scene} = state;
	const style = {columns: state.columns, theme};
	switch (scene.kind) {
		case 'browse':
		case 'leaving': {
			return browsePage(state, theme);
		}

		case 'menu': {
			return {title: scene.title, lines: plainText(detailsOf(state, style)), choices: [...optionChoices(scene.options), back]};
		}

		case 'help':
		case 'details': {
			return {title: 'Details', lines: plainText(pageOf(state, theme)!.lines), choices: [back]};
		}

		case 'doctor': {
			return scene.isWhole ? {title: 'Finding', lines: plainText(pageOf(state, theme)!.lines), choices: [back]} : doctorPage(state, style);
		}

		case 'journey': {
			return journeyPage(state, scene.journey, theme);
		}

		case 'running': {
			return {title: 'Running', lines: plainText(progressOfRun({...state.runs[scene.planId]!, sinceMs: state.nowMs}, state.nowMs, style)), choices: []};
		}

		case 'ended': {
			return {title: 'The end of the action', lines: plainText(pageOf(state, theme)!.lines), choices: [{label: 'Continue', messages: [enter]}, {label: 'Read the commands that ran', messages: [character('@')]}]};
		}

		case 'group-ended': {
			return {title: 'The end of the action', lines: plainText(pageOf(state, theme)!.lines), choices: [{label: 'Continue', messages: [enter]}, {label: 'Read the commands that ran', messages: [character('@')]}]};
		}

		case 'undo': {
			return undoPage(state, style);
		}

		case 'log': {
			const {all} = selectedCommand(state, scene);
			return {title: 'Command log', lines: all.length === 0 ? ['No command has run.'] : spokenCommands(all), choices: [back]};
		}

		case 'recover': {
			return {title: 'Interrupted action', lines: plainText(unfinishedLines(state, scene, style)), choices: optionChoices(optionsOf(state, scene))};
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
