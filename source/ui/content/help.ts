/**
The help: made from the table of keys, with the few words that explain the picture.
*/
import {isScreenKind, screenOf} from '../../actions/registry.ts';
import {bindings, type Command, type KeyContext} from '../../app/keys.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';

const chapters: Array<{title: string; context: KeyContext}> = [
	{title: 'Browsing', context: 'browse'},
	{title: 'Checkpoints', context: 'checkpoints'},
	{title: 'While a search is typed', context: 'find'},
	{title: 'Once it is kept', context: 'found'},
	{title: 'The line after :', context: 'command'},
	{title: 'A plan', context: 'page'},
	{title: 'Its commands and images', context: 'reading'},
	{title: 'Lists', context: 'choice'},
	{title: 'While it runs', context: 'running'},
	{title: 'What the doctor found', context: 'findings'},
];

/** All else is the same there as in the other views. */
const isOfCheckpoints = (command: Command): boolean => isScreenKind(command) && screenOf(command).isOnlyAmongCheckpoints === true;

/** Keys as they are written on this terminal. */
export function showKeys(shown: string, theme: Theme): string {
	return theme.isAscii ? shown.replace('↑', 'Up').replace('↓', 'Down').replace('←', 'Left').replace('→', 'Right') : shown;
}

export function helpLines({columns, theme}: {columns: number; theme: Theme}): Line[] {
	const {glyphs} = theme;
	const keys = chapters.flatMap(({title, context}): Line[] => [
		line(` ${title}`, 'strong'),
		...bindings.filter(binding => binding.contexts.includes(context) && binding.label !== '' && (context !== 'checkpoints' || isOfCheckpoints(binding.command))).map((binding): Line => [
			{text: `   ${showKeys(binding.shown, theme).padEnd(12)}`, tone: 'accent'},
			{text: binding.label},
		]),
		[],
	]);
	const words = [
		`Beside a domain: ${glyphs.loss} broken, ${glyphs.lookAt} worth a look, ${glyphs.job} a job is running, ${glyphs.warning} an action was interrupted. D shows what the doctor found.`,
		`${glyphs.here} NOW is the current state of the domain, below the snapshot that it is based on; ${glyphs.onWay} leads to it. A revert moves it.`,
		'A revert never writes to the images of a snapshot: it creates new, empty overlays on them. Nothing changes before you confirm it; where something is lost, you type the domain\'s name.',
		`Images: ${glyphs.base} is a base image; an image below another is its overlay, and a fork is a base image with several overlays. `
		+ `A plan marks ${glyphs.created} new, ${glyphs.removed} removed, ${glyphs.written} written and ${glyphs.staying} kept, with the reason.`,
		'Changes made by other programs appear on their own. Press R to reload.',
	];
	return [...keys, line(' The tree', 'strong'), ...words.flatMap(text => paragraph(text, {columns: columns - 2, theme, lead: {text: '   '}}))];
}
