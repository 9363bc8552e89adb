/**
How hits are shown: underlined, and by a sign at the left edge, so that they are seen without colour as well.
*/
import {describeHits, isIn} from '../../app/find/find.ts';
import {findHere} from '../../app/find/place.ts';
import type {State} from '../../app/state.ts';
import {createViewport} from '../content/page.ts';
import type {Theme} from '../theme.ts';
import {textOf, type Line, type Piece} from './line.tsx';

/** Where a text is in another, as [from, to[. */
function placesOf(text: string, wanted: string): Array<[number, number]> {
	const places: Array<[number, number]> = [];
	const lower = text.toLowerCase();
	// Letters that become longer in lower case would shift what is behind them.
	for (let at = lower.length === text.length ? lower.indexOf(wanted) : -1; at !== -1; at = lower.indexOf(wanted, at + wanted.length)) {
		places.push([at, at + wanted.length]);
	}

	return places;
}

/** `start`: of the piece in its line, as the places are. */
function cutPiece(piece: Piece, start: number, places: Array<[number, number]>): Piece[] {
	const end = start + piece.text.length;
	const cuts = [...new Set([start, ...places.flat().filter(at => at > start && at < end), end])];
	return cuts.slice(1).map((to, index): Piece => {
		const from = cuts[index]!;
		const isFound = places.some(place => place[0] <= from && to <= place[1]);
		return {...piece, text: piece.text.slice(from - start, to - start), ...(isFound && {isFound: true})};
	});
}

function underline(pieces: Line, wanted: string): Line {
	const places = placesOf(textOf(pieces), wanted.toLowerCase());
	return pieces.flatMap((piece, index) => cutPiece(piece, textOf(pieces.slice(0, index)).length, places));
}

/** A line with a hit; the one that was gone to has the pointer. */
export function markHit(pieces: Line, wanted: string, {theme, isCurrent = false}: {theme: Theme; isCurrent?: boolean}): Line {
	const marked = underline(pieces, wanted);
	const [first, ...rest] = marked;
	return first?.text.startsWith(' ')
		? [{text: theme.glyphs[isCurrent ? 'pointer' : 'next'], tone: 'accent'}, {...first, text: first.text.slice(1)}, ...rest]
		: marked;
}

/** The lines of the text in sight, with what is looked for. */
export function withHits(state: State, lines: Line[], theme: Theme): Line[] {
	const find = findHere(state);
	return find === undefined || find.text === ''
		? lines
		: lines.map((pieces, index) => isIn(textOf(pieces), find.text) ? markHit(pieces, find.text, {theme, isCurrent: index === find.line}) : pieces);
}

/** What is looked for, and at which hit one is: at the left of the last line. */
export function findPieces(state: State, theme: Theme): Line {
	const find = findHere(state);
	if (find === undefined) {
		return [];
	}

	const hits = describeHits(state, find, createViewport(theme));
	return [
		{text: ' /', tone: 'accent'},
		{text: find.text},
		...(find.isTyping ? [{text: theme.glyphs.cursor, tone: 'accent' as const}] : []),
		{text: hits === '' ? ' ' : `  ${hits} `, tone: hits === 'no hit' ? 'warning' : 'strong'},
	];
}
