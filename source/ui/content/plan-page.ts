/**
The page of a guided action: what it is about, the answers, what they lead to, and the tree before and after.
*/
import {describeGroup} from '../../actions/group-words.ts';
import {detailsOfJourney, undoOfPlan} from '../../app/journey/fields.ts';
import {
	freshResult, planInSight, plansInSight, type Journey,
} from '../../app/journey/journey.ts';
import {isNamed, wordOf} from '../../app/journey/name.ts';
import type {State} from '../../app/state.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {widthOf} from '../../model/text/cells.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';
import {failureLines} from './failure.ts';
import {contextLines, fieldsLines} from './fields.ts';
import {plannedImageLines} from './images.ts';
import {changedLines, effectsOf, planCommandLines} from './plan.ts';
import {besideEachOther, plannedTreeLines} from './trees.ts';
import {formatSeconds} from './words.ts';

type TextStyle = {columns: number; theme: Theme};

/** Rows that do not scroll, besides those at the bottom: the title and the keys. */
const fixedRows = 2;

/** From this width on the images stand beside the trees. */
const wideColumns = 110;
const treeColumns = 58;

type PlanPage = {lines: Line[]; rows: number; top: number; focus?: {first: number; last: number}; vital?: number};

/** What is under way, in the row between the answers and the effects. */
function statusLine({asked}: Journey, plan: Plan | undefined, {nowMs}: State, {isAscii}: Theme): Line {
	const waited = asked === undefined ? 0 : nowMs - asked.sinceMs;
	const dots = isAscii ? '...' : '…';
	const text = `${plan === undefined ? ' Reading the host and making the plan' : ' Made anew, for the answers of now'}${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} ${dots}`;
	return asked === undefined ? [] : line(text, 'warning');
}

function imageLines(state: State, journey: Journey, plan: Plan, style: TextStyle): Line[] {
	return plannedImageLines(plan, detailsOfJourney(state, journey), {...style, isLinear: state.isLinear});
}

function pictureLines(state: State, journey: Journey, plan: Plan, {columns, theme}: TextStyle): Line[] {
	const details = detailsOfJourney(state, journey);
	if (columns < wideColumns) {
		const trees = plannedTreeLines(plan, details, {columns, theme});
		return trees.length === 0 ? imageLines(state, journey, plan, {columns, theme}) : trees;
	}

	const trees = plannedTreeLines(plan, details, {columns: treeColumns, theme});
	return trees.length === 0
		? imageLines(state, journey, plan, {columns, theme})
		: besideEachOther([{lines: trees, columns: treeColumns}, {lines: imageLines(state, journey, plan, {columns: columns - treeColumns, theme}), columns: columns - treeColumns}], theme);
}

function wholePage(state: State, journey: Journey, style: TextStyle): Omit<PlanPage, 'rows' | 'top'> {
	const {theme, columns} = style;
	const fields = fieldsLines(state, journey, style);
	const plan = planInSight(journey);
	const head = [...contextLines(state, journey, style), line(theme.glyphs.horizontal.repeat(columns), 'dim')];
	const before = [...head, ...fields.lines, statusLine(journey, plan, state, theme), ...changedLines(journey.changed, style)];
	const focus = fields.focus && {first: fields.focus.first + head.length, last: fields.focus.last + head.length};
	const refused = journey.answer?.result.ok === false ? journey.answer.result.failure : undefined;
	if (plan === undefined) {
		return {lines: [...before, ...(refused === undefined ? [] : failureLines(refused, style))], focus};
	}

	if (journey.group !== undefined) {
		const effects = groupEffects(state, journey, style);
		return {lines: [...before, ...effects.lines], focus, vital: before.length + effects.vital};
	}

	const effects = effectsOf(plan, undoOfPlan(state, journey, plan), style);
	const picture = pictureLines(state, journey, plan, style);
	return {
		lines: [
			...before,
			...effects.lines,
			...(picture.length === 0 ? [] : [[], ...picture]),
			...(effects.others.length === 0 ? [] : [[], ...effects.others]),
		],
		focus,
		vital: before.length + effects.vital,
	};
}

