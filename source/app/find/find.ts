/**
Finding in what is in sight: the rows of a tree, the list of the doctor, and every text. What is looked for belongs to one place; elsewhere nothing of it is seen.
*/
import {
	allRows, selectedNode, type TreeNode,
} from '../browse/rows.ts';
import type {Viewport} from '../scroll.ts';
import type {Find, State} from '../state.ts';
import {selectedCommand} from '../run/update-log.ts';
import {findHere} from './place.ts';

function textOfNode(node: TreeNode): string {
	switch (node.kind) {
		case 'snapshot': {
			return `${node.snapshot.name} ${node.snapshot.description ?? ''}`;
		}

		case 'head': {
			return 'NOW';
		}

		case 'checkpoint': {
			return `${node.checkpoint.name} ${node.checkpoint.description ?? ''}`;
		}

		case 'layer': {
			const {title, images, others} = node.layer;
			return [title, ...[...images.values()].map(({path}) => path.slice(path.lastIndexOf('/') + 1)), ...others].join(' ');
		}

		case 'file': {
			return `${node.path.slice(node.path.lastIndexOf('/') + 1)} ${node.reason}`;
		}

		case 'unreadable':
		case 'unrecorded': {
			return `${node.label} ${node.reason}`;
		}
	}
}

/** What is looked through, row by row or line by line. */
function textsOf(state: State, viewport: Viewport): string[] {
	if (state.scene.kind === 'browse') {
		return allRows(state).map(({item}) => textOfNode(item));
	}

	if (state.scene.kind === 'undo') {
		return (state.undo.value ?? []).map(({title, action, undo}) => `${title} ${action.domain.name} ${undo.kind === 'possible' ? undo.text : 'not possible'}`);
	}

	if (state.scene.kind === 'log') {
		return selectedCommand(state, state.scene).all.map(({title, ran}) => `${title} ${ran.command} ${ran.output}`);
	}

	return state.scene.kind === 'doctor' && !state.scene.isWhole
		? (state.diagnosis?.findings.value ?? []).map(({domain, text}) => `${domain?.name ?? 'host'}: ${text}`)
		: viewport.measure(state).texts?.() ?? [];
}

/** Where a text is in another, without regard to case. */
export function isIn(text: string, wanted: string): boolean {
	return wanted !== '' && text.toLowerCase().includes(wanted.toLowerCase());
}

/** The rows or lines in which it is. */
export function hitsOf(state: State, {text: wanted}: Find, viewport: Viewport): number[] {
	return textsOf(state, viewport).flatMap((text, index) => isIn(text, wanted) ? [index] : []);
}

/** The row of the cursor, or the line that was gone to. */
export function currentOf(state: State, find: Find): number {
	if (state.scene.kind === 'browse') {
		const selected = selectedNode(state)?.name;
		return allRows(state).findIndex(({item}) => item.name === selected);
	}

	if (state.scene.kind === 'undo') {
		return state.scene.index;
	}

	if (state.scene.kind === 'log') {
		return selectedCommand(state, state.scene).index;
	}

	return state.scene.kind === 'doctor' && !state.scene.isWhole ? state.diagnosis?.index ?? 0 : find.line ?? -1;
}

/** Whether a row is marked as found; the texts that are drawn mark themselves. */
export function isFoundNode(state: State, node: TreeNode): boolean {
	const find = findHere(state);
	return find !== undefined && isIn(textOfNode(node), find.text);
}

/** "2 of 5"; where the cursor is beside them, how many there are. Empty while nothing is typed. */
export function describeHits(state: State, find: Find, viewport: Viewport): string {
	if (find.text === '') {
		return '';
	}

	const hits = hitsOf(state, find, viewport);
	const at = hits.indexOf(currentOf(state, find));
	return hits.length === 0 ? 'no hit' : (at === -1 ? `${hits.length} ${hits.length === 1 ? 'hit' : 'hits'}` : `${at + 1} of ${hits.length}`);
}
