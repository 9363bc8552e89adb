/**
Runs the linear mode: prints a page when the person has answered and the answer is complete, and each step of a run as it comes. What changes by itself
meanwhile is not read out; an empty line reads the page again.
*/
import {isForeseeing} from '../app/browse/forecast.ts';
import type {ScreenHosts, ScreenStart} from '../app/services.ts';
import {copiedSoFar} from '../app/run/copied.ts';
import type {Run, State} from '../app/state.ts';
import {openHosts, type Stage} from '../app/hosts/open-hosts.ts';
import type {Abilities} from '../terminal/abilities.ts';
import {openLines} from '../terminal/lines.ts';
import {partingText} from './content/run/jobs.ts';
import {linearPage, linearText} from './content/linear.ts';
import {pageOf} from './content/page.ts';
import {createTheme} from './theme.ts';

/** What identifies a page: when it changes by itself (a plan has come, a run has ended), the new one is read out. */
function pageId({
	scene, pane, domainCursor, diagnosis, hosts,
}: State): string {
	switch (scene.kind) {
		case 'journey': {
			const {field, view, asked} = scene.journey;
			return `journey ${field} ${view?.kind} ${asked === undefined}`;
		}

		case 'browse': {
			return pane === 'tree' ? `tree ${hosts.own} ${domainCursor.id}` : `domains ${hosts.own}`;
		}

		case 'doctor': {
			return `doctor ${diagnosis?.findings.waiting === undefined ? 'done' : 'looking'}`;
		}

		default: {
			return scene.kind;
		}
	}
}

/** What is asked for is still on its way: it is waited for, so that a page is read out once and whole. */
function isIncomplete(state: State): boolean {
	const {scene, domains, pane, domainCursor, allDetails} = state;
	if (scene.kind === 'journey') {
		return scene.journey.field === undefined && scene.journey.asked !== undefined;
	}

	if (scene.kind === 'undo' || scene.kind === 'log') {
		return (scene.kind === 'undo' ? state.undo : state.log).waiting !== undefined;
	}

	if (scene.kind === 'menu') {
		return isForeseeing(state);
	}

	const details = allDetails[domainCursor.id ?? ''];
	const isUnread = (reading: {value: unknown; failure: unknown} | undefined) => reading?.value === undefined && reading?.failure === undefined;
	return scene.kind === 'browse' && (state.leftAsked.opens?.origin === 'key' || isUnread(domains) || (pane === 'tree' && domainCursor.id !== undefined && isUnread(details)));
}

/** In the words of the screen. */
function linearActivity({activity, kind}: Run): string {
	return {
		looking: kind === 'execute' ? 'Checking that nothing has changed since the plan was made' : 'Finding out how far it got', working: '', proving: 'Verifying the result', 'rolling-back': 'Rolling back',
	}[activity];
}

/** How far an action that copies has come, by quarters: a screen reader reads each change aloud. */
function copiedQuarter(run: Run): string {
	const copied = copiedSoFar(run);
	const quarter = copied === undefined || copied.totalBytes === 0 ? 0 : Math.floor(copied.doneBytes / copied.totalBytes * 4);
	return quarter === 0 ? '' : `, ${Math.min(quarter, 4) * 25} percent of all that is copied`;
}

export async function runLinear({hosts, openHost, abilities, start}: ScreenHosts & {abilities: Abilities; start: ScreenStart}): Promise<number> {
	const theme = createTheme({...abilities, hasColour: false});
	let isAnswerDue = true;
	let shownId = '';
	let shownStep = '';

	return new Promise(resolve => {
		const lines = openLines({
			onLine(text) {
				const page = linearPage(store.getState(), theme);
				const choice = page.choices[Number(text.trim()) - 1];
				isAnswerDue = true;
				store.send(...(page.takesText === undefined ? choice?.messages ?? [] : page.takesText.toMessages(text)));
			},
			onSignal(signal) {
				store.send({kind: 'signalled', signal});
			},
		});
		const stage: Stage = {
			suspend: () => undefined,
			copy: () => undefined,
			tellEnd: () => undefined,
			repaint: () => undefined,
			useMouse: () => undefined,
			quit({exitCode, signal}) {
				open.close();
				const parting = open.states().map((state, index) => partingText(state, open.programs[index], theme)).join('').trimEnd();
				if (parting !== '') {
					lines.print(parting);
				}

				lines.close(signal);
				resolve(exitCode);
			},
		};
		const open = openHosts({
			hosts,
			openHost,
			start,
			stage,
			viewport: {measure: state => ({lines: pageOf(state, theme)?.lines.length ?? 0, rows: Number.MAX_SAFE_INTEGER})},
			isLinear: true,
			size: () => ({columns: Math.max(60, abilities.columns), rows: 1000}),
		});
		const {store} = open;

		store.subscribe(() => {
			const state = store.getState();
			if (state.scene.kind === 'running') {
				const run = state.runs[state.scene.planId]!;
				const step = run.plan.steps.find(({id}) => id === run.current);
				const text = step === undefined
					? linearActivity(run)
					: `Step ${run.plan.steps.indexOf(step) + 1} of ${run.plan.steps.length}: ${step.title}${copiedQuarter(run)}`;
				if (text !== '' && text !== shownStep) {
					shownStep = text;
					lines.print(linearText({title: text, lines: [], choices: []}, undefined, theme));
				}

				return;
			}

			const id = pageId(state);
			if (!isIncomplete(state) && state.scene.kind !== 'leaving' && (isAnswerDue || id !== shownId)) {
				isAnswerDue = false;
				shownId = id;
				lines.print(linearText(linearPage(state, theme), state.notice, theme));
			}
		});
		store.send({kind: 'started'});
	});
}
