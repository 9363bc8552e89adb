/**
Images in the folders that nothing needs. Only leftovers of snapshots are offered for removal: overlays that were made beside an image after a snapshot
froze it. An overlay on anything else may be somebody's backup, clone or work, whatever no record says.
*/
import {posix} from 'node:path';
import {exportedDomain} from '../../model/backup/scratch-file.ts';
import {listNames} from '../../model/text/list-names.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {Finding} from '../../model/domain/finding.ts';
import {holdersOf, overlaysOf, type ImageGraph} from '../../model/images/image-graph.ts';
import {removalBytes, type Image} from '../../model/images/image.ts';
import {isNamedAfter} from '../../planner/steps/overlay-name.ts';

/** Who froze an image, and since when (Unix seconds). */
export type FrozenByDomain = Map<string, Array<{domain: {uuid: string; name: string}; since: number}>>;

export type Leftovers = {
	/** Images of the folders that no record leads to; all of them are in the graph. */
	others: readonly Image[];
	graph: ImageGraph;
	/** By key in the graph, over all domains that were read. */
	frozenBy: FrozenByDomain;
	/** By key: images of which a domain's definition says that a deleted snapshot left them. */
	leftBy: ReadonlyMap<string, {uuid: string; name: string}>;
	/** Something could not be read, so that it is unknown what it needs. */
	isBlind: boolean;
	isKnownToVirsh: boolean;
};

type Place = {uuid: string; name: string};

/** By domain, from the top down: what is backed by an image that a snapshot froze, and by nothing that could be a backup's. */
function removable({others, graph, frozenBy, leftBy}: Leftovers): Map<string, {domain: Place; images: Image[]}> {
	const byKey = new Map(others.map(image => [graph.keyOf(image.path), image]));
	const owners = new Map<string, Place | undefined>();
	const ownerOf = (image: Image, depth: number): Place | undefined => {
		const key = graph.keyOf(image.path);
		if (owners.has(key) || depth > others.length) {
			return owners.get(key);
		}

		owners.set(key, leftBy.get(key));
		if (leftBy.has(key) || image.backingPath === undefined || image.internalSnapshots.length > 0 || image.problems.length > 0 || !isNamedAfter(image.path, image.backingPath)) {
			return leftBy.get(key);
		}

		const backingKey = graph.keyOf(image.backingPath);
		const below = byKey.get(backingKey);
		// Records know whole seconds: what was written to within that of the snapshot may be a backup from just before it.
		const frozen = frozenBy.get(backingKey)?.find(({since}) => Number(image.file?.modifiedAt ?? 0) >= since + 1);
		const owner = frozen?.domain ?? leftBy.get(backingKey) ?? (below ? ownerOf(below, depth + 1) : undefined);
		owners.set(key, owner);
		return owner;
	};

	const found = new Map<string, {domain: Place; images: Image[]}>();
	const removedPaths = new Set<string>();
	for (let before = -1; before < removedPaths.size;) {
		before = removedPaths.size;
		for (const image of others) {
			const key = graph.keyOf(image.path);
			const owner = removedPaths.has(key) ? undefined : ownerOf(image, 0);
			if (owner && holdersOf(graph, image.path).length === 0 && overlaysOf(graph, image.path).every(path => removedPaths.has(graph.keyOf(path)))) {
				removedPaths.add(key);
				const entry = found.get(owner.uuid) ?? {domain: owner, images: []};
				entry.images.push(image);
				found.set(owner.uuid, entry);
			}
		}
	}

	return found;
}

const describe = (images: readonly Image[]) => listNames(images.map(({path, allocatedBytes}) => `${path} (${formatBytes(allocatedBytes)})`), 6);

/** What the host has more of without them: what they take, not the size that a guest would see. */
function describeRemoval(images: readonly Image[], isOffered: boolean): string {
	const linked = images.filter(({file}) => file?.hasOtherNames).map(({path}) => path);
	const bytes = images.reduce((sum, image) => sum + removalBytes(image), 0);
	return `${images.length === 1 ? 'Its' : 'Their'} removal ${isOffered ? 'frees' : 'would free'} ${formatBytes(bytes)}${linked.length === 0 ? '' : `: ${listNames(linked, 3)} ${linked.length === 1 ? 'has' : 'have'} another name on the host, and the content stays there`}.`;
}

