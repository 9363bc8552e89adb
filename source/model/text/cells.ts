/**
How wide a text is on a terminal, in cells, and its graphemes. Takes time that grows with the length alone: Intl.Segmenter, and string-width with it, take
time that grows with its square (30,000 letters: 1.6 s with Node 20), so that they are given a text in pieces.
*/
import stringWidth from 'string-width';
import {plainText} from './plain-text.ts';

const pieceLength = 256;
const segmenters: Intl.Segmenter[] = [];
/** Of graphemes that were measured: few different ones make up a text. */
const widths = new Map<string, number>();
const mostWidths = 5000;

/** Pieces that end between two graphemes: the last grapheme of a piece may go on, so it begins the next one. */
function piecesOf(text: string): string[][] {
	segmenters[0] ??= new Intl.Segmenter();
	const pieces: string[][] = [];
	for (let at = 0; at < text.length;) {
		const segments = Array.from(segmenters[0].segment(text.slice(at, at + pieceLength)), ({segment}) => segment);
		if (at + pieceLength < text.length && segments.length > 1) {
			segments.pop();
		}

		pieces.push(segments);
		at += segments.reduce((sum, segment) => sum + segment.length, 0);
	}

	return pieces;
}

export function graphemesOf(text: string): string[] {
	return plainText.test(text) ? [...text] : piecesOf(text).flat();
}

function widthOfGrapheme(grapheme: string): number {
	let width = widths.get(grapheme);
	if (width === undefined) {
		width = stringWidth(grapheme);
		if (widths.size >= mostWidths) {
			widths.clear();
		}

		widths.set(grapheme, width);
	}

	return width;
}

/** Cells that a text takes, of which nothing is hidden (visible-text.ts). */
export function widthOf(text: string): number {
	return plainText.test(text) ? text.length : graphemesOf(text).reduce((sum, grapheme) => sum + widthOfGrapheme(grapheme), 0);
}
