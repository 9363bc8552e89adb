/**
The rows of the images: what one snapshot, or the current state, has of all disks stands in one row. An image that neither of them names by itself (a template below, an
overlay of another domain) has a row of its own.
*/
import {ownImages} from '../../model/images/describe-images.ts';
import type {Image} from '../../model/images/image.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {pinsOfDomain} from '../../model/images/pins.ts';
import {imageHolders} from './image-holders.ts';
import {rowFacts} from './row-facts.ts';

export type Layer = {
	/** What a person reads: the snapshot, "NOW" or the name of the file. */
	title: string;
	isHead: boolean;
	isFile: boolean;
	/** By disk; '' for an image of which no disk is known. */
	images: ReadonlyMap<string, Image>;
	/** Who needs its images beside the one in the title. */
	others: readonly string[];
};

type LayerNode = {name: string; parent: string | undefined; layer: Layer};

const known = new WeakMap<DomainDetails, {nodes: LayerNode[]; targets: string[]}>();

/** `targets`: the disks that have a column, in the order of the definition. */
export function imageLayers(details: DomainDetails): {nodes: LayerNode[]; targets: string[]} {
	const layers = known.get(details) ?? gatherLayers(details);
	known.set(details, layers);
	return layers;
}

/** The disk of each image: as the domain names it; below that the disk of what it carries, above the disk of what it is backed by. */
function targetsOf(details: DomainDetails, images: readonly Image[]): Map<string, string> {
	const byPath = new Map(images.map(image => [image.path, image]));
	const targets = new Map<string, string>();
	for (const {path, target} of pinsOfDomain(details.domain, details.snapshots)) {
		if (target !== undefined && !targets.has(path)) {
			targets.set(path, target);
		}
	}

	for (const [path, target] of targets) {
		for (let below = byPath.get(path)?.backingPath; below !== undefined && !targets.has(below); below = byPath.get(below)?.backingPath) {
			targets.set(below, target);
		}
	}

	for (const {path} of images) {
		const way = new Set<string>();
		let next: string | undefined = path;
		for (; next !== undefined && !targets.has(next) && !way.has(next); next = byPath.get(next)?.backingPath) {
			way.add(next);
		}

		const target = targets.get(next ?? '') ?? '';
		for (const step of way) {
			targets.set(step, target);
		}
	}

	return targets;
}

const fileOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

function gatherLayers(details: DomainDetails): {nodes: LayerNode[]; targets: string[]} {
	const images = ownImages(details);
	const targets = targetsOf(details, images);
	const holders = imageHolders(details);
	const layers = new Map<string, Layer & {images: Map<string, Image>}>();
	const layerOf = new Map<string, string>();
	for (const image of images) {
		const held = holders.get(image.path) ?? [];
		const isHead = held.some(holder => holder.isHead);
		const frozenFor = held.filter(({snapshot, isInside}) => snapshot !== undefined && !isInside);
		const isFile = !isHead && frozenFor.length === 0;
		const title = isHead ? 'NOW' : (isFile ? fileOf(image.path) : frozenFor.map(({label}) => label).join(', '));
		const target = targets.get(image.path) ?? '';
		const names = isFile ? [image.path] : [`${isHead ? 'head' : 'snapshot'}:${title}`, image.path];
		// Two images of one disk: the definition and what runs differ, or one record was written twice.
		const name = names.find(candidate => !layers.get(candidate)?.images.has(target))!;
		const others = held.filter(holder => !holder.isHead && (isHead || !frozenFor.includes(holder))).map(({label}) => label);
		const layer = layers.get(name);
		layers.set(name, {
			title, isHead, isFile, images: new Map([...layer?.images ?? [], [target, image]]), others: [...new Set([...layer?.others ?? [], ...others])],
		});
		layerOf.set(image.path, name);
	}

	const found = new Set([...layers.values()].flatMap(layer => [...layer.images.keys()]));
	const order = [...new Set([...rowFacts(details).targets, ...[...found].sort()])].filter(target => target !== '' && found.has(target));
	const rank = new Map(order.map((target, index) => [target, index]));
	return {
		targets: order,
		nodes: [...layers].map(([name, layer]) => {
			const sorted = [...layer.images].sort(([a], [b]) => (rank.get(a) ?? order.length) - (rank.get(b) ?? order.length));
			const parents = sorted.flatMap(([, {backingPath}]) => layerOf.get(backingPath ?? '') ?? []);
			return {name, parent: parents.find(parent => parent !== name), layer: {...layer, images: new Map(sorted)}};
		}),
	};
}
