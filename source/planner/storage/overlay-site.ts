/**
Where a new overlay goes: beside the image that it is made on. A device has no such place: there it goes where the person said, or where the domain's overlays on
it are already. libvirt chooses none and refuses.
*/
import {posix} from 'node:path';
import type {Blocker} from '../../model/failure.ts';
import {chainOf, overlaysOf} from '../../model/images/image-graph.ts';
import {isInNetwork} from '../../model/qemu/network-image.ts';
import type {PlanContext} from '../context.ts';
import {storageAt} from './storage.ts';

type Based = {target: string; basePath: string};

/** The folder of an overlay on the image that the domain, or one of its snapshots, needs. */
function folderInUse(context: PlanContext, basePath: string): string | undefined {
	const {graph, pins, uuid} = context;
	const needed = new Set(pins.filter(pin => pin.domainUuid === uuid).flatMap(pin => chainOf(graph, pin.path).map(path => graph.keyOf(path))));
	const overlay = overlaysOf(graph, basePath).find(path => needed.has(graph.keyOf(path)) && storageAt(graph, path).stem !== undefined);
	return overlay === undefined ? undefined : posix.dirname(overlay);
}

/** What the path of the overlay begins with. `folder`: the one that was named for disks that have none. Undefined: nobody has said where. */
export function overlayStem(context: PlanContext, {target, basePath}: Based, folder?: string): string | undefined {
	const {stem} = storageAt(context.graph, basePath);
	if (stem !== undefined) {
		return stem;
	}

	const other = folder ?? folderInUse(context, basePath);
	return other === undefined ? undefined : posix.join(other, `${context.inventory.details.domain.name}.${target}`);
}

/** For the person, where there is no stem. */
export function noFolderFor(target: string, path: string): Blocker {
	return {
		kind: 'not-a-file',
		text: `${target} is on ${isInNetwork(path) ? 'the image' : 'the device'} ${path}, which has no folder for an overlay.`,
		remedy: 'Name a folder for it: --overlay-folder FOLDER.',
	};
}