/** The effects on each domain below its name, and before them what holds for all. What else will happen comes last. */
function groupEffects(state: State, journey: Journey, style: TextStyle): {lines: Line[]; vital: number} {
	const name = ({action: {domain}}: Plan): Line[] => [[], line(` ${domain.name}`, 'strong')];
	const about = describeGroup(plansInSight(journey), journey.group!.ifOneFails).join(' ');
	const lines = paragraph(about, {columns: style.columns - 1, theme: style.theme, tone: 'dim', lead: {text: ' '}});
	const others: Line[] = [];
	let vital = 0;
	for (const [index, plan] of plansInSight(journey).entries()) {
		const effects = effectsOf(plan, index === 0 ? undoOfPlan(state, journey, plan) : undefined, style);
		vital = lines.length + 2 + effects.vital;
		lines.push(...name(plan), ...effects.lines);
		others.push(...(effects.others.length === 0 ? [] : [...name(plan), ...effects.others]));
	}

	return {lines: [...lines, ...others], vital};
}

/** The commands, under the name of each domain where there are several. */
function allCommandLines(state: State, journey: Journey, isUnfolded: boolean, style: TextStyle): Line[] {
	const plans = plansInSight(journey);
	return plans.flatMap((plan, index) => [
		...(plans.length === 1 ? [] : [...(index === 0 ? [] : [[]]), line(` ${plan.action.domain.name}`, 'strong'), []]),
		...planCommandLines(plan, {isUnfolded, isLinear: state.isLinear}, style),
	]);
}

/** What scrolls of a journey: the page, or what is looked at in its place. */
export function journeyPageOf(state: State, journey: Journey, style: TextStyle): PlanPage {
	const rows = Math.max(1, state.rows - fixedRows - bottomLines(state, journey, style).length);
	const {view} = journey;
	const plan = planInSight(journey);
	if (plan !== undefined && view?.kind === 'commands') {
		return {lines: allCommandLines(state, journey, view.isUnfolded, style), rows, top: view.top};
	}

	if (plan !== undefined && view?.kind === 'images') {
		const lines = plansInSight(journey).flatMap((each, index) => [
			...(journey.group === undefined ? [] : [line(` ${each.action.domain.name}`, 'strong')]),
			...plannedImageLines(each, index === 0 ? detailsOfJourney(state, journey) : undefined, {...style, isLinear: state.isLinear}),
		]);
		return {lines: lines.length === 0 ? [line(' No image is touched.')] : lines, rows, top: view.top};
	}

	return {...wholePage(state, journey, style), rows, top: journey.top};
}

function startLine(journey: Journey, {glyphs}: Theme): Line {
	const {typed, field} = journey;
	const isHere = field === undefined;
	if (planInSight(journey) === undefined) {
		return typed === '' || journey.answer !== undefined ? [] : [{text: ` ${typed}`}];
	}

	const {word, isCode} = wordOf(journey);
	return isNamed(journey)
		? [{text: isCode ? ' The name cannot be typed; type this code to start: ' : ' Type '}, {text: word, tone: 'strong'}, {text: isCode ? ': ' : ' to start: '}, {text: typed}, ...(isHere ? [{text: glyphs.cursor, tone: 'accent'} as const] : [])]
		: [{text: freshResult(journey) === undefined ? ' Enter starts it as soon as the plan is there.' : ' Enter starts it.', tone: isHere ? 'strong' : 'dim'}];
}

/** Between the page and the keys: what starts, or what is asked. A note stands beside it, or above where there is no room for both. */
export function bottomLines(state: State, journey: Journey, {columns, theme}: TextStyle): Line[] {
	const {view} = journey;
	const note = journey.note ?? state.notice;
	const asked: Line = view === undefined ? startLine(journey, theme) : (view.kind === 'script' ? [{text: ' Save the script as: '}, {text: view.path}, {text: theme.glyphs.cursor, tone: 'accent'}] : []);
	if (note === undefined) {
		return [asked];
	}

	const noteLines = paragraph(note, {columns: columns - 1, theme, tone: 'warning', lead: {text: ` ${theme.glyphs.warning} `, tone: 'warning'}});
	const width = asked.reduce((sum, {text}) => sum + widthOf(text), 0);
	return noteLines.length === 1 && width + widthOf(note) + 4 <= columns ? [[...asked, ...noteLines[0]!]] : [...noteLines, asked];
}
