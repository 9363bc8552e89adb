import test from 'ava';
import fc from 'fast-check';
import {childrenByParent, flattenTree, withAncestors, withDescendants, type TreeItem, type Guide} from '../../../source/model/domain/tree.ts';

const tree = (lines: Record<string, string | undefined>): TreeItem[] => Object.entries(lines).map(([name, parent]) => ({name, parent}));
const fork = tree({s1: undefined, s2: 's1', s3: 's2', b1: 's1', b2: 'b1'});

const depthOf = (guide: Guide | undefined): number => guide === undefined ? 0 : 1 + depthOf(guide.outer);

test('a chain stays in one column and only siblings are indented', t => {
	t.deepEqual(
		flattenTree(fork).map(row => [row.item.name, depthOf(row.guide), row.isBranch, row.isLastBranch]),
		[['s1', 0, false, true], ['s2', 1, true, false], ['s3', 1, false, true], ['b1', 1, true, true], ['b2', 1, false, true]],
	);
});

test('a row carries the open branch lines left of it', t => {
	const rows = new Map(flattenTree(fork).map(row => [row.item.name, row.guide]));
	t.true(rows.get('s3')?.isOpen);
	t.false(rows.get('b2')?.isOpen);
});

test('a folded node hides what is below it and says so', t => {
	const rows = flattenTree(fork, new Set(['b1']));
	t.deepEqual(rows.map(row => row.item.name), ['s1', 's2', 's3', 'b1']);
	t.true(rows.at(-1)!.isFolded);
});

test('a node whose parent is missing is shown as a root and marked', t => {
	const rows = flattenTree(tree({a: 'gone', b: 'a'}));
	t.deepEqual(rows.map(row => [row.item.name, row.isOrphan]), [['a', true], ['b', false]]);
});

test('nodes in a circle are shown once each', t => {
	t.deepEqual(flattenTree(tree({r: undefined, a: 'b', b: 'a'})).map(row => row.item.name).sort(), ['a', 'b', 'r']);
});

test('ancestors end where a circle closes', t => {
	t.deepEqual(withAncestors(tree({a: 'b', b: 'a'}), 'a').map(item => item.name), ['a', 'b']);
});

test('descendants are all that hang below, with the node itself', t => {
	t.deepEqual([...withDescendants(fork, 'b1')].sort(), ['b1', 'b2']);
	t.is(withDescendants(fork, 's1').size, 5);
});

test('a chain of 20,000 is flattened without recursion', t => {
	const chain = Array.from({length: 20_000}, (_, index): TreeItem => ({name: String(index), parent: index === 0 ? undefined : String(index - 1)}));
	t.is(flattenTree(chain).length, 20_000);
	t.is(depthOf(flattenTree(chain).at(-1)!.guide), 0);
});

test('in any forest every node has one row, after its parent, and the children add up', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.nat(), {maxLength: 60}), picks => {
			const items = picks.map((pick, index): TreeItem => ({name: `n${index}`, parent: pick % (index + 1) === index ? undefined : `n${pick % (index + 1)}`}));
			const rows = flattenTree(items);
			const position = new Map(rows.map((row, index) => [row.item.name, index]));
			return rows.length === items.length
				&& position.size === items.length
				&& items.every(item => item.parent === undefined || position.get(item.parent)! < position.get(item.name)!)
				&& rows.reduce((sum, row) => sum + row.childCount, childrenByParent(items).get(undefined)?.length ?? 0) === items.length;
		}));
	});
});
