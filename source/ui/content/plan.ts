/**
A plan to be read: its consequences in words, the worst first, and its commands, byte for byte.
*/
import {needsName, wordToType} from '../../app/run/confirm-name.ts';
import type {Journey, JourneyStage} from '../../app/journey/journey.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Command, Consequence, Plan, Step} from '../../model/plan/plan.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import {redactXml} from '../../model/xml/redact.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';
import {plannedImageLines} from './images.ts';

type TextStyle = {columns: number; theme: Theme};

const severities: Array<{severity: Consequence['severity']; title: string; tone: Tone}> = [
	{severity: 'loss', title: 'You will lose', tone: 'loss'},
	{severity: 'warning', title: 'Warnings', tone: 'warning'},
	{severity: 'info', title: 'What will happen', tone: 'plain'},
];

function changedLines(changed: string[], {columns, theme}: TextStyle): Line[] {
	return changed.length === 0
		? []
		: [
			...paragraph(`The host changed since you read the plan: ${changed.join(', ')}. Nothing was touched. This is the new plan.`, {
				columns: columns - 1, theme, tone: 'warning', lead: {text: ' ! ', tone: 'warning'},
			}),
			[],
		];
}

/** Losses, then warnings, then the rest, then the images as they will be. */
export function consequenceLines(plan: Plan, changed: string[], {details, isLinear, ...style}: TextStyle & {details: DomainDetails | undefined; isLinear: boolean}): Line[] {
	const {columns, theme} = style;
	const groups = severities.flatMap(({severity, title, tone}): Line[] => {
		const texts = plan.consequences.filter(consequence => consequence.severity === severity);
		return texts.length === 0
			? []
			: [
				line(` ${title}`, tone === 'plain' ? 'strong' : tone),
				...texts.flatMap(({text}) => paragraph(text, {columns: columns - 1, theme, lead: {text: `  ${theme.glyphs[severity]} `, tone}})),
				[],
			];
	});
	const nothingLost = plan.consequences.some(({severity}) => severity === 'loss') ? [] : [line(' Nothing is lost.', 'good'), []];
	return [
		...changedLines(changed, style),
		...nothingLost,
		...groups,
		...plannedImageLines(plan, details, {...style, isLinear}),
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

/** The last page before the start. */
export function confirmLines(journey: Journey, stage: JourneyStage & {phase: 'confirm'}, style: TextStyle, isLinear = false): Line[] {
	const {plan, typed, note} = stage;
	const {word, isCode} = wordToType({name: journey.domain, uuid: journey.request.uuid});
	const losses = plan.consequences.filter(({severity}) => severity === 'loss').map(({what, text}) => what ?? text.replace(/\.$/u, ''));
	const {columns, theme} = style;
	const loss = losses.length === 0 ? 'Nothing is lost.' : `You will lose: ${losses.join('; ')}.`;
	const steps = `${plan.steps.length} step${plan.steps.length === 1 ? '' : 's'}`;
	const unreadable = isCode && needsName(plan)
		? paragraph(`The name of the domain cannot be typed: ${journey.domain}`, {columns: columns - 1, theme, lead: {text: ' '}})
		: [];
	const typing: Line[] = needsName(plan)
		? [
			[{text: isCode ? ' Type this code to start:  ' : ' Type the domain\'s name to start:  '}, {text: word, tone: 'strong'}],
			[],
			[{text: ` ${theme.glyphs.pointer} `, tone: 'accent'}, {text: typed}, {text: theme.glyphs.cursor, tone: 'accent'}],
			[],
		]
		: [];
	return [
		[],
		...paragraph(`${steps}. ${loss} ${isLinear ? 'Nothing has been changed yet.' : 'Enter starts. Esc cancels; nothing has been changed.'}`, {
			columns: columns - 1, theme, lead: {text: ' '},
		}),
		[],
		...unreadable,
		...typing,
		...(note === undefined
			? []
			: paragraph(note, {
				columns: columns - 1, theme, tone: 'warning', lead: {text: ' '},
			})),
	];
}
