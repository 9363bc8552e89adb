/**
What a disk is on, of the kinds that plans work with. All tests of libvirt's `type` of a disk's source that planners need stand here.
*/
import type {Disk} from '../../model/domain/domain.ts';

export type Storage = {kind: 'file' | 'block-device'; path: string};

type Source = Pick<Disk, 'sourceType' | 'sourcePath'>;

const kinds: Record<string, Storage['kind']> = {file: 'file', block: 'block-device'};

/** Undefined: on nothing, or on something that has no path on this host (a pool volume, the network, a vhost-user socket). */
export function storageOf({sourceType, sourcePath: path}: Source): Storage | undefined {
	const kind = kinds[sourceType];
	return kind === undefined || path === undefined ? undefined : {kind, path};
}

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
