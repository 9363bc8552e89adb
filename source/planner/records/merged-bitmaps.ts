/**
Bitmaps of images that qemu-img merges. A commit marks what it copies in those that the image below has by itself, and loses those that only the images above have. A
pull copies, and marks, only what reads otherwise from below: what was written since a checkpoint and reads like that again would be left out. So they are merged as well.
*/
import {posix} from 'node:path';
import {holdersOf, imageAt, overlaysOf, type ImageGraph} from '../../model/images/image-graph.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import {holdsBitmaps, type Image} from '../../model/images/image.ts';
import type {Step} from '../../model/plan/plan.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {step} from '../steps/step.ts';

type Carried = {
	name: string;
	/** The image that has it afterwards, for those that it is merged from. */
	onto: string;
	sources: string[];
	/** Set where the image has none of that name yet. */
	isNew?: true;
	granularityBytes: number;
};

/** `ended`: names that no image tells the whole of afterwards. What is left of them would seem good. */
type MergedBitmaps = {carried: Carried[]; ended: string[]};

type Bitmap = Image['bitmaps'][number];

const bitmapIn = (graph: ImageGraph, path: string, name: string): Bitmap | undefined => imageAt(graph, path)?.bitmaps.find(bitmap => bitmap.name === name);

/** Those that have it, from the first on without a gap. */
function upToGap(graph: ImageGraph, paths: readonly string[], name: string): string[] {
	const end = paths.findIndex(path => bitmapIn(graph, path, name) === undefined);
	return end === -1 ? [...paths] : paths.slice(0, end);
}

/** Where the bitmaps of one name go, or that they end; undefined: nothing needs to be done. */
function fateOf(graph: ImageGraph, merge: Merge, name: string): Carried[] | 'ended' {
	const {method, top, layers, into, rebased} = merge;
	const downwards = [top, ...[...layers].reverse()];
	// The one that is written into is the lowest of a commit, and the top of a pull.
	const others = downwards.filter(path => path !== into);
	const own = bitmapIn(graph, into, name);
	const sources = method === 'pull' && own === undefined ? [] : upToGap(graph, others, name);
	const read = [...sources.map(path => bitmapIn(graph, path, name)), own];
	if (sources.length === 0 || read.some(bitmap => bitmap?.isUsable === false)) {
		return others.some(path => bitmapIn(graph, path, name) !== undefined) || own?.isUsable === false ? 'ended' : [];
	}

	const {granularityBytes} = bitmapIn(graph, sources[0]!, name)!;
	const image = imageAt(graph, into);
	if (image !== undefined && holdsBitmaps(image)) {
		return [{name, onto: into, sources, granularityBytes, ...(own === undefined && {isNew: true})}];
	}

	const above = rebased.filter(path => bitmapIn(graph, path, name)?.isUsable);
	return above.length === 0 ? 'ended' : above.map(onto => ({name, onto, sources, granularityBytes}));
}

/** Every bitmap counts, whether a checkpoint of these days names it or one that a revert may bring back. */
export function bitmapsOfMerge({graph}: Pick<PlanContext, 'graph'>, merge: Merge): MergedBitmaps {
	const names = new Set([...merge.layers, merge.top].flatMap(path => imageAt(graph, path)?.bitmaps ?? []).map(({name}) => name));
	const result: MergedBitmaps = {carried: [], ended: []};
	for (const name of names) {
		const fate = fateOf(graph, merge, name);
		if (fate === 'ended') {
			result.ended.push(name);
		} else {
			result.carried.push(...fate);
		}
	}

	return result;
}

/** `undo`: what restores the time of the file; `null`: there is no way back by then. `needsOff`: the domain that is started meanwhile has the images open. */
export function carrySteps(context: PlanContext, merge: Merge, given: {id: string; needsOff: boolean} & Pick<Step, 'undo' | 'whenStopped'>): Step[] {
	const {id, needsOff, undo, whenStopped} = given;
	const {carried} = bitmapsOfMerge(context, merge);
	return carried.flatMap(({name, onto, sources, isNew, granularityBytes}) => sources.map((source, index) => ({
		title: `Merge bitmap "${name}" of ${posix.basename(source)} into ${posix.basename(onto)}`,
		command: imageCommands.mergeBitmap({path: onto, name, source, ...(isNew && index === 0 && {granularityBytes})}),
		...(isNew && index === 0 && {doneWhen: {kind: 'image-has-bitmap', path: onto, bitmap: name} as const}),
	}))).map((parts, index) => step(undo === null ? 'switch' : 'create', {id: `bitmap-${id}-${index + 1}`, undo, whenStopped, ...(needsOff && {needsOff: true}), ...parts}));
}

/** The images above, that nobody else's domain has. */
function ownAbove(context: PlanContext, path: string, gone: ReadonlySet<string>): string[] {
	const {graph, uuid} = context;
	const above = overlaysOf(graph, path).flatMap(overlay => ownAbove(context, overlay, gone));
	const isOwn = holdersOf(graph, path).every(({domainUuid}) => domainUuid === uuid);
	return [...(isOwn && !gone.has(graph.keyOf(path)) ? [path] : []), ...above];
}

/** What is left of bitmaps that have ended is removed, so that nobody takes it for the whole. */
export function removeEnded(context: PlanContext, merges: readonly Merge[]): Step[] {
	const {graph} = context;
	const removedImages = new Set(merges.flatMap(merge => merge.gone).map(path => graph.keyOf(path)));
	const left = merges.flatMap(merge => bitmapsOfMerge(context, merge).ended.flatMap(name =>
		ownAbove(context, merge.into, removedImages).filter(path => bitmapIn(graph, path, name) !== undefined).map(path => ({path, name}))));
	const once = new Map(left.map(one => [JSON.stringify(one), one]));
	return [...once.values()].map(({path, name}, index) => step('remove', {
		id: `end-bitmap-${index + 1}`,
		title: `Remove what is left of bitmap "${name}" from ${posix.basename(path)}`,
		command: {...imageCommands.removeBitmap(path, name), onlyIf: {kind: 'image-has-bitmap', path, bitmap: name}},
		doneWhen: {kind: 'image-lacks-bitmap', path, bitmap: name},
		needsOff: true,
	}));
}
