/**
The manual page, in roff, from the table of the command line.
*/
import {exampleLine} from './verb.ts';
import type {OptionRow, VerbRow, VerbTable} from './verb-table.ts';

/** Text as roff shows it: neither a backslash nor a dot or a quote at the beginning of a line means anything. */
const plain = (text: string): string => text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll(/^(?=[.'])/gm, '\\&');

function optionLines({names, value, choices, summary}: OptionRow): string[] {
	const shown = names.map(name => `\\fB${plain(name)}\\fR`).join(', ');
	const allowed = choices.length === 0 ? '' : ` One of: ${choices.join(', ')}.`;
	return ['.TP', `${shown}${value === undefined ? '' : ` \\fI${plain(value)}\\fR`}`, plain(`${summary}${allowed}`)];
}

function verbLines({words, arguments: names, summary, options, examples}: VerbRow): string[] {
	return [
		`.SS "${plain(['vsnap-tui', words, ...names].filter(word => word !== '').join(' ')).replaceAll('"', '\\(dq')}"`,
		plain(summary),
		...options.flatMap(option => optionLines(option)),
		...examples.length === 0 ? [] : ['.PP', 'Examples:', '.PP', '.nf', ...examples.map(example => plain(`    ${example}`)), '.fi'],
	];
}

export function formatManPage({version, description, exitCodes, verbs}: VerbTable): string {
	const [program, ...rest] = verbs as [VerbRow, ...VerbRow[]];
	const [name, ...codes] = exitCodes.replaceAll(/\s+/g, ' ').split(/: |, (?=\d)/);
	return `${[
		`.TH VSNAP\\-TUI 1 "" "vsnap\\-tui ${plain(version)}" "User Commands"`,
		'.SH NAME',
		'vsnap\\-tui \\- snapshots, checkpoints and backups of virtual machines, in the terminal',
		'.SH SYNOPSIS',
		'.B vsnap\\-tui',
		'[\\fIoptions\\fR] [\\fIcommand\\fR] [\\fIdomain\\fR]',
		'.SH DESCRIPTION',
		plain(description),
		'.SH OPTIONS',
		...[...program.options, ...program.globals].flatMap(option => optionLines(option)),
		'.SH COMMANDS',
		...rest.flatMap(verb => verbLines(verb)),
		`.SH ${name!.toUpperCase()}`,
		...codes.flatMap(code => {
			const [number, words] = code.replace(/\.$/, '').split(/ (.*)/s);
			return ['.TP', `\\fB${number!}\\fR`, plain(words!)];
		}),
		'.SH EXAMPLES',
		'.nf',
		...[exampleLine('--demo'), exampleLine('web'), ...rest.flatMap(({examples}) => examples.slice(0, 1))].map(example => plain(example)),
		'.fi',
	].join('\n')}\n`;
}
