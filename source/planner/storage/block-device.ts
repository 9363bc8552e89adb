/**
An image within a block device: a logical volume, a partition, a whole disk. The file system of its node says nothing of its room; the image cannot outgrow it,
and how far it is filled is not known, so it has to fit whole.
*/
import {imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {Storage} from './kind.ts';

/** What a qcow2 image of this virtual size takes at most: its data and tables, generously. A raw one takes its size. */
function fullBytes({format, virtualSizeBytes}: Image): number {
	return format === 'raw' ? virtualSizeBytes : Math.ceil(virtualSizeBytes * 1.002) + (4 * 1024 * 1024);
}

export function blockDeviceAt(path: string): Storage {
	return {
		kind: 'block-device',
		path,
		inXml: {type: 'block', attribute: 'dev'},
		driver: 'host_device',
		stem: undefined,
		removal: undefined,
		showsWrites: false,
		room({graph}) {
			const image = imageAt(graph, path);
			return image && {
				pool: path,
				bytes: fullBytes(image),
				isTotal: true,
				freeBytes: image.allocatedBytes,
				lack: bytes => ({
					kind: 'no-space',
					text: `The image inside the block device ${path} may grow to ${formatBytes(bytes)}, but the device has only ${formatBytes(image.allocatedBytes)}.`,
					remedy: 'Make the device larger (lvextend, for a logical volume), then try again.',
				}),
			};
		},
	};
}