/** Its program may have been killed: QEMU goes on, and nobody watches the room. */
function findExports(images: readonly Image[], domain: Place | undefined, isKnownToVirsh: boolean): Finding[] {
	const scratch = images.flatMap(image => {
		const uuid = exportedDomain(image.path);
		return uuid === undefined ? [] : [{uuid, image}];
	});
	return [...new Set(scratch.map(({uuid}) => uuid))].map((uuid): Finding => {
		const own = scratch.filter(file => file.uuid === uuid).map(({image}) => image);
		return {
			kind: 'block-job',
			severity: 'warning',
			...(domain && {domain}),
			text: `The disks of the domain ${uuid} are exported: ${describe(own)} ${own.length === 1 ? 'holds' : 'hold'} what its guest has written over since.`,
			meaning: 'As long as it goes on these files grow. Where its vsnap-tui was killed nobody watches that, and a full file system is an error for the guest.',
			remedy: isKnownToVirsh
				? `If nobody reads from it any longer, end it: virsh domjobabort ${uuid}. libvirt then removes them.`
				: `If nobody reads from it any longer, end it: vsnap-tui backup export ${uuid} --end. They are then removed.`,
			images: own.map(({path}) => path),
		};
	});
}

/** `domain`: the one that was asked for; without it, images of no domain are told of the host. */
export function findLeftovers(leftovers: Leftovers, domain: Place | undefined): Finding[] {
	const removeOrphans = removable(leftovers);
	const findings: Finding[] = [];
	const offered = new Set<string>();
	for (const {domain: owner, images} of removeOrphans.values()) {
		for (const {path} of images) {
			offered.add(path);
		}

		findings.push({
			kind: 'orphan',
			severity: 'warning',
			domain: owner,
			text: `Nothing needs ${describe(images)}.`,
			meaning: `${images.length === 1
				? 'It is backed by an image that a snapshot froze, and is named like an overlay of it: a leftover'
				: 'They are backed by images that snapshots froze, and are named like overlays of them: leftovers'} of a revert, a delete or a deleted record. `
				+ 'If somebody kept a state there without a snapshot, it is in such a file; and libvirt\'s own delete may remove its backing file. '
				+ describeRemoval(images, !leftovers.isBlind),
			...(leftovers.isBlind
				? {remedy: 'Some records cannot be read and may need them: repair those first.'}
				: {request: {kind: 'remove-orphans', uuid: owner.uuid, paths: images.map(({path}) => path)}}),
			images: images.map(({path}) => path),
			imageBytes: images.map(({allocatedBytes}) => allocatedBytes),
		});
	}

	const needless = leftovers.others.filter(({path}) => !offered.has(path) && holdersOf(leftovers.graph, path).length === 0);
	findings.push(...findExports(needless, domain, leftovers.isKnownToVirsh));
	const rest = new Map<string, Image[]>();
	for (const image of needless.filter(({path}) => exportedDomain(path) === undefined)) {
		const folder = posix.dirname(image.path);
		rest.set(folder, [...rest.get(folder) ?? [], image]);
	}

	for (const [folder, images] of rest) {
		findings.push({
			kind: 'unused-image',
			severity: 'info',
			...(domain && {domain}),
			text: `In ${folder} no domain and no snapshot${leftovers.isBlind ? ' that can be read' : ''} needs ${describe(images)}.`,
			meaning: `${images.length === 1
				? 'It may be a backup, a template, a leftover of another domain, or a disk of one that is defined elsewhere, so it is not offered for removal.'
				: 'They may be backups, templates, leftovers of another domain, or disks of domains that are defined elsewhere, so they are not offered for removal.'} ${describeRemoval(images, false)}`,
			images: images.map(({path}) => path),
			imageBytes: images.map(({allocatedBytes}) => allocatedBytes),
		});
	}

	return findings;
}
