/**
The images of a domain as a plan leaves them: which of them it makes, removes, writes and leaves, as a tree of backing files. Images that are neither touched
nor needed to understand those that are, are only counted.
*/
import {ownImages} from '../../model/images/describe-images.ts';
import type {Image} from '../../model/images/image.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {flattenTree, type TreeRow} from '../../model/domain/tree.ts';

export type ImageMark = 'created' | 'removed' | 'written' | 'staying' | 'untouched' | 'missing';

/** `name` is the path. */
export type PlannedImage = {
	name: string;
	parent: string | undefined;
	mark: ImageMark;
	/** Why it stays. */
	reason: string | undefined;
	/** Undefined for what is not there yet, and for files that are no images. */
	image: Image | undefined;
};

export type PlannedImages = {rows: Array<TreeRow<PlannedImage>>; othersCount: number};

/** What is only kept is left out: that is every other image of the host. */
function marksOf({images}: Plan): Map<string, {mark: ImageMark; reason?: string}> {
	return new Map<string, {mark: ImageMark; reason?: string}>([
		...(images.staying ?? []).map(({path, reason}) => [path, {mark: 'staying', reason}] as const),
		...(images.written ?? []).map(path => [path, {mark: 'written'}] as const),
		...images.removed.map(path => [path, {mark: 'removed'}] as const),
		...images.created.map(({path}) => [path, {mark: 'created'}] as const),
	]);
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
	const nodes = [...shown].map((path): PlannedImage => {
		const image = known.get(path);
		const {mark, reason} = marks.get(path) ?? {mark: markOf(image)};
		return {name: path, parent: backingOf(path), mark, reason, image};
	});
	// Those that are there in their own order, what is new behind them.
	const order = new Map(own.map(({path}, index) => [path, index]));
	nodes.sort((a, b) => (order.get(a.name) ?? own.length) - (order.get(b.name) ?? own.length));
	return {rows: flattenTree(nodes), othersCount: own.filter(({path}) => !shown.has(path)).length};
}
