/**
What a disk is on, of the kinds that plans work with. All tests of libvirt's `type` of a disk's source that planners need stand here.
*/
import type {Disk} from '../../model/domain/domain.ts';
import {isDevice, type ImageGraph} from '../../model/images/image-graph.ts';
import {blockDeviceAt} from './block-device.ts';
import {fileAt} from './file.ts';
import type {Storage} from './kind.ts';

type Source = Pick<Disk, 'sourceType' | 'sourcePath'>;

const kinds = [fileAt, blockDeviceAt];

/** The attributes that name a source in libvirt's XML. */
export const sourceAttributes = kinds.map(at => at('').inXml.attribute);

/** Undefined: on nothing, or on something that has no path on this host (a pool volume, the network, a vhost-user socket). */
export function storageOf({sourceType, sourcePath: path}: Source): Storage | undefined {
	return path === undefined ? undefined : kinds.map(at => at(path)).find(({inXml}) => inXml.type === sourceType);
}

/** Of any image, by its path. */
export const storageAt = (graph: ImageGraph, path: string): Storage => (isDevice(graph, path) ? blockDeviceAt : fileAt)(path);

/** The path of a disk that is on an image file; undefined for all others. */
export function filePathOf(disk: Source): string | undefined {
	const storage = storageOf(disk);
	return storage?.kind === 'file' ? storage.path : undefined;
}

/** On an image file, or a drive for media that are files. */
export const isFileBacked = ({sourceType}: Source): boolean => sourceType === 'file';

/** A drive for media with none in it. */
export const isEmptyDrive = ({sourceType, sourcePath}: Source): boolean => sourceType === 'file' && sourcePath === undefined;

/** libvirt's word for what it is on, for people. */
export const storageWord = ({sourceType}: Source): string => sourceType;
