/**
The snapshot or checkpoint tree, from a flat list of named nodes with parents. Everything here is linear in the number of nodes and walks
without recursion, because a chain of some thousand snapshots is a real thing.
*/

export type TreeItem = {name: string; parent: string | undefined};

/** One open or closed branch line left of a row; a linked list, so that deep trees share what they have in common. */
export type Guide = {isOpen: boolean; outer: Guide | undefined};

export type TreeRow<T extends TreeItem> = {
	item: T;
	/** Whether this row begins a branch, i.e. it has siblings. */
	isBranch: boolean;
	isLastBranch: boolean;
	/** Of the forks above: a chain stays in one column, only siblings are indented. */
	guide: Guide | undefined;
	childCount: number;
	/** The recorded parent does not exist, or the parents run in a circle: libvirt then treats the node as a root. */
	isOrphan: boolean;
	isFolded: boolean;
};

/** Children of each name, in the order given; `undefined` holds the roots. Nodes with a parent that is missing count as roots. */
export function childrenByParent<T extends TreeItem>(items: readonly T[]): Map<string | undefined, T[]> {
	const names = new Set(items.map(item => item.name));
	const children = new Map<string | undefined, T[]>();
	for (const item of items) {
		const parent = item.parent !== undefined && names.has(item.parent) ? item.parent : undefined;
		const siblings = children.get(parent);
		if (siblings) {
			siblings.push(item);
		} else {
			children.set(parent, [item]);
		}
	}

	return children;
}

/** All names below (and with) this one. */
export function withDescendants(items: readonly TreeItem[], name: string): Set<string> {
	const children = childrenByParent(items);
	const found = new Set([name]);
	const open = [name];
	for (let next = open.pop(); next !== undefined; next = open.pop()) {
		for (const child of children.get(next) ?? []) {
			if (!found.has(child.name)) {
				found.add(child.name);
				open.push(child.name);
			}
		}
	}

	return found;
}

/** From this one up to its root, itself first. A circle ends where it began. */
export function withAncestors<T extends TreeItem>(items: readonly T[], name: string): T[] {
	const byName = new Map(items.map(item => [item.name, item]));
	const path: T[] = [];
	const seen = new Set<string>();
	for (let item = byName.get(name); item && !seen.has(item.name); item = item.parent === undefined ? undefined : byName.get(item.parent)) {
		seen.add(item.name);
		path.push(item);
	}

	return path;
}

type Visit<T extends TreeItem> = {item: T; guide: Guide | undefined; isBranch: boolean; isLastBranch: boolean; isOrphan: boolean};

/** Rows in the order in which the tree is drawn: parents before children, each branch in one piece. Folded nodes hide what is below them. */
export function flattenTree<T extends TreeItem>(items: readonly T[], folded: ReadonlySet<string> = new Set()): Array<TreeRow<T>> {
	const children = childrenByParent(items);
	const rows: Array<TreeRow<T>> = [];
	const seen = new Set<string>();
	const stack: Array<Visit<T>> = [];

	const pushSiblings = (siblings: readonly T[], guide: Guide | undefined) => {
		const isBranch = siblings.length > 1;
		for (let index = siblings.length - 1; index >= 0; index--) {
			const item = siblings[index]!;
			const isLastBranch = index === siblings.length - 1;
			stack.push({
				item,
				guide: isBranch ? {isOpen: !isLastBranch, outer: guide} : guide,
				isBranch,
				isLastBranch,
				isOrphan: item.parent !== undefined && guide === undefined && !seen.has(item.parent),
			});
		}
	};

	const drain = () => {
		for (let visit = stack.pop(); visit; visit = stack.pop()) {
			const {item} = visit;
			if (seen.has(item.name)) {
				continue;
			}

			seen.add(item.name);
			const below = children.get(item.name) ?? [];
			const isFolded = folded.has(item.name) && below.length > 0;
			rows.push({...visit, childCount: below.length, isFolded});
			if (isFolded) {
				for (const name of withDescendants(items, item.name)) {
					seen.add(name);
				}
			} else {
				pushSiblings(below, visit.guide);
			}
		}
	};

	pushSiblings(children.get(undefined) ?? [], undefined);
	drain();
	for (const item of items) {
		if (!seen.has(item.name)) {
			stack.push({item, guide: undefined, isBranch: false, isLastBranch: false, isOrphan: true});
			drain();
		}
	}

	return rows;
}
