/**
One line of the screen, as pieces with a tone, exactly as wide as asked. Whatever is printed passes here, so whatever is printed is harmless.
*/
import {createElement, memo} from 'react';
import type {Press} from '../../app/scroll.ts';
import {widthOf} from '../../model/text/cells.ts';
import {cutEnd, showSafely, wrap} from '../text.ts';
import {lineAttribute} from '../painted.tsx';
import {useTheme, type Theme, type Tone} from '../theme.ts';

/** `isName`: of a selected line only this is shown as selected, so that a key that moves the cursor writes little. `isFound`: what is looked for. `press`: what a click on it means. */
export type Piece = {text: string; tone?: Tone; isName?: true; isFound?: true; press?: Press};
export type Line = Piece[];

export function line(text: string, tone?: Tone): Line {
	return [{text, tone}];
}

/** What a click on this cell of the line means. */
export function pressAt(pieces: Line, column: number): Press | undefined {
	let end = 0;
	return pieces.find(({text}) => {
		end += widthOf(text);
		return column < end;
	})?.press;
}

export const textOf = (pieces: Line): string => pieces.map(({text}) => text).join('');

/** Cut or filled to so many cells. `right` stands at the right edge, as far as there is room. */
export function fitLine(pieces: Line, columns: number, theme: Theme, right: Line = []): Line {
	const rightSafe = right.map(piece => ({...piece, text: showSafely(piece.text, theme.isAscii)}));
	const rightWidth = rightSafe.reduce((sum, piece) => sum + widthOf(piece.text), 0);
	const hasRight = rightWidth > 0 && rightWidth < columns - 8;
	const room = columns - (hasRight ? rightWidth + 1 : 0);
	const fitted: Line = [];
	let used = 0;
	for (const piece of pieces) {
		const text = cutEnd(showSafely(piece.text, theme.isAscii), room - used, theme.glyphs.ellipsis);
		if (text !== '') {
			fitted.push({...piece, text});
			used += widthOf(text);
		}

		if (used >= room) {
			break;
		}
	}

	const rest = columns - used - (hasRight ? rightWidth : 0);
	if (rest > 0) {
		fitted.push({text: ' '.repeat(rest)});
	}

	return hasRight ? [...fitted, ...rightSafe] : fitted;
}

/** Free text as lines of one tone, with something before the first and blanks before the rest. */
export function paragraph(text: string, given: {columns: number; theme: Theme; tone?: Tone; lead?: Piece}): Line[] {
	const lead = given.lead ?? {text: ''};
	const indent = widthOf(lead.text);
	return wrap(text, given.columns - indent, given.theme.isAscii)
		.map((part, index): Line => [index === 0 ? lead : {text: ' '.repeat(indent)}, {text: part, tone: given.tone}]);
}

/** Most lines stay as they are when a key is pressed: those are not drawn again. Ink would measure a text, grapheme by grapheme; how wide this one is is known. */
const StyledLine = memo(({text, columns}: {readonly text: string; readonly columns: number}) => createElement('ink-box', {style: {width: columns, height: 1, flexShrink: 1}, [lineAttribute]: text}));

export function LineView({pieces, columns, right, isSelected}: {
	readonly pieces: Line; readonly columns: number; readonly right?: Line; readonly isSelected?: boolean;
}) {
	const theme = useTheme();
	const hasName = pieces.some(({isName}) => isName);
	return <StyledLine text={fitLine(pieces, columns, theme, right).map(({text, tone, isName, isFound}) => theme.paint(text, tone, {isSelected: isSelected && (!hasName || isName), isFound})).join('')} columns={columns}/>;
}

/** So many lines of a text from `top` on, filled up with empty ones. */
export function LinesView({lines, top = 0, rows, columns}: {
	readonly lines: Line[]; readonly top?: number; readonly rows: number; readonly columns: number;
}) {
	const shown = lines.slice(top, top + rows);
	return (
		<>
			{Array.from({length: rows}, (_, index) => (
				<LineView key={index} pieces={shown[index] ?? []} columns={columns}/>
			))}
		</>
	);
}
