/**
What `qemu-img info --output=json` says of one of the demo host's images, as far as it is read.
*/
import {backingPath, type DemoFile} from '../world.ts';

export function describeImage(file: DemoFile, asRaw: boolean): Record<string, unknown> {
	const {path: filename, backing, tags, bitmaps, virtualSizeBytes, allocatedBytes} = file;
	if (asRaw || file.format === 'raw' || file.kind !== 'image') {
		return {'virtual-size': file.format === 'raw' ? virtualSizeBytes : allocatedBytes, filename, format: 'raw', 'actual-size': allocatedBytes};
	}

	return {
		...(backing?.format === undefined ? {} : {'backing-filename-format': backing.format}),
		...(tags.length === 0 ? {} : {snapshots: tags.map(({tag, atMs, memoryBytes}) => ({name: tag, 'date-sec': Math.floor(atMs / 1000), 'vm-state-size': memoryBytes}))}),
		'virtual-size': virtualSizeBytes,
		filename,
		'cluster-size': 65_536,
		format: 'qcow2',
		'actual-size': allocatedBytes,
		'format-specific': {data: {'refcount-bits': 16, ...(bitmaps.length === 0 ? {} : {bitmaps: bitmaps.map(name => ({flags: ['auto'], name, granularity: 65_536}))})}},
		...(backing ? {'full-backing-filename': backingPath(file), 'backing-filename': backing.name} : {}),
	};
}
