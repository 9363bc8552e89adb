/**
What `qemu-img info --output=json` answers, as images.
*/
import type {Image} from '../../model/images/image.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {misfitOf, type Shape} from '../../model/shape.ts';
import {resolveBackingPath} from './backing-name.ts';

/** A place for one passphrase; QEMU tells the iterations of those that are in use. */
type LuksSlot = {iters?: number};

/** One image of `qemu-img info --output=json`, with the names of QEMU. */
type QemuImage = {
	filename?: string;
	format?: string;
	'virtual-size'?: number;
	'actual-size'?: number;
	'cluster-size'?: number;
	'backing-filename'?: string;
	'full-backing-filename'?: string;
	'backing-filename-format'?: string;
	/** Only where it is. */
	encrypted?: boolean;
	snapshots?: Array<{name?: string; 'vm-state-size'?: number; 'date-sec'?: number}>;
	'format-specific'?: {data?: {'data-file'?: string; 'refcount-bits'?: number; compat?: string; 'extended-l2'?: boolean; bitmaps?: Array<{name?: string; granularity?: number; flags?: string[]}>; encrypt?: {slots?: LuksSlot[]}; slots?: LuksSlot[]}};
};

const luksSlots: Shape = {list: {object: {iters: 'number'}}};

/** Of `QemuImage`, as far as it is read. */
const imageShape: Shape = {
	object: {
		filename: 'text',
		format: 'text',
		'virtual-size': 'number',
		'actual-size': 'number',
		'cluster-size': 'number',
		'backing-filename': 'text',
		'full-backing-filename': 'text',
		'backing-filename-format': 'text',
		encrypted: 'boolean',
		snapshots: {list: {object: {name: 'text', 'vm-state-size': 'number'}}},
		'format-specific': {
			object: {
				data: {
					object: {
						bitmaps: {list: {object: {name: 'text', granularity: 'number', flags: {list: 'text'}}}}, 'data-file': 'text', 'refcount-bits': 'number', compat: 'text', encrypt: {object: {slots: luksSlots}}, slots: luksSlots,
					},
				},
			},
		},
	},
};

function iterationsOf({format, 'format-specific': specific}: QemuImage): number | undefined {
	const slots = (format === 'luks' ? specific?.data?.slots : specific?.data?.encrypt?.slots) ?? [];
	const used = slots.flatMap(({iters}) => iters ?? []);
	return used.length === 0 ? undefined : Math.min(...used);
}

function toImage(raw: QemuImage, path: string): Image {
	const backingName = raw['backing-filename'];
	const luksIterations = iterationsOf(raw);
	const backingFormat = raw['backing-filename-format'];
	const dataFileName = raw['format-specific']?.data?.['data-file'];
	return {
		path,
		format: raw.format,
		virtualSizeBytes: raw['virtual-size'] ?? 0,
		allocatedBytes: raw['actual-size'] ?? 0,
		backingPath: backingName === undefined ? undefined : resolveBackingPath(path, backingName),
		backingName,
		backingFormat,
		clusterSizeBytes: raw['cluster-size'],
		internalSnapshots: (raw.snapshots ?? []).map(snapshot => ({tag: snapshot.name ?? '', memoryBytes: snapshot['vm-state-size'] ?? 0, ...(snapshot['date-sec'] !== undefined && {createdAt: snapshot['date-sec']})})),
		bitmaps: (raw['format-specific']?.data?.bitmaps ?? []).map(bitmap => ({
			name: bitmap.name ?? '',
			isUsable: (bitmap.flags?.includes('auto') ?? false) && !bitmap.flags!.includes('in-use'),
			granularityBytes: bitmap.granularity ?? 65_536,
		})),
		...(dataFileName === undefined ? {} : {dataFileName, dataFilePath: resolveBackingPath(path, dataFileName)}),
		...(raw['format-specific']?.data?.['refcount-bits'] === 1 ? {hasNarrowRefcounts: true} : {}),
		...(raw['format-specific']?.data?.compat === '0.10' ? {isVersion2: true} : {}),
		...(raw['format-specific']?.data?.['extended-l2'] === true ? {hasSubclusters: true} : {}),
		...(raw.encrypted === true ? {isEncrypted: true} : {}),
		...(luksIterations === undefined ? {} : {luksIterations}),
		file: undefined,
		problems: backingName !== undefined && backingFormat === undefined ? [{kind: 'backing-format-not-recorded'}] : [],
	};
}

/**
The answer of `qemu-img info --output=json`, with or without `--backing-chain`, as images from the top down. `path` is the name that was asked for; the
names of those below follow from the headers, so that each image bears the name by which its overlay knows it; where a header's name is no path, from what
QEMU made of it.
*/
export function parseImageInfo(stdout: string, path: string): Result<Image[]> {
	const notUnderstood = (reason: string) => fail({kind: 'host-not-understood', what: `What qemu-img says about ${path}`, reason});
	let parsed: QemuImage | QemuImage[];
	try {
		parsed = JSON.parse(stdout) as typeof parsed;
	} catch (error) {
		return notUnderstood(error instanceof Error ? error.message : String(error));
	}

	const misfit = misfitOf(parsed, Array.isArray(parsed) ? {list: imageShape} : imageShape);
	if (misfit !== undefined) {
		return notUnderstood(misfit);
	}

	const images: Image[] = [];
	const chain = Array.isArray(parsed) ? parsed : [parsed];
	for (const [index, raw] of chain.entries()) {
		const image = toImage(raw, images.at(-1)?.backingPath ?? (images.length === 0 ? path : raw.filename ?? ''));
		const opened = chain[index + 1]?.filename;
		const isOpenedByPath = image.backingPath?.startsWith('/') === false && opened?.startsWith('/') === true;
		images.push(isOpenedByPath ? {...image, backingPath: opened} : image);
	}

	return succeed(images);
}
