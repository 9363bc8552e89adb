/**
The commands that ran, as lines: each in one, and one with all that it said.
*/
import type {LoggedCommand} from '../../../app/run/update-log.ts';
import type {RanCommand} from '../../../model/plan/ran-command.ts';
import {formatClock} from '../../../model/text/format.ts';
import {line, paragraph, type Line} from '../../parts/line.tsx';
import type {Theme} from '../../theme.ts';

function formatTaken(durationMs: number): string {
	return durationMs < 10_000 ? `${durationMs} ms` : `${Math.round(durationMs / 1000)} s`;
}

/** How it ended: its exit code, or in a word. */
function endOf({exitCode, isFailed}: RanCommand): string {
	return exitCode === undefined ? (isFailed ? 'failed' : 'done') : `exit ${exitCode}`;
}

export function commandRow(ran: RanCommand, {glyphs}: Theme): Line {
	return [
		{text: ` ${formatClock(Date.parse(ran.at))} `, tone: 'dim'},
		{text: `${glyphs[ran.isFailed ? 'failed' : 'done']} `, tone: ran.isFailed ? 'loss' : 'good'},
		{text: `${formatTaken(ran.durationMs).padStart(7)}  `, tone: 'dim'},
		{text: ran.command.replaceAll('\n', ' ')},
	];
}

/** The whole command, how it ended, and what it said. */
export function commandDetails({title, ran}: LoggedCommand, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	const style = {columns: columns - 1, theme};
	return [
		line(` ${title}`, 'strong'),
		...paragraph(ran.command, {...style, tone: 'accent', lead: {text: ' $ ', tone: 'dim'}}),
		...paragraph(`${endOf(ran)}, ${ran.durationMs} ms`, {...style, tone: ran.isFailed ? 'loss' : 'dim', lead: {text: ' '}}),
		...(ran.output === '' ? [] : paragraph(ran.output, {...style, lead: {text: '   '}})),
	];
}

/** To be read aloud: one after the other. */
export function spokenCommands(all: readonly LoggedCommand[]): string[] {
	return all.flatMap(({title, ran}, index) => [
		...(title === all[index - 1]?.title ? [] : [title]),
		`${formatClock(Date.parse(ran.at))}, ${endOf(ran)}, ${ran.durationMs} milliseconds: ${ran.command}`,
		...(ran.output === '' ? [] : ran.output.split('\n')),
	]);
}
