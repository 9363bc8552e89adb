/**
Images and pins in short, for tests of the graph.
*/
import type {Image} from '../../source/model/images/image.ts';
import type {Pin} from '../../source/model/images/pin.ts';

export function image(path: string, backingPath?: string, more: Partial<Image> = {}): Image {
	return {
		path,
		format: 'qcow2',
		virtualSizeBytes: 1024 ** 3,
		allocatedBytes: 1024 ** 2,
		backingPath,
		backingName: backingPath,
		backingFormat: backingPath === undefined ? undefined : 'qcow2',
		clusterSizeBytes: 65_536,
		internalSnapshots: [],
		bitmaps: [],
		file: {sizeBytes: 200_000, modifiedAt: '1.0', inode: `1:${path}`, uid: 0, gid: 0, mode: 0o600, isRegular: true},
		problems: [],
		...more,
	};
}

export function pin(path: string, hold: Pin['hold'], label = `${hold} of ${path}`, domainUuid = 'own'): Pin {
	return {path, hold, domainUuid, label, snapshot: hold === 'head' ? undefined : label, target: 'vda'};
}
