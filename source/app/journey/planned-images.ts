/**
The images of a domain as a plan leaves them: which of them it makes, removes, writes and leaves, as a tree of backing files. Images that are neither touched
nor needed to understand those that are, are only counted.
*/
import {ownImages} from '../../model/images/describe-images.ts';
import type {Image} from '../../model/images/image.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {keptName} from '../../model/plan/request.ts';
import {imageHolders} from '../browse/image-holders.ts';
import {flattenTree, type TreeRow} from '../../model/domain/tree.ts';

export type ImageMark = 'created' | 'removed' | 'merged' | 'kept' | 'written' | 'staying' | 'untouched' | 'missing';

/** `name` is the path. */
export type PlannedImage = {
	name: string;
	parent: string | undefined;
	mark: ImageMark;
	/** Why it stays. */
	reason: string | undefined;
	/** Where its content is by then. */
	into: string | undefined;
	/** Who needs it afterwards, in a few words each. */
	labels: string[];
	/** Undefined for what is not there yet, and for files that are no images. */
	image: Image | undefined;
};

type PlannedImages = {rows: Array<TreeRow<PlannedImage>>; othersCount: number};

/** The files that hold the state that is left, where that is kept. */
function keptFiles(plan: Plan): Array<{path: string; label: string}> {
	const name = keptName(plan.action);
	const {before, expected} = targetOf(plan);
	return name === undefined ? [] : (expected.kept ?? before.heads).map(file => ({path: file.path, label: 'tag' in file && file.tag !== undefined ? `${name} (inside)` : name}));
}

/** What is only kept is left out: that is every other image of the host. */
function marksOf(plan: Plan): Map<string, {mark: ImageMark; reason?: string}> {
	const {images} = plan;
	return new Map<string, {mark: ImageMark; reason?: string}>([
		...(images.staying ?? []).map(({path, reason}) => [path, {mark: 'staying', reason}] as const),
		...(images.written ?? []).map(path => [path, {mark: 'written'}] as const),
		...keptFiles(plan).map(({path}) => [path, {mark: 'kept'}] as const),
		...images.removed.map(path => [path, {mark: 'removed'}] as const),
		...(images.merged ?? []).map(({path}) => [path, {mark: 'merged'}] as const),
		...images.created.map(({path}) => [path, {mark: 'created'}] as const),
	]);
}

/**
Who needs each image when all is done: the snapshots that are left, those that the plan adds, the disks where they are by then. What was merged is held as
the image that has its content.
*/
function labelsAfter(plan: Plan, details: DomainDetails | undefined): Map<string, string[]> {
	const {before, expected} = targetOf(plan);
	const left = new Set(expected.snapshots.map(({name}) => name));
	const deletedNames = new Set([...before.snapshotNames.filter(name => !left.has(name)), ...expected.goneSnapshots ?? []]);
	const moved = new Set(expected.heads.map(({target}) => target));
	const into = new Map((plan.images.merged ?? []).map(merge => [merge.path, merge.into]));
	const labels = new Map<string, Set<string>>();
	const add = (path: string, label: string) => {
		const place = into.get(path) ?? path;
		labels.set(place, (labels.get(place) ?? new Set()).add(label));
	};

	for (const {target, path} of expected.heads) {
		add(path, `head ${target}`);
	}

	for (const [path, holders] of details === undefined ? [] : imageHolders(details)) {
		for (const {label, isHead, snapshot, target} of holders) {
			if (!(isHead && moved.has(target ?? '')) && !deletedNames.has(snapshot ?? '')) {
				add(path, label);
			}
		}
	}

	for (const {path, label} of keptFiles(plan)) {
		add(path, label);
	}

	for (const {path, snapshot} of plan.images.frozen ?? []) {
		add(path, snapshot);
	}

	return new Map([...labels].map(([path, names]) => [path, [...names]]));
}

/** Touched images, what they will be backed by, and what is directly backed by them. */
function inSight(images: ReadonlyMap<string, Image>, touched: ReadonlySet<string>, backingOf: (path: string) => string | undefined): Set<string> {
	const shown = new Set<string>();
	for (const start of touched) {
		for (let path: string | undefined = start; path !== undefined && !shown.has(path); path = backingOf(path)) {
			shown.add(path);
		}
	}

	for (const path of images.keys()) {
		const backing = backingOf(path);
		if (backing !== undefined && touched.has(backing)) {
			shown.add(path);
		}
	}

	return shown;
}

function markOf(image: Image | undefined): ImageMark {
	return image?.problems.some(({kind}) => kind === 'missing') ? 'missing' : 'untouched';
}

export function plannedImages(plan: Plan, details: DomainDetails | undefined): PlannedImages {
	const own = details === undefined ? [] : ownImages(details);
	const known = new Map((details?.images ?? []).map(image => [image.path, image]));
	const marks = marksOf(plan);
	const changed = new Map([...plan.images.created, ...plan.images.rebased ?? []].map(({path, backingPath}) => [path, backingPath]));
	const backingOf = (path: string) => changed.has(path) ? changed.get(path) : known.get(path)?.backingPath;
	const touched = new Set([...marks.keys(), ...changed.values()].filter(path => path !== undefined));
	const shown = inSight(known, touched, backingOf);
	const into = new Map((plan.images.merged ?? []).map(merge => [merge.path, merge.into]));
	const labels = labelsAfter(plan, details);
	const nodes = [...shown].map((path): PlannedImage => {
		const image = known.get(path);
		const {mark, reason} = marks.get(path) ?? {mark: markOf(image)};
		const isGone = mark === 'removed' || mark === 'merged';
		return {
			name: path, parent: backingOf(path), mark, reason, image, into: into.get(path), labels: isGone ? [] : labels.get(path) ?? [],
		};
	});
	// Those that are there in their own order, what is new behind them.
	const order = new Map(own.map(({path}, index) => [path, index]));
	nodes.sort((a, b) => (order.get(a.name) ?? own.length) - (order.get(b.name) ?? own.length));
	return {rows: flattenTree(nodes), othersCount: own.filter(({path}) => !shown.has(path)).length};
}
