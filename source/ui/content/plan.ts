/**
A plan to be read: what it loses, keeps and takes, the worst first; and its commands, byte for byte.
*/
import type {Undo} from '../../actions/spec.ts';
import {describeUndo} from '../../actions/undo.ts';
import {describeTime} from '../../model/duration/plan-time.ts';
import type {Command, Consequence, Plan, Step} from '../../model/plan/plan.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import {redactXml} from '../../model/xml/redact.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';

type TextStyle = {columns: number; theme: Theme};

type Group = {word: string; holds: (consequence: Consequence) => boolean};

/** What is to be read before the start comes first. Each consequence stands with the first of them that holds, or with what else will happen. */
const groups: Group[] = [
	{word: 'LOST', holds: ({severity}) => severity === 'loss'},
	{word: 'KEPT', holds: ({about}) => about === 'kept'},
	{word: 'GUEST', holds: ({about}) => about === 'guest'},
	{word: 'WARNING', holds: ({severity}) => severity === 'warning'},
	{word: 'SPACE', holds: ({about}) => about === 'space'},
];

const signs: Record<Consequence['severity'], {tone: Tone; glyph: 'loss' | 'warning' | 'info'}> = {
	loss: {tone: 'loss', glyph: 'loss'}, warning: {tone: 'warning', glyph: 'warning'}, info: {tone: 'dim', glyph: 'info'},
};

const wordOf = (consequence: Consequence): string => groups.find(({holds}) => holds(consequence))?.word ?? 'ALSO';

const textOf = ({text}: Consequence): string => text.replace(/^Disk space: /u, '');

/** The same to be read aloud: a sentence each, without signs. */
export function spokenEffects(plan: Plan, undo: Undo | undefined): string[] {
	const {consequences} = plan;
	const time = describeTime(plan);
	const words = [...groups.map(({word}) => word), 'ALSO'];
	const spoken = words.flatMap(word => consequences.filter(consequence => wordOf(consequence) === word).map(consequence => `${word[0]!}${word.slice(1).toLowerCase()}: ${textOf(consequence)}`));
	return [...spoken, ...(time === undefined ? [] : [`Time: ${time}`]), ...(undo === undefined ? [] : [`Undo: ${describeUndo(undo)}`])];
}

const wordColumns = 10;

function groupLines(word: string, consequences: Consequence[], {columns, theme}: TextStyle): Line[] {
	return consequences.flatMap((consequence, index): Line[] => {
		const {severity, about} = consequence;
		const isKept = about === 'kept' && severity === 'info';
		const sign = isKept ? {tone: 'good' as const, glyph: 'done' as const} : signs[severity];
		const lead = `${theme.glyphs[sign.glyph]} `;
		return paragraph(textOf(consequence), {columns: columns - wordColumns - 1, theme, lead: {text: lead, tone: sign.tone}})
			.map((pieces, row): Line => [{text: ` ${(index === 0 && row === 0 ? word : '').padEnd(wordColumns - 1)}`, tone: 'strong'}, ...pieces]);
	});
}

/** `vital`: how many of the lines are to be read before a start. `others`: what else will happen. */
type Effects = {lines: Line[]; vital: number; others: Line[]};

export function effectsOf(plan: Plan, undo: Undo | undefined, style: TextStyle): Effects {
	const {consequences} = plan;
	const time = describeTime(plan);
	const linesOf = (word: string) => groupLines(word, consequences.filter(consequence => wordOf(consequence) === word), style);
	const nothingLost: Line[] = consequences.some(({severity}) => severity === 'loss') ? [] : [[{text: ' LOST     ', tone: 'strong'}, {text: `${style.theme.glyphs.done} `, tone: 'good'}, {text: 'nothing'}]];
	const vital = [...nothingLost, ...['LOST', 'KEPT', 'GUEST', 'WARNING'].flatMap(word => linesOf(word))];
	const labelled = (word: string, text: string | undefined) => text === undefined ? [] : paragraph(text, {columns: style.columns - 1, theme: style.theme, lead: {text: ` ${word.padEnd(wordColumns - 1)}`, tone: 'strong'}});
	return {lines: [...vital, ...linesOf('SPACE'), ...labelled('TIME', time), ...labelled('UNDO', undo && describeUndo(undo))], vital: vital.length, others: linesOf('ALSO')};
}

export function changedLines(changed: string[], {columns, theme}: TextStyle): Line[] {
	return changed.length === 0
		? []
		: [
			...paragraph(`The host changed since you read the plan: ${changed.join(', ')}. Nothing was touched. This is the new plan.`, {
				columns: columns - 1, theme, tone: 'warning', lead: {text: ' ! ', tone: 'warning'},
			}),
			[],
		];
}

const phases: Record<Step['phase'], string> = {
	check: 'Check: changes nothing',
	create: 'Create: all of this can be rolled back',
	switch: 'Switch: from here on the action is completed',
	remove: 'Remove: only what nothing needs',
};

function commandLines(command: Command, {isUnfolded, isLinear}: Shown, {columns, theme}: TextStyle): Line[] {
	return [
		...paragraph(formatCommand(command), {columns: columns - 1, theme, tone: 'accent', lead: {text: '     $ ', tone: 'dim'}}),
		...command.files.flatMap((file): Line[] => {
			const text = redactXml(file.text).trimEnd();
			const count = text.split('\n').length;
			const head = paragraph(`${file.path}: ${count} line${count === 1 ? '' : 's'} ${isUnfolded || isLinear ? '' : '(x shows them)'}`, {
				columns: columns - 1, theme, tone: 'dim', lead: {text: '       with ', tone: 'dim'},
			});
			return isUnfolded ? [...head, ...paragraph(text, {columns: columns - 9, theme, tone: 'dim', lead: {text: '         '}})] : head;
		}),
	];
}

type Shown = {/** With the text of the files. */ isUnfolded: boolean; /** Without a word of keys. */ isLinear: boolean};

/** Every step with the exact command, under the phase that it belongs to. */
export function planCommandLines(plan: Plan, shown: Shown, style: TextStyle): Line[] {
	const lines: Line[] = [];
	let phase: Step['phase'] | undefined;
	for (const [index, step] of plan.steps.entries()) {
		if (step.phase !== phase) {
			phase = step.phase;
			lines.push(...(lines.length === 0 ? [] : [[]]), line(` ${phases[phase]}`, 'strong'));
		}

		lines.push(
			...paragraph(step.title, {...style, columns: style.columns - 1, lead: {text: `  ${String(index + 1).padStart(2)} `, tone: 'dim'}}),
			...commandLines(step.command, shown, style),
			...(step.qmpPreview ?? []).flatMap(text => paragraph(text, {
				columns: style.columns - 1, theme: style.theme, tone: 'dim', lead: {text: '       for QEMU: ', tone: 'dim'},
			})),
		);
	}

	return lines;
}
