/**
The tree of a domain before and after a plan: what is new, what is gone, and where the current state is.
*/
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {flattenTree, type TreeItem, type TreeRow} from '../../model/domain/tree.ts';
import {targetOf, type Plan} from '../../model/plan/plan.ts';

/** `name`: its identity; the current state has none of its own. `label`: how it is called. */
export type PlannedNode = {name: string; parent: string | undefined; label: string; mark: 'new' | 'gone' | 'here' | 'stays'};

type PlannedTrees = {before: Array<TreeRow<PlannedNode>>; after: Array<TreeRow<PlannedNode>>};

const hereId = 'here';
const idOf = (name: string) => `moment ${name}`;
const parentOf = (name: string | undefined) => name === undefined ? undefined : idOf(name);

type Moments = {items: readonly TreeItem[]; current?: string; hasHere: boolean};

function rowsOf({items, current, hasHere}: Moments, others: readonly TreeItem[], mark: 'new' | 'gone'): Array<TreeRow<PlannedNode>> {
	const known = new Set(others.map(({name}) => name));
	return flattenTree<PlannedNode>([
		...items.map(({name, parent}): PlannedNode => ({name: idOf(name), parent: parentOf(parent), label: name, mark: known.has(name) ? 'stays' : mark})),
		...(hasHere ? [{name: hereId, parent: parentOf(current), label: 'NOW', mark: 'here' as const}] : []),
	]);
}

/** In the order in which they were made; what is new comes last. */
function inOrder(items: readonly TreeItem[], known: ReadonlyArray<TreeItem & {createdAt: number}>): TreeItem[] {
	const moments = new Map(known.map(({name, createdAt}) => [name, createdAt]));
	const momentOf = ({name}: TreeItem) => moments.get(name) ?? Number.MAX_SAFE_INTEGER;
	return [...items].sort((a, b) => momentOf(a) - momentOf(b));
}

const asText = (rows: Array<TreeRow<PlannedNode>>) => JSON.stringify(rows.map(({item: {name, parent}}) => [name, parent]));

/** Undefined where the plan leaves the tree as it is. */
export function plannedTrees(plan: Plan, details: DomainDetails | undefined): PlannedTrees | undefined {
	const {expected} = targetOf(plan);
	if (details === undefined) {
		return undefined;
	}

	const pairs = [
		{before: details.snapshots, after: expected.snapshots, was: details.currentSnapshot, is: expected.currentSnapshot, hasHere: true},
		...(expected.checkpoints === undefined ? [] : [{before: details.checkpoints, after: expected.checkpoints, was: undefined, is: undefined, hasHere: false}]),
	];
	return pairs.map(({before, after, was, is, hasHere}): PlannedTrees => ({
		before: rowsOf({items: inOrder(before, before), current: was, hasHere}, after, 'gone'),
		after: rowsOf({items: inOrder(after, before), current: is, hasHere}, before, 'new'),
	})).find(trees => asText(trees.before) !== asText(trees.after));
}
