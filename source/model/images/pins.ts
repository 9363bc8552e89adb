/**
What a domain and its snapshots hold of the images (docs/planning.md#images-and-pins). Pure: from records to pins.
*/
import {isWritableMedium, type Disk, type Domain, type DomainDefinition} from '../domain/domain.ts';
import type {Snapshot} from '../domain/snapshot.ts';
import {childrenByParent} from '../domain/tree.ts';
import {isImageName, isInNetwork} from '../qemu/network-image.ts';
import type {Pin} from './pin.ts';

function headPins(domain: Domain, disk: Disk): Pin[] {
	const pin = (path: string | undefined, hold: Pin['hold'], label: string): Pin[] => isImageName(path)
		? [{
			path, hold, domainUuid: domain.uuid, label: `${label} of ${domain.name}`, snapshot: undefined, target: disk.target, ...(disk.shareable && {isShared: true as const}),
		}]
		: [];
	// What the guest writes to a transient disk goes to an overlay that ends with its run; the image that stays is only read.
	return disk.transient === undefined
		// What a domain only reads has to stay as it is, like a frozen image.
		? (isWritableMedium(disk) ? pin(disk.sourcePath, 'head', 'head') : pin(disk.sourcePath, 'content', 'medium'))
		: [...pin(disk.transient.overlayPath, 'head', 'transient overlay'), ...pin(disk.sourcePath, 'content', 'transient disk')];
}

function definitionPins(domain: Domain, definition: DomainDefinition): Pin[] {
	return [
		...definition.disks.flatMap(disk => headPins(domain, disk)),
		...(definition.nvramPath?.startsWith('/')
			? [{path: definition.nvramPath, hold: 'existence' as const, domainUuid: domain.uuid, label: `NVRAM of ${domain.name}`, snapshot: undefined, target: undefined}]
			: []),
	];
}

/**
The images that a snapshot froze are those of its stored `<domain>`. For an external disk, and for one that somebody else takes care of (`manual`), the
content must stay; an internal snapshot lives inside its file, whose active layer goes on being written. A disk that was left out is not held.
*/
function snapshotPins(domain: Domain, snapshot: Snapshot): Pin[] {
	const pins: Pin[] = [];
	for (const disk of snapshot.domain?.disks ?? []) {
		const mode = snapshot.disks.find(candidate => candidate.target === disk.target)?.mode ?? 'no';
		if (isImageName(disk.sourcePath) && mode !== 'no') {
			pins.push({
				path: disk.sourcePath,
				hold: mode === 'internal' ? 'existence' : 'content',
				domainUuid: domain.uuid,
				label: `snapshot ${snapshot.name} of ${domain.name}`,
				snapshot: snapshot.name,
				target: disk.target,
			});
		}
	}

	if (snapshot.memory.mode === 'external') {
		pins.push({path: snapshot.memory.path, hold: 'content', domainUuid: domain.uuid, label: `memory of ${snapshot.name} of ${domain.name}`, snapshot: snapshot.name, target: undefined});
	}

	return pins;
}

/** Heads of the definition that runs and of the one for the next start, NVRAM, frozen images, images with internal snapshots, memory files. */
export function pinsOfDomain(domain: Domain, snapshots: readonly Snapshot[]): Pin[] {
	const heads = [domain.liveDefinition, domain.definition].flatMap(definition => definition === undefined ? [] : definitionPins(domain, definition));
	const seen = new Set<string>();
	const distinct = heads.filter(pin => {
		const key = `${pin.hold} ${pin.target ?? ''} ${pin.path}`;
		return !seen.has(key) && seen.add(key);
	});
	return [...distinct, ...snapshots.flatMap(snapshot => snapshotPins(domain, snapshot))];
}

/** Leaves, then the others from the deepest up: who reads the images in this order reads most of those below along with them. */
function topsFirst(snapshots: readonly Snapshot[]): Snapshot[] {
	const children = childrenByParent(snapshots);
	const ordered = [...children.get(undefined) ?? []];
	// It grows while it is walked.
	for (const {name} of ordered) {
		ordered.push(...children.get(name) ?? []);
	}

	const reached = new Set(ordered);
	const deepestFirst = [...ordered.reverse(), ...snapshots.filter(snapshot => !reached.has(snapshot))];
	const isLeaf = ({name}: Snapshot) => !children.has(name);
	return [...deepestFirst.filter(snapshot => isLeaf(snapshot)), ...deepestFirst.filter(snapshot => !isLeaf(snapshot))];
}

/**
Images that no other one of the domain is backed by, as far as the records tell: the heads, and what the leaves froze. What the current snapshot froze is below a head.
None of them is read along with another, so they may be read at once; where the records mislead, one is read twice.
*/
export function topsOfDomain({liveDefinition, definition}: Domain, snapshots: readonly Snapshot[], currentSnapshot: string | undefined): Set<string> {
	const children = childrenByParent(snapshots);
	const leaves = snapshots.filter(({name}) => name !== currentSnapshot && !children.has(name));
	const disks = [liveDefinition, definition, ...leaves.map(({domain}) => domain)].flatMap(found => found?.disks ?? []);
	return new Set(disks.flatMap(({sourcePath, transient}) => [sourcePath, transient?.overlayPath].filter(path => isImageName(path))));
}

/** The format that the records give for each path, heads first, then from the leaves down. A disk without one is raw, by libvirt's own rule. */
export function formatsOfDomain(domain: Domain, snapshots: readonly Snapshot[]): Map<string, string> {
	const formats = new Map<string, string>();
	const definitions = [domain.liveDefinition, domain.definition, ...topsFirst(snapshots).map(snapshot => snapshot.domain)];
	for (const disk of definitions.flatMap(definition => definition?.disks ?? [])) {
		if (isImageName(disk.transient?.overlayPath)) {
			formats.set(disk.transient.overlayPath, 'qcow2');
		}

		if (isImageName(disk.sourcePath) && !formats.has(disk.sourcePath)) {
			formats.set(disk.sourcePath, disk.format ?? 'raw');
		}

		// Known before anything is opened: a chain that ends in the network is read otherwise.
		for (const {path, format} of disk.recordedChain?.layers ?? []) {
			if (path !== undefined && isInNetwork(path) && !formats.has(path)) {
				formats.set(path, format ?? 'raw');
			}
		}
	}

	return formats;
}
