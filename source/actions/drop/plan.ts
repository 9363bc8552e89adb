/**
What `delete`, `merge` and `fold` share: snapshots lose their pins, and images without a pin are collected (docs/planning.md#images-and-pins).
Records are dropped before an image is committed into, and files are removed last of all, each proven to be unused.
*/
import {posix} from 'node:path';
import {collect, type Collection} from '../../model/images/collect.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {isDenied, type ImagePlace} from '../../model/images/image.ts';
import {describeUnreadable} from '../../model/images/unreadable-image.ts';
import {
	buildImageGraph, holdersOf, imageAt, isOpenable, type ImageGraph,
} from '../../model/images/image-graph.ts';
import {isImageName} from '../../model/qemu/network-image.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Expected, Plan, Step} from '../../model/plan/plan.ts';
import {
	fail, succeed, together, type Result,
} from '../../model/result.ts';
import {frozenPath, isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {refuseUnreadable} from '../../planner/checks/blockers.ts';
import {leftImagesOf, type PlanArguments, type PlanContext} from '../../planner/context.ts';
import {linksOfMerges} from '../../planner/expected-links.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {isOpenHead, mergeSteps, openDiskOf} from '../../planner/steps/merge.ts';
import {nvramCopiesOf} from '../../planner/steps/nvram.ts';
import {dropRemedy, requireSecrets} from '../../planner/checks/recorded-chains.ts';
import {planRecords} from '../../planner/records/records.ts';
import {planFrame} from '../../planner/frame.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {step} from '../../planner/steps/step.ts';
import {keysOf, secretOn} from '../../planner/encryption/keys.ts';
import {placeInXml, storageAt, storageOf} from '../../planner/storage/storage.ts';
import {taggedImages, untagSteps} from './internal.ts';
import {refuseMerges, requireCurrent} from './blockers.ts';
import {checkpointsOver} from './checkpoints.ts';
import {describeDropped, reasonToStay} from './words.ts';
import type {DropRequest} from './request.ts';

type Moves = {
	contents: Map<string, ImagePlace>;
	successors: Map<string, string>;
};

/** The graph as it will be: without the pins of what is dropped, and without its states inside the images. */
export function graphWithout(context: PlanContext, deleted: readonly Snapshot[]): ImageGraph {
	const states = new Set(taggedImages(context, deleted).map(({snapshot, path}) => JSON.stringify([snapshot.name, context.graph.keyOf(path)])));
	const images = context.inventory.details.images.map(image => ({
		...image,
		internalSnapshots: image.internalSnapshots.filter(({tag}) => !states.has(JSON.stringify([tag, context.graph.keyOf(image.path)]))),
	}));
	const names = new Set(deleted.map(({name}) => name));
	const pins = context.pins.filter(pin => !(pin.domainUuid === context.uuid && pin.snapshot !== undefined && names.has(pin.snapshot)));
	return buildImageGraph(images, pins);
}

/** The images that these snapshots need: frozen, or with their state inside. */
function neededBy(snapshots: readonly Snapshot[]): string[] {
	return snapshots.flatMap(snapshot => snapshot.disks
		.filter(({mode}) => mode === 'external' || mode === 'internal')
		.flatMap(({target}) => frozenPath(snapshot, target) ?? []))
		.filter(path => isImageName(path));
}

/** Whether whoever has the images open can merge them so. */
function isPossible(context: PlanContext, merge: Merge): boolean {
	const open = openDiskOf(context, merge.top);
	if (open === undefined) {
		// qemu-img opens what it rebases onto by its name alone, without a passphrase.
		return merge.method === 'commit' || merge.below === undefined || secretOn(keysOf(context).layersOf(merge.top)) === undefined;
	}

	if (headDisks(context.inventory.details.domain).some(({target, transient}) => target === open && transient !== undefined)) {
		// QEMU runs no block job below the overlay that libvirt throws away at the end.
		return false;
	}

	return context.hypervisor.blocks.canMerge(merge, isOpenHead(context, merge.top));
}

/** `onConsider`: is told of each merge that is thought of. `folded`: as in `DropRequest`. */
export function collectAfter(context: PlanContext, deleted: readonly Snapshot[], {folded = [], onConsider}: {folded?: readonly string[]; onConsider?: (merge: Merge) => void} = {}): Collection {
	return collect(graphWithout(context, deleted), {
		candidates: [...neededBy(deleted), ...folded, ...leftImagesOf(context) ?? []],
		domainUuid: context.uuid,
		folded,
		isPossible: merge => isPossible(context, merge),
		dataSizes: context.inventory.dataSizes,
		onConsider,
	});
}

/** Those that can be removed: a device stays where it is. */
function filesAmong(context: PlanContext, paths: readonly string[]): string[] {
	return paths.filter(path => storageAt(context.graph, path).removal !== undefined);
}

/** All that is removed, and of it what has its content in another image by then. */
function removals(context: PlanContext, merges: readonly Merge[], removed: string[]): Pick<Plan['images'], 'removed' | 'merged'> {
	const merged = merges.flatMap(({gone, into}) => filesAmong(context, gone).map(path => ({path, into})));
	return merged.length === 0 ? {removed} : {removed, merged};
}

/** Every name under which an image is known. */
function aliasesOf(context: PlanContext, path: string): string[] {
	return [...context.graph.nodes.get(context.graph.keyOf(path))?.paths ?? [path]];
}

function movesOf(context: PlanContext, merges: readonly Merge[]): Moves {
	const moves: Moves = {contents: new Map(), successors: new Map()};
	for (const merge of merges) {
		for (const alias of merge.gone.flatMap(path => aliasesOf(context, path))) {
			moves.successors.set(alias, merge.into);
		}

		for (const alias of merge.method === 'commit' ? aliasesOf(context, merge.top) : []) {
			moves.contents.set(alias, placeInXml(context, {path: merge.into, format: imageAt(context.graph, merge.into)?.format ?? 'qcow2'}));
		}
	}

	return moves;
}

function headsAfter(context: PlanContext, moves: Moves): Map<string, string> {
	return new Map(headDisks(context.inventory.details.domain)
		.filter(disk => isWritableMedium(disk) && storageOf(disk) !== undefined)
		.map(({target, sourcePath}) => [target, moves.contents.get(sourcePath!)?.path ?? sourcePath!]));
}

/**
Whether an overlay that nothing holds lies where the domain has no disk (that of a disk which was detached). Only the record that goes now tells of it: noted as
a leftover, the image below would be taken for one without overlays by the next plan.
*/
function isBelowParked(context: PlanContext, overlays: readonly string[]): boolean {
	const folders = new Set(headDisks(context.inventory.details.domain).flatMap(({sourcePath}) => sourcePath === undefined ? [] : [posix.dirname(sourcePath)]));
	return overlays.some(path => holdersOf(context.graph, path).length === 0 && !folders.has(posix.dirname(path)));
}

/** The definition is written anew where a disk's file or chain changes, or what is noted of images that had to stay. */
function defineSteps(context: PlanContext, given: {collection: Collection; moves: Moves; isIrreversible: boolean}): Result<Step[]> {
	const {collection, moves, isIrreversible} = given;
	const {details, definitionXml} = context.inventory;
	const removedPaths = new Set([...collection.removed, ...collection.merges.flatMap(merge => merge.gone)].flatMap(path => aliasesOf(context, path)));
	const before = leftImagesOf(context) ?? [];
	const staying = collection.staying.filter(stay => stay.reason !== 'stands-alone' && !isBelowParked(context, stay.overlays)).map(({path}) => path);
	const left = [...new Set([...before.filter(path => !removedPaths.has(path)), ...staying])];
	const noted = details.domain.definition.leftImages ?? [];
	const isNoteRight = noted.length === left.length && left.every(path => noted.includes(path));
	const sources = new Map(details.domain.definition.disks.flatMap(disk => {
		const moved = disk.sourcePath === undefined ? undefined : moves.contents.get(disk.sourcePath);
		return moved ? [[disk.target, moved] as const] : [];
	}));
	if (isNoteRight && sources.size === 0 && (collection.merges.length === 0 || !/<backingStore[\s>]/u.test(definitionXml))) {
		return succeed([]);
	}

	const xml = changeDomainXml(definitionXml, {sources, leftImages: left});
	return xml.ok
		? succeed([step('switch', {
			id: 'define',
			title: sources.size > 0 ? 'Point the VM definition at the merged images' : (isNoteRight ? 'Take removed images out of the VM definition' : 'Note the images that stay in the VM definition'),
			command: context.hypervisor.domain.define('definition-new', xml.value),
			undo: isIrreversible ? null : [context.hypervisor.domain.define('definition-before', definitionXml)],
			leaves: collection.merges.filter(({method}) => method === 'commit').flatMap(merge => merge.gone),
			whenStopped: 'Recover would finish the switch; the guest\'s data is safe.',
		})])
		: xml;
}

/** Memory files that go with their snapshots; those that are gone already need no removal. */
function memoryFilesOf(context: PlanContext, deleted: readonly Snapshot[]): string[] {
	const remaining = graphWithout(context, deleted);
	return [...new Set(deleted.flatMap(({memory}) => memory.mode === 'external' ? [memory.path] : []))].filter(path => {
		const facts = context.inventory.memoryFiles.get(path);
		const names = context.inventory.folders.get(posix.dirname(path))?.names;
		const isThere = facts?.kind === 'good' || (names === undefined ? facts !== undefined && !facts.isUnseen : names.has(posix.basename(path)));
		return isThere && (remaining.nodes.get(remaining.keyOf(path))?.pins.length ?? 0) === 0;
	});
}

/** The definition, and records, are written without the chains that hold the secrets of encrypted layers. Appends to the blockers. */
function requireHeadSecrets(context: PlanContext): void {
	for (const {target, sourcePath, isEncrypted} of headDisks(context.inventory.details.domain)) {
		if (sourcePath !== undefined && !isEncrypted) {
			requireSecrets(context, target, sourcePath, () => dropRemedy(context.inventory.details.domain.name));
		}
	}
}

/**
What the user may not open looks like an image that nothing can be done about: its record would go, and what it holds would stay, which whoever may open it would have
merged. Appends to the blockers.
*/
function requireOpened(context: PlanContext, deleted: readonly Snapshot[]): void {
	const heads = headDisks(context.inventory.details.domain).flatMap(({sourcePath}) => sourcePath ?? []);
	const needed = neededBy(deleted);
	for (const path of new Set(needed.length === 0 ? [] : [...needed, ...heads])) {
		const image = imageAt(context.graph, path);
		const denied = image?.problems.find(problem => isDenied(problem));
		if (image !== undefined && denied !== undefined) {
			context.blockers.push({kind: 'not-permitted', ...describeUnreadable(image, denied), image: path});
		}
	}
}

const nothing: Collection = {removed: [], merges: [], staying: []};

function expectedOf(context: PlanContext, {heads, merges, frozen}: {heads: Map<string, string>; merges: readonly Merge[]; frozen: string[]}): Pick<Expected, 'heads' | 'chains' | 'links' | 'endState'> {
	return {
		heads: [...heads].map(([target, path]) => ({target, path})),
		chains: [...new Set([...heads.values(), ...frozen])]
			// A record can be dropped beside a chain that was broken before.
			.filter(path => isOpenable(context.graph, path))
			.map(path => ({path, format: imageAt(context.graph, path)?.format ?? 'qcow2'})),
		links: linksOfMerges(context, merges),
		endState: undefined,
	};
}

/** Puts the plan together. Blockers must have been added to the context; fails with `refused` where there are any. */
export function planDrop(context: PlanContext, request: DropRequest, {inventory, given}: {inventory: Inventory; given: PlanArguments}): Result<Plan> {
	const {action, deleted, folded, isMetadataOnly, meaning} = request;
	const {details} = inventory;
	const collection = isMetadataOnly ? nothing : collectAfter(context, deleted, {folded});
	const {merges} = collection;
	const isIrreversible = merges.some(merge => merge.method === 'commit');
	const moves = movesOf(context, merges);
	const heads = headsAfter(context, moves);
	// By the disk, which is better known than the image that is merged.
	if (!isMetadataOnly) {
		requireHeadSecrets(context);
	}

	const warnings = refuseMerges(context, collection);
	requireCurrent(context, deleted);
	if (!isMetadataOnly) {
		requireOpened(context, deleted);
	}

	const removedPaths = new Set([...collection.removed, ...merges.flatMap(merge => merge.gone)]);
	const memoryFiles = isMetadataOnly ? [] : memoryFilesOf(context, deleted);
	if (removedPaths.size > 0 || memoryFiles.length > 0 || (!isMetadataOnly && deleted.some(snapshot => !isExternal(snapshot)))) {
		refuseUnreadable(context);
	}

	const untag = untagSteps(context, {deleted: isMetadataOnly ? [] : deleted.filter(snapshot => !isExternal(snapshot)), gone: removedPaths, contents: moves.contents});
	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const written = together({
		records: planRecords(context, {deleted, ...moves, heads, isIrreversible}),
		define: defineSteps(context, {collection, moves, isIrreversible}),
		checkpoints: checkpointsOver(context, merges),
	});
	if (!written.ok) {
		return written;
	}

	const {records, define, checkpoints} = written.value;

	const work = mergeSteps(context, merges);
	const nvramCopies = isMetadataOnly ? {gone: [], left: []} : nvramCopiesOf(context, deleted);
	const removed = [...collection.removed, ...merges.flatMap(merge => filesAmong(context, merge.gone)), ...memoryFiles, ...nvramCopies.gone];
	const changed = [...new Set([...merges.flatMap(merge => [merge.into, ...merge.rebased]), ...untag.written])];
	const frozen = neededBy(details.snapshots.filter(snapshot => !deleted.includes(snapshot))).map(path => moves.contents.get(path)?.path ?? path);
	const touched = new Set([...removed, ...changed, ...merges.flatMap(merge => merge.layers), ...collection.staying.map(({path}) => path)]);
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {...expectedOf(context, {heads, merges, frozen}), currentSnapshot: records.currentSnapshot, snapshots: records.parents, goneSnapshots: deleted.map(({name}) => name), ...checkpoints.expected},
			fingerprint: fingerprintOf(inventory, touched),
		}),
		consequences: [...describeDropped(context, {meaning, collection, currentSnapshot: records.currentSnapshot, memoryFiles, nvramCopies}), ...checkpoints.consequences, ...warnings],
		images: {
			created: [],
			...removals(context, merges, removed),
			written: changed,
			staying: collection.staying.map(stay => ({path: stay.path, reason: reasonToStay(context, stay)})),
			kept: details.images.map(image => image.path).filter(path => !removed.includes(path)),
		},
		steps: [
			...work.check,
			...work.create,
			...checkpoints.before,
			...records.before,
			...work.commit,
			...records.after,
			...define,
			...checkpoints.after,
			...untag.steps,
			...checkpoints.remove,
			...removeSteps(context, removed),
		],
	});
}
