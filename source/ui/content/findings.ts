/**
What the doctor found: one line each for the list, and all the words of one.
*/
import {selectedFinding} from '../../app/browse/rows.ts';
import {isOurs, repairReason} from '../../app/doctor/update-doctor.ts';
import type {Diagnosis, State} from '../../app/state.ts';
import type {Finding, Severity} from '../../model/domain/finding.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';
import {failureLines} from './failure.ts';
import {formatSeconds} from './words.ts';

type TextStyle = {columns: number; theme: Theme};

const severities: Record<Severity, {word: string; tone: Tone; glyph: 'loss' | 'warning' | 'info'}> = {
	problem: {word: 'problem', tone: 'loss', glyph: 'loss'},
	warning: {word: 'warning', tone: 'warning', glyph: 'warning'},
	info: {word: 'note', tone: 'dim', glyph: 'info'},
};

/** "1 problem, 2 warnings". */
function countsOf(findings: readonly Finding[]): string {
	const kinds = (['problem', 'warning', 'info'] as const).flatMap(severity => {
		const count = findings.filter(finding => finding.severity === severity).length;
		return count === 0 ? [] : [`${count} ${severities[severity].word}${count === 1 ? '' : 's'}`];
	});
	return kinds.length === 0 ? 'no findings' : kinds.join(', ');
}

/** "Doctor: web01: 1 problem, 2 warnings", as far as it is known. */
export function doctorTitle({name, findings}: Diagnosis): string {
	return `Doctor: ${name ?? 'all domains'}${findings.value === undefined ? '' : `: ${countsOf(findings.value)}`}`;
}

/** What is waited for, or why there is nothing; empty: all is there. */
export function doctorStatus({findings, progress}: Diagnosis, nowMs: number, style: TextStyle): Line[] {
	const {columns, theme} = style;
	const {waiting, failure} = findings;
	if (waiting !== undefined) {
		const waited = nowMs - waiting.sinceMs;
		const how = progress === undefined ? '' : `: ${progress.done} of ${progress.total} domains`;
		return paragraph(`Checking${how}${waited < 1000 ? '' : `, ${formatSeconds(waited)}`} …`, {columns: columns - 1, theme, tone: 'dim', lead: {text: ' '}});
	}

	return failure === undefined ? [] : failureLines(failure, style);
}

/** One line of the list (`isOpened`: Enter leads to its page): how bad, which domain where there are several, what is so, and whether a plan can repair it. */
export function findingRow(finding: Finding, {theme, hasDomains, isOpened}: {theme: Theme; hasDomains: boolean; isOpened: boolean}): {pieces: Line; right: Line} {
	const {word, tone, glyph} = severities[finding.severity];
	return {
		pieces: [
			{text: ` ${theme.glyphs[glyph]} ${word.padEnd(8)}`, tone},
			...(hasDomains ? [{text: `${finding.domain?.name ?? 'host'}: `, tone: 'strong' as const}] : []),
			{text: finding.text},
		],
		right: isOpened || finding.request !== undefined ? [{text: isOpened ? ' open ' : ' repair ', tone: 'accent'}] : [],
	};
}

/** All words of the selected finding, and what Enter does. */
export function findingLines(state: State, {columns, theme}: TextStyle): Line[] {
	const finding = selectedFinding(state);
	if (finding === undefined) {
		return [];
	}

	const {word, tone} = severities[finding.severity];
	const field = (label: string, text: string, fieldTone?: Tone) => paragraph(text, {
		columns: columns - 1, theme, tone: fieldTone, lead: {text: ` ${label.padEnd(12)}`, tone: 'dim'},
	});
	const reason = finding.request === undefined ? undefined : repairReason(state, finding);
	const offer = finding.request === undefined
		? (isOurs(state, finding) ? field('repair', 'Enter leads to the ways out: finish it, roll it back, or give it up.', 'accent') : [])
		: (reason === undefined ? field('repair', 'Enter plans a fix, which you read and confirm like any other plan.', 'accent') : field('repair', `A plan could fix it, but ${reason}.`, 'warning'));
	return [
		[{text: ` ${word}`, tone}, {text: `  ${finding.domain?.name ?? 'the host'}`, tone: 'strong'}, {text: `  ${finding.kind}`, tone: 'dim'}],
		...field('found', finding.text),
		...field('consequence', finding.meaning),
		...offer,
		...(finding.remedy === undefined ? [] : field('manual fix', finding.remedy)),
		...(finding.images ?? []).flatMap((path, index) => field(index === 0 ? 'images' : '', path)),
	];
}

/** Said in place of a list where there is nothing in it. */
export function healthyLine(theme: Theme): Line {
	return line(` ${theme.glyphs.done} Nothing is wrong.`, 'good');
}
