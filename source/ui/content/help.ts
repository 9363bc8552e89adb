/**
The help: made from the table of keys, with the few words that explain the picture.
*/
import {bindings, type KeyContext} from '../../app/keys.ts';
import {line, paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';

const chapters: Array<{title: string; context: KeyContext}> = [
	{title: 'Browsing', context: 'browse'},
	{title: 'Questions', context: 'choice'},
	{title: 'All that can be set of a new snapshot', context: 'settings'},
	{title: 'Reading a plan', context: 'reading'},
	{title: 'While it runs', context: 'running'},
	{title: 'What the doctor found', context: 'findings'},
];

/** Keys as they are written on this terminal. */
export function showKeys(shown: string, theme: Theme): string {
	return theme.isAscii ? shown.replace('↑', 'Up').replace('↓', 'Down').replace('←', 'Left').replace('→', 'Right') : shown;
}

export function helpLines({columns, theme}: {columns: number; theme: Theme}): Line[] {
	const {glyphs} = theme;
	const keys = chapters.flatMap(({title, context}): Line[] => [
		line(` ${title}`, 'strong'),
		...bindings.filter(binding => binding.contexts.includes(context) && binding.label !== '').map((binding): Line => [
			{text: `   ${showKeys(binding.shown, theme).padEnd(12)}`, tone: 'accent'},
			{text: binding.label},
		]),
		[],
	]);
	const words = [
		`${glyphs.here} "you are here" is the current state of the domain: it hangs below the snapshot that it came from. Reverting moves it.`,
		'A revert never writes to what a snapshot keeps: it starts new, empty overlays on it. Nothing is changed before you have confirmed it: where something goes, by typing the domain\'s name.',
		`Images: ${glyphs.base} is a base, what stands below it in the same column is an overlay on the one above, and a fork is a base that several share. `
		+ `A plan marks ${glyphs.created} new, ${glyphs.removed} removed, ${glyphs.written} written and ${glyphs.staying} left with a reason.`,
		'What is written here of other programs\' doing shows up by itself; R reads everything again.',
	];
	return [...keys, line(' The picture', 'strong'), ...words.flatMap(text => paragraph(text, {columns: columns - 2, theme, lead: {text: '   '}}))];
}
