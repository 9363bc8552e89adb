/**
`virsh snapshot-delete` on the demo host, as libvirt 9.0 does it: internal ones with their state, any record with `--metadata`. What it does to the records
below is libvirt's own, and wrong where only a record goes: they then name the image of the snapshot that went.
*/
import {mapDisks, pathOf, readDisks} from '../domain-xml.ts';
import {changeImage} from '../images.ts';
import {firstOf, type Answer} from '../program.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {child, children, mapChildren, mapXml, without, type XmlNode} from '../xml-node.ts';
import type {VirshCall} from './command.ts';
import {descendantsOf, dropMoment, frozenBy, parentOf} from './moments.ts';

export function remove({world, flags, settle, domain}: VirshCall, name: string): Answer {
	const below = flags.has('children') || flags.has('children-only') ? descendantsOf(domain.snapshots, name).reverse() : [];
	const going = flags.has('children-only') ? below : [...below, name];
	const hasMetadataOnly = flags.has('metadata');
	const [problem] = going.flatMap(gone => hasMetadataOnly ? [] : deleteProblem(domain, gone) ?? []);
	return settle(problem, () => {
		for (const deleted of going) {
			if (!hasMetadataOnly) {
				dropTags(world, domain, deleted);
			}

			deleteMetadata(domain, deleted);
		}
	});
}

function deleteProblem(domain: DemoDomain, name: string): string | undefined {
	const record = domain.snapshots.get(name)!;
	const externals = frozenBy(record, 'external').length;
	const open = new Map(readDisks(domain.live).map(({target, path}) => [target, path]));
	const other = frozenBy(record, 'internal').find(({target, path}) => open.get(target) !== path);
	return firstOf(
		[externals > 0, `unsupported configuration: deletion of ${externals} external disk snapshots not supported yet`],
		[
			domain.live !== undefined && other !== undefined,
			`Operation not supported: disk image '${other?.path}' for internal snapshot '${name}' is not the same as disk image currently used by VM`,
		],
	);
}

/** The first of that name in each image; that there is none is no failure. */
function dropTags(world: DemoWorld, domain: DemoDomain, name: string): void {
	for (const {path} of frozenBy(domain.snapshots.get(name)!, 'internal')) {
		const image = world.files.get(path ?? '');
		const deleted = image?.tags.find(({tag}) => tag === name);
		if (image && deleted) {
			changeImage(world, image, {tags: image.tags.filter(tag => tag !== deleted), allocatedBytes: image.allocatedBytes - deleted.memoryBytes});
		}
	}
}

function deleteMetadata(domain: DemoDomain, name: string): void {
	const deleted = domain.snapshots.get(name)!;
	const below = descendantsOf(domain.snapshots, name);
	dropMoment(domain.snapshots, name);
	for (const other of below) {
		domain.snapshots.set(other, withoutOverlaysOf(deleted, domain.snapshots.get(other)!));
	}

	if (domain.currentSnapshot === name) {
		domain.currentSnapshot = parentOf(deleted);
	}
}

/** libvirt takes it that the overlay was merged into what the snapshot froze. */
function withoutOverlaysOf(gone: XmlNode, record: XmlNode): XmlNode {
	const frozen = new Map(children(child(child(gone, 'domain'), 'devices'), 'disk').map(disk => [child(disk, 'target')?.attributes.dev, disk]));
	const overlays = children(child(gone, 'disks'), 'disk').filter(disk => disk.attributes.snapshot === 'external');
	const replaced = new Map(overlays.map(disk => [pathOf(disk), frozen.get(disk.attributes.name)]));
	const isCutOut = (node: XmlNode) => node.name === 'backingStore' && replaced.has(pathOf(node));
	const change = (domain: XmlNode) => mapDisks(domain, disk => {
		const instead = replaced.get(pathOf(disk));
		return instead
			? mapChildren(without(disk, 'backingStore'), part => ['source', 'driver'].includes(part.name) ? child(instead, part.name) ?? part : part)
			: mapXml(disk, part => mapChildren(part, below => isCutOut(below) ? children(below, 'backingStore') : below));
	});
	return mapChildren(record, part => ['domain', 'inactiveDomain'].includes(part.name) ? change(part) : part);
}
