/**
What `qemu-img info` and `head` would say of images, by libvirt's pools.
*/
import {succeed, type Result} from '../../../model/result.ts';
import {resolveBackingPath} from '../../../tools/files/backing-name.ts';
import {
	failed, isElsewhere, said, type Answer, type Look,
} from './answer.ts';
import type {Inside} from './pool-files.ts';

type Told = Record<string, unknown>;

/** As `qemu-img info --output=json` puts it. */
function tellInside({header, tags, bitmaps}: Inside): Told {
	const {virtualSizeBytes, clusterSizeBytes, backingName, backingFormat, isEncrypted, version, refcountBits, hasSubclusters, dataFileName} = header;
	return {
		format: 'qcow2',
		'virtual-size': virtualSizeBytes,
		'cluster-size': clusterSizeBytes,
		...(backingName !== undefined && {'backing-filename': backingName, 'backing-filename-format': backingFormat}),
		...(isEncrypted && {encrypted: true}),
		snapshots: tags.map(({name, memoryBytes, createdAt}) => ({name, 'vm-state-size': memoryBytes, 'date-sec': createdAt})),
		'format-specific': {
			data: {
				compat: version < 3 ? '0.10' : '1.1',
				'refcount-bits': refcountBits,
				'extended-l2': hasSubclusters,
				bitmaps: bitmaps.map(({name, granularityBytes, flags}) => ({name, granularity: granularityBytes, flags})),
				...(dataFileName !== undefined && {'data-file': dataFileName}),
			},
		},
	};
}

/** Undefined: no pool has it. */
async function describe(look: Look, path: string, format: string | undefined): Promise<Result<Told | undefined | 'other-format'>> {
	const volume = await look.volumeAt(path);
	if (!volume.ok || volume.value === undefined) {
		return volume.ok ? succeed(undefined) : volume;
	}

	const {virtualSizeBytes, allocatedBytes, sizeBytes, backing, clusterSizeBytes, isVersion2, hasSubclusters, isEncrypted} = volume.value;
	const whole = {filename: path, 'actual-size': allocatedBytes};
	if (format !== undefined && format !== 'qcow2') {
		return format === 'raw' || format === volume.value.format
			? succeed({...whole, format, 'virtual-size': format === 'raw' ? Math.ceil(sizeBytes / 512) * 512 : virtualSizeBytes})
			: succeed('other-format');
	}

	const inside = await look.files.inside(volume.value);
	if (inside.ok && inside.value !== undefined) {
		return succeed({...whole, ...tellInside(inside.value)});
	}

	if (inside.ok || volume.value.format !== 'qcow2') {
		return succeed('other-format');
	}

	// What is not told there counts for nothing that is done.
	if (!look.files.isReadOnly) {
		return failed(['qemu-img', 'info', path], `qemu-img: Could not open '${path}': ${inside.failure.kind === 'unreadable' ? inside.failure.reason : 'libvirt does not hand out its header'}`);
	}

	return succeed({
		...whole,
		format: 'qcow2',
		'virtual-size': virtualSizeBytes,
		...(clusterSizeBytes !== undefined && {'cluster-size': clusterSizeBytes}),
		...(backing !== undefined && {'backing-filename': backing.path, 'backing-filename-format': backing.format}),
		...(isEncrypted && {encrypted: true}),
		'format-specific': {data: {compat: isVersion2 ? '0.10' : '1.1', 'extended-l2': hasSubclusters}},
	});
}

export const info: Answer = async (look, argv, ran) => {
	const chain: Told[] = [];
	const seen = new Set<string>();
	let format = argv.includes('-f') ? argv[argv.indexOf('-f') + 1] : undefined;
	for (let path: string | undefined = argv.at(-1); path !== undefined;) {
		const image: Awaited<ReturnType<typeof describe>> = seen.has(path) ? succeed(undefined) : await describe(look, path, format);
		if (!image.ok) {
			return image;
		}

		if (image.value === undefined || image.value === 'other-format') {
			return image.value === undefined || chain.length > 0 ? ran : failed(argv, `qemu-img: Could not open '${path}': Image is not in ${format ?? 'qcow2'} format`);
		}

		seen.add(path);
		chain.push(image.value);
		if (!argv.includes('--backing-chain')) {
			return said(JSON.stringify(image.value));
		}

		const name = image.value['backing-filename'] as string | undefined;
		format = image.value['backing-filename-format'] as string | undefined;
		path = name === undefined ? undefined : resolveBackingPath(path, name);
	}

	return said(JSON.stringify(chain));
};

/** The first bytes of files: whether one of them is a qcow2 image. */
export const begin: Answer = async (look, argv, ran) => {
	for (const path of argv.slice(argv.indexOf('--') + 1)) {
		const volume = await look.volumeAt(path);
		if (!volume.ok) {
			return volume;
		}

		if (volume.value?.format === 'qcow2') {
			return said(`${ran.ok ? ran.value.stdout : ''}QFI`);
		}
	}

	return ran.ok || !isElsewhere(ran) ? ran : said('');
};
