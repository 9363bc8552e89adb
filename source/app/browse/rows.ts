/**
What the lists hold, from what was read: visible domains, the snapshot tree with the head in it, the checkpoint tree, the images as a tree of
backing files. Linear in the number of rows.
*/
import type {DomainSummary} from '../../model/domain/domain.ts';
import {ownImages} from '../../model/images/describe-images.ts';
import type {Finding} from '../../model/domain/finding.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import {unrecordedTags} from '../../model/images/unrecorded-tags.ts';
import {flattenTree, type TreeRow} from '../../model/domain/tree.ts';
import {nvramPaths} from '../../model/domain/nvram.ts';
import type {LeftAction} from '../services.ts';
import type {State, View} from '../state.ts';
import {imageLayers, type Layer} from './image-layers.ts';

/** One node of a list on the right. `name` is the identity by which it stays selected. */
export type TreeNode = {name: string; parent: string | undefined} & (
	| {kind: 'snapshot'; snapshot: Snapshot}
	| {kind: 'head'}
	| {kind: 'checkpoint'; checkpoint: Checkpoint}
	/** The images of one row. */
	| {kind: 'layer'; layer: Layer}
	| {kind: 'unreadable' | 'unrecorded'; label: string; reason: string}
	/** No image of a chain: memory, firmware variables, or what nothing needs. `bytes`: what it takes, as far as that is known. */
	| {kind: 'file'; path: string; reason: string; bytes: number | undefined; isUnused: boolean}
);

export type Row = TreeRow<TreeNode>;

const headId = 'head';

export function snapshotId(name: string): string {
	return `snapshot:${name}`;
}

/** Made once: asking the language for each pair of names costs more than all the rest of a list. */
const collator = new Intl.Collator('en', {numeric: true});

/** "web2" before "web10", and the same order in every locale. */
export function compareNames(a: string, b: string): number {
	return collator.compare(a, b) || (a < b ? -1 : 1);
}

function snapshotNodes(details: DomainDetails): TreeNode[] {
	const nodes: TreeNode[] = [...details.snapshots]
		.sort((a, b) => a.createdAt - b.createdAt || compareNames(a.name, b.name))
		.map(snapshot => ({
			kind: 'snapshot', name: snapshotId(snapshot.name), parent: snapshot.parent === undefined ? undefined : snapshotId(snapshot.parent), snapshot,
		}));
	const current = details.currentSnapshot;
	nodes.push({kind: 'head', name: headId, parent: current === undefined ? undefined : snapshotId(current)});
	for (const {tag, targets, hasMemory} of unrecordedTags(details)) {
		nodes.push({kind: 'unrecorded', name: `unrecorded:${tag}`, parent: undefined, label: tag, reason: `inside ${targets.join(', ')}${hasMemory ? ', with memory' : ''}, not recorded`});
	}

	for (const {name, reason} of details.unreadable) {
		nodes.push({kind: 'unreadable', name: `unreadable:${name}`, parent: undefined, label: name, reason});
	}

	return nodes;
}

const unusedKinds: ReadonlySet<Finding['kind']> = new Set(['orphan', 'unused-image', 'unused-nvram']);

/** Of each path once, in this order: the first reason to have it is told. */
function filesBeside(details: DomainDetails, found: readonly Finding[]): Array<Extract<TreeNode, {kind: 'file'}>> {
	const {domain, snapshots, fileSizes} = details;
	const memory = snapshots.flatMap(({name, memory}) => memory.mode === 'external' ? [{path: memory.path, reason: `memory of "${name}"`, isUnused: false}] : []);
	const own = new Set([domain.liveDefinition?.nvramPath, domain.definition.nvramPath]);
	const copyOf = (path: string) => snapshots.find(({name}) => path.endsWith(`.vsnap-${name}`));
	const nvram = nvramPaths(domain, snapshots).filter(path => own.has(path) || fileSizes?.has(path)).map(path => {
		const snapshot = own.has(path) ? undefined : copyOf(path);
		return {path, reason: snapshot === undefined ? 'NVRAM' : `NVRAM of "${snapshot.name}"`, isUnused: false};
	});
	const unused = found.filter(({kind}) => unusedKinds.has(kind)).flatMap(({images = [], imageBytes}) => images.map((path, index) => ({
		path, reason: 'nothing needs it', bytes: imageBytes?.[index], isUnused: true,
	})));
	const images = new Set(ownImages(details).map(({path}) => path));
	const files = new Map([...memory, ...nvram, ...unused].filter(({path}) => !images.has(path)).reverse().map(file => [file.path, file]));
	return [...files.values()].reverse().map(file => ({
		kind: 'file', name: `file:${file.path}`, parent: undefined, bytes: fileSizes?.get(file.path), ...file,
	}));
}

