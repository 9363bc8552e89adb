/**
Which images of the domain are encrypted, and which secret opens each. The header of an image says that it is encrypted; the secret stands in definitions alone: in
the domain's, in those of its snapshots, and in the chains that they record.
*/
import type {Disk, Encryption} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {chainOf, imageAt, type ImageGraph} from '../../model/images/image-graph.ts';
import type {Capabilities} from '../hypervisor/capabilities.ts';
import {storageAt} from '../storage/storage.ts';

type Site = {graph: ImageGraph; inventory: Pick<Inventory, 'details'>};

/** A layer of a chain, as QEMU opens it. */
export type Layer = {path: string; format: string; driver: string; encryption?: Encryption};

type Keys = {
	/** Undefined: the image is not encrypted. */
	encryptionOf: (path: string) => Encryption | undefined;
	/** The image and those below it, from the top down. */
	layersOf: (path: string) => Layer[];
};

function encryptionsIn(disk: Disk): Array<[string, Encryption]> {
	const layers = [{path: disk.sourcePath, encryption: disk.encryption}, ...disk.recordedChain?.layers ?? []];
	return layers.flatMap(({path, encryption}) => path === undefined || encryption === undefined ? [] : [[path, encryption]]);
}

/** What definitions say, by the key of the image: those of today first. */
function recordedEncryptions({graph, inventory: {details}}: Site): Map<string, Encryption> {
	const {domain, snapshots} = details;
	const found = new Map<string, Encryption>();
	for (const definition of [domain.liveDefinition, domain.definition, ...snapshots.map(snapshot => snapshot.domain)]) {
		for (const [path, encryption] of (definition?.disks ?? []).flatMap(disk => encryptionsIn(disk))) {
			if (!found.has(graph.keyOf(path))) {
				found.set(graph.keyOf(path), encryption);
			}
		}
	}

	return found;
}

/** An image of which nobody says the secret: layers of one disk mostly have the same, so it is that of the nearest one, below or above. Whether it fits shows before anything is changed. */
function neighbouring(graph: ImageGraph, recorded: ReadonlyMap<string, Encryption>, path: string): Encryption | undefined {
	const below = chainOf(graph, path).find(link => recorded.has(graph.keyOf(link)));
	const open = [graph.keyOf(path)];
	const seen = new Set(open);
	for (let key = below === undefined ? open.shift() : undefined; key !== undefined; key = open.shift()) {
		for (const overlay of graph.nodes.get(key)?.overlays ?? []) {
			if (recorded.has(overlay)) {
				return recorded.get(overlay);
			}

			if (!seen.has(overlay)) {
				seen.add(overlay);
				open.push(overlay);
			}
		}
	}

	return below === undefined ? undefined : recorded.get(graph.keyOf(below));
}

/** Nothing is looked for before a path is asked for: mostly no image of a domain is encrypted. */
export function keysOf(site: Site): Keys {
	const {graph} = site;
	let recorded: Map<string, Encryption> | undefined;
	const encryptionOf = (path: string): Encryption | undefined => {
		recorded ??= recordedEncryptions(site);
		const known = recorded.get(graph.keyOf(path));
		return known !== undefined || !imageAt(graph, path)?.isEncrypted ? known : neighbouring(graph, recorded, path) ?? {format: 'luks'};
	};

	return {
		encryptionOf,
		layersOf: path => chainOf(graph, path).map((link): Layer => {
			const encryption = encryptionOf(link);
			const format = imageAt(graph, link)?.format ?? 'qcow2';
			return {path: link, format: format === 'raw' && encryption ? 'luks' : format, driver: storageAt(graph, link).driver, ...(encryption && {encryption})};
		}),
	};
}

/** The secret of the first layer that is encrypted: what lies on such a chain is encrypted with the same. */
export const secretOn = (layers: readonly Layer[]): Encryption | undefined => layers.find(({encryption}) => encryption !== undefined)?.encryption;

/** Whether the passphrase of this disk can be asked for. */
export const isOpened = ({can}: {can: Pick<Capabilities, 'opensEncrypted'>}, {encryption}: Pick<Disk, 'encryption'>): boolean => can.opensEncrypted && encryption?.secret !== undefined;
