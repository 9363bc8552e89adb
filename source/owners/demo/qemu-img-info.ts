/**
What `qemu-img info --output=json` says of the demo host's images.
*/
import {say, type Answer} from './answer.ts';
import {writerOf} from './lifecycle.ts';
import {couldNotOpen, missing, type Arguments} from './qemu-img-words.ts';
import {backingPath, readChain, type DemoFile, type DemoWorld} from './world.ts';

export function info(world: DemoWorld, {options, paths}: Arguments): Answer {
	const top = paths[0] ?? '';
	const chain = options.has('--backing-chain') ? readChain(world, top) : {files: [world.files.get(top)].filter(file => file !== undefined), missing: world.files.has(top) ? undefined : top};
	if (chain.missing !== undefined) {
		return missing(chain.missing);
	}

	if (!options.has('-U') && writerOf(world, top)) {
		return couldNotOpen(top, `Failed to get shared "write" lock\nIs another process using the image [${top}]?`);
	}

	const asRaw = options.get('-f') === 'raw';
	if (options.get('-f') === 'qcow2' && (chain.files[0]!.format !== 'qcow2' || chain.files[0]!.kind !== 'image')) {
		return couldNotOpen(top, 'Image is not in qcow2 format');
	}

	const facts = chain.files.map((file, index) => describe(file, asRaw && index === 0));
	return say(`${JSON.stringify(options.has('--backing-chain') ? facts : facts[0], undefined, 4)}\n`);
}

function describe(file: DemoFile, asRaw: boolean): Record<string, unknown> {
	const isRaw = asRaw || file.format === 'raw' || file.kind !== 'image';
	const common = {
		'virtual-size': isRaw && file.format !== 'raw' ? file.allocatedBytes : file.virtualSizeBytes,
		filename: file.path,
		...(isRaw ? {} : {'cluster-size': 65_536}),
		format: isRaw ? 'raw' : 'qcow2',
		'actual-size': file.allocatedBytes,
	};
	return isRaw
		? {...common, 'dirty-flag': false}
		: {
			...(file.backing?.format === undefined ? {} : {'backing-filename-format': file.backing.format}),
			...(file.tags.length === 0 ? {} : {snapshots: file.tags.map((tag, index) => describeTag(tag, index))}),
			...common,
			'format-specific': {
				type: 'qcow2',
				data: {
					compat: '1.1',
					'compression-type': 'zlib',
					'lazy-refcounts': false,
					...(file.bitmaps.length === 0 ? {} : {bitmaps: file.bitmaps.map(name => ({flags: ['auto'], name, granularity: 65_536}))}),
					'refcount-bits': 16,
					corrupt: false,
					'extended-l2': false,
				},
			},
			...(file.backing ? {'full-backing-filename': backingPath(file), 'backing-filename': file.backing.name} : {}),
			'dirty-flag': false,
		};
}

function describeTag(tag: DemoFile['tags'][number], index: number): Record<string, unknown> {
	return {
		icount: 0,
		'vm-clock-nsec': 0,
		name: tag.tag,
		'date-sec': Math.floor(tag.atMs / 1000),
		'date-nsec': 0,
		'vm-clock-sec': 0,
		id: String(index + 1),
		'vm-state-size': tag.memoryBytes,
	};
}