/** What lies beside the images of the domain in view. */
export const otherFiles = (state: State, details: DomainDetails) => filesBeside(details, foundFor(state, details).found);

function nodesOf(details: DomainDetails, view: View, found: readonly Finding[]): TreeNode[] {
	switch (view) {
		case 'snapshots': {
			return snapshotNodes(details);
		}

		case 'checkpoints': {
			return details.checkpoints.map(checkpoint => ({kind: 'checkpoint', name: checkpoint.name, parent: checkpoint.parent, checkpoint}));
		}

		case 'images': {
			return [...imageLayers(details).nodes.map((node): TreeNode => ({kind: 'layer', ...node})), ...filesBeside(details, found)];
		}
	}
}

type Flattened = {folded: ReadonlySet<string>; found: readonly Finding[]; rows: Row[]};

/** The last rows of each picture: one key press asks for them several times, and nothing in them changes without a new picture or a new set of folds. */
const flattened = new WeakMap<DomainDetails, Partial<Record<View, Flattened>>>();

const nothingFound: readonly Finding[] = [];

/** The rows of one view, as they are drawn from top to bottom. */
function rowsOf(details: DomainDetails, view: View, {folded, found}: Omit<Flattened, 'rows'>): Row[] {
	const known = flattened.get(details);
	const last = known?.[view];
	if (last?.folded === folded && last.found === found) {
		return last.rows;
	}

	const rows = flattenTree(nodesOf(details, view, found), folded);
	flattened.set(details, {...known, [view]: {folded, found, rows}});
	return rows;
}

export function selectedDomain(state: State): DomainSummary | undefined {
	const {id} = state.domainCursor;
	return id === undefined ? undefined : state.domains.value?.find(domain => domain.uuid === id);
}

/** What was interrupted on a domain. */
export function leftOf({left}: Pick<State, 'left'>, uuid: string | undefined): LeftAction | undefined {
	return left.find(({plan}) => plan.action.domain.uuid === uuid);
}

export function selectedDetails(state: State): DomainDetails | undefined {
	const {id} = state.domainCursor;
	return id === undefined ? undefined : state.allDetails[id]?.value;
}

const nothingFolded: ReadonlySet<string> = new Set();

function foundFor({view, health}: State, {domain}: DomainDetails): {found: readonly Finding[]} {
	return {found: (view === 'images' ? health.found[domain.uuid] : undefined) ?? nothingFound};
}

/** The rows in the right pane at this moment; empty while nothing was read. */
export function currentRows(state: State): Row[] {
	const details = selectedDetails(state);
	return details === undefined ? [] : rowsOf(details, state.view, {...foundFor(state, details), folded: state.folded[state.view]});
}

/** Also those that are folded away. */
export function allRows(state: State): Row[] {
	const details = selectedDetails(state);
	return state.folded[state.view].size === 0 || details === undefined ? currentRows(state) : rowsOf(details, state.view, {...foundFor(state, details), folded: nothingFolded});
}

/** One frame asks for it many times, and rows never change. */
const lastSelected = new WeakMap<Row[], {id: string | undefined; view: View; node: TreeNode | undefined}>();

/** The node that is selected on the right. Until the person moves, the head is: it is where the domain is. */
export function selectedNode(state: State, rows = currentRows(state)): TreeNode | undefined {
	const {id} = state.cursors[state.view];
	const last = lastSelected.get(rows);
	if (last !== undefined && last.id === id && last.view === state.view) {
		return last.node;
	}

	const node = (rows.find(row => row.item.name === id) ?? (state.view === 'snapshots' ? rows.find(row => row.item.kind === 'head') : undefined) ?? rows[0])?.item;
	lastSelected.set(rows, {id, view: state.view, node});
	return node;
}

export function selectedSnapshot(state: State): Snapshot | undefined {
	const node = state.view === 'snapshots' ? selectedNode(state) : undefined;
	return node?.kind === 'snapshot' ? node.snapshot : undefined;
}

export function selectedCheckpoint(state: State): Checkpoint | undefined {
	const node = state.view === 'checkpoints' ? selectedNode(state) : undefined;
	return node?.kind === 'checkpoint' ? node.checkpoint : undefined;
}

export function selectedFinding({diagnosis}: State): Finding | undefined {
	return diagnosis?.findings.value?.[diagnosis.index];
}
