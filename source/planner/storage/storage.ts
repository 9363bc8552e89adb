/**
What a disk is on, of the kinds that plans work with. All tests of libvirt's `type` of a disk's source that planners need stand here.
*/
import type {Disk} from '../../model/domain/domain.ts';
import type {DomainDetails, Inventory} from '../../model/domain/inventory.ts';
import type {ImagePlace} from '../../model/images/image.ts';
import {isDevice, type ImageGraph} from '../../model/images/image-graph.ts';
import {isInNetwork} from '../../model/qemu/network-image.ts';
import {blockDeviceAt} from './block-device.ts';
import {fileAt} from './file.ts';
import type {Storage} from './kind.ts';
import {networkAt} from './network.ts';

type Source = Pick<Disk, 'sourceType' | 'sourcePath' | 'sourceVolume'>;

type Site = {graph: ImageGraph; inventory: Pick<Inventory, 'details'>};

const kinds = [fileAt, blockDeviceAt, networkAt];

/** The attributes that name a source in libvirt's XML. */
export const sourceAttributes = kinds.flatMap(at => at('').inXml.attribute ?? []);

/** A volume is what it is on the host. */
const typeOf = ({sourceType, sourceVolume}: Pick<Disk, 'sourceType' | 'sourceVolume'>) => sourceType === 'volume' ? sourceVolume?.kind : sourceType;

/** Undefined: on nothing, or on something that has no name here (in the network by other means than plain NBD, a volume there, a vhost-user socket). */
export function storageOf({sourcePath: path, ...source}: Source): Storage | undefined {
	return path === undefined ? undefined : kinds.map(at => at(path)).find(({kind, inXml}) => inXml.type === typeOf(source) && (kind !== 'network' || isInNetwork(path)));
}

/** Of any image, by its path. */
export const storageAt = (graph: ImageGraph, path: string): Storage => (isInNetwork(path) ? networkAt : (isDevice(graph, path) ? blockDeviceAt : fileAt))(path);

/** The path of a disk that is on an image file; undefined for all others. */
export function filePathOf(disk: Source): string | undefined {
	const storage = storageOf(disk);
	return storage?.kind === 'file' ? storage.path : undefined;
}

/** On an image file, or a drive for media that are files. */
export const isFileBacked = (disk: Source): boolean => typeOf(disk) === 'file';

/** A drive for media with none in it. */
export const isEmptyDrive = ({sourceType, sourcePath}: Source): boolean => sourceType === 'file' && sourcePath === undefined;

/** libvirt's word for what it is on, for people. */
export const storageWord = ({sourceType}: Source): string => sourceType;

/** The images that the domain, or one of its snapshots, names as volumes of pools. */
export function volumesOf({domain, snapshots}: DomainDetails): Array<{path: string; pool: string; volume: string}> {
	const disks = [domain.definition, domain.liveDefinition, ...snapshots.map(snapshot => snapshot.domain)].flatMap(definition => definition?.disks ?? []);
	const volumes = disks.flatMap(({sourceVolume, sourcePath: path}) => sourceVolume?.kind === undefined || path === undefined ? [] : [{path, pool: sourceVolume.pool, volume: sourceVolume.volume}]);
	return [...new Map(volumes.map(volume => [volume.path, volume])).values()];
}

/** The image as a definition names it: as a volume, where it was one. */
export function placeInXml({graph, inventory: {details}}: Site, {path, format}: {path: string; format: string}): ImagePlace {
	const found = volumesOf(details).find(volume => graph.keyOf(volume.path) === graph.keyOf(path));
	return {path, format, ...(isDevice(graph, path) && !isInNetwork(path) && {isDevice: true}), ...(found && {volume: {pool: found.pool, volume: found.volume}})};
}
