/**
Paints what Ink has laid out. Ink's own way makes an object of each cell of each frame, measures it and joins all of them again: most of the time between a key and its
answer. Here the lines of the screen, each of which knows how wide it is, are put beside each other.
*/
import {Box, type DOMElement} from 'ink';
import {useCallback, useState, type ReactElement} from 'react';

/** On a box that is one line: the line. */
export const lineAttribute = 'vsnapLine';

type Node = DOMElement['childNodes'][number];

/** A line within a row of the frame. */
type Stretch = {from: number; to: number; text: string};

function gather(node: Node, left: number, top: number, rows: Stretch[][]): void {
	const {yogaNode} = node;
	if (node.nodeName === '#text' || yogaNode === undefined) {
		return;
	}

	const x = left + yogaNode.getComputedLeft();
	const y = top + yogaNode.getComputedTop();
	const line = node.attributes[lineAttribute];
	if (typeof line === 'string') {
		rows[y]?.push({from: x, to: x + yogaNode.getComputedWidth(), text: line});
	}

	for (const child of node.childNodes) {
		gather(child, x, y, rows);
	}
}

function rowOf(stretches: Stretch[]): string {
	let row = '';
	let at = 0;
	for (const {from, to, text} of stretches.sort((a, b) => a.from - b.from)) {
		row += ' '.repeat(Math.max(0, from - at)) + text;
		at = to;
	}

	return row.trimEnd();
}

/** The frame, row by row, with looks as in `model/text/styled.ts`. */
function frameOf(root: DOMElement): string {
	const rows = Array.from({length: root.yogaNode?.getComputedHeight() ?? 0}, (): Stretch[] => []);
	gather(root, 0, 0, rows);
	return rows.map(stretches => rowOf(stretches)).join('\n');
}

const rootOf = (node: DOMElement): DOMElement => node.parentNode === undefined ? node : rootOf(node.parentNode);

/** What is within it is painted by `paint`, in place of Ink. It is drawn after an empty frame, in which Ink's root is found. */
export function Painted({paint, children}: {readonly paint: (frame: string) => void; readonly children: ReactElement}): ReactElement {
	const [isFound, setIsFound] = useState(false);
	const find = useCallback((box: DOMElement | null) => {
		if (box !== null) {
			const root = rootOf(box);
			root.onRender = () => {
				paint(frameOf(root));
			};

			setIsFound(true);
		}
	}, [paint]);
	return isFound ? children : <Box ref={find}/>;
}
