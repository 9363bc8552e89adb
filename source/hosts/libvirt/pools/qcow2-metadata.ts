/**
What stands in a qcow2 image beside the guest's data, read from its bytes: libvirt hands out the bytes of a volume, but of the names in them tells only some.
The layout is that of QEMU's docs/interop/qcow2.txt.
*/
import type {Buffer} from 'node:buffer';

type Tag = {name: string; memoryBytes: number; createdAt: number};

type Bitmap = {name: string; granularityBytes: number; flags: string[]};

/** Where a table begins that stands elsewhere in the file; `count`: of its entries. */
type TableAt = {offset: number; count: number};

export type Qcow2Header = {
	version: number;
	backingName: string | undefined;
	backingFormat: string | undefined;
	dataFileName: string | undefined;
	clusterSizeBytes: number;
	virtualSizeBytes: number;
	isEncrypted: boolean;
	hasSubclusters: boolean;
	refcountBits: number;
	tags: TableAt;
	bitmaps: TableAt;
};

const backingFormatExtension = 0xE2_79_2A_CA;
const dataFileExtension = 0x44_41_54_41;
const bitmapsExtension = 0x23_85_28_75;
const magic = 0x51_46_49_FB;

const long = (bytes: Buffer, offset: number) => Number(bytes.readBigUInt64BE(offset));
const padded = (length: number) => Math.ceil(length / 8) * 8;

/** Undefined: these are not the first bytes of a qcow2 image, or too few. */
export function parseHeader(bytes: Buffer): Qcow2Header | undefined {
	if (bytes.length < 104 || bytes.readUInt32BE(0) !== magic) {
		return undefined;
	}

	const version = bytes.readUInt32BE(4);
	const features = version < 3 ? 0 : long(bytes, 72) % 32;
	const header: Qcow2Header = {
		version,
		backingName: undefined,
		backingFormat: undefined,
		dataFileName: undefined,
		clusterSizeBytes: 2 ** bytes.readUInt32BE(20),
		virtualSizeBytes: long(bytes, 24),
		isEncrypted: bytes.readUInt32BE(32) !== 0,
		hasSubclusters: features >= 16,
		refcountBits: version < 3 ? 16 : 2 ** bytes.readUInt32BE(96),
		tags: {offset: long(bytes, 64), count: bytes.readUInt32BE(60)},
		bitmaps: {offset: 0, count: 0},
	};
	const [backingOffset, backingLength] = [long(bytes, 8), bytes.readUInt32BE(16)];
	if (backingOffset > 0) {
		if (backingOffset + backingLength > bytes.length) {
			return undefined;
		}

		header.backingName = bytes.toString('utf8', backingOffset, backingOffset + backingLength);
	}

	const textAt = (at: number, length: number) => bytes.toString('utf8', at, at + length);
	for (let at = version < 3 ? 72 : bytes.readUInt32BE(100); at + 8 <= bytes.length; at += 8 + padded(bytes.readUInt32BE(at + 4))) {
		const [kind, length] = [bytes.readUInt32BE(at), bytes.readUInt32BE(at + 4)];
		if (kind === 0 || at + 8 + length > bytes.length) {
			break;
		}

		switch (kind) {
			case backingFormatExtension: {
				header.backingFormat = textAt(at + 8, length);
				break;
			}

			case dataFileExtension: {
				header.dataFileName = textAt(at + 8, length);
				break;
			}

			case bitmapsExtension: {
				header.bitmaps = {count: bytes.readUInt32BE(at + 8), offset: long(bytes, at + 24)};
				break;
			}

			default:
		}
	}

	return header;
}

/** Undefined where the bytes end before the table does. */
export function parseTags(bytes: Buffer, count: number): Tag[] | undefined {
	const tags: Tag[] = [];
	for (let at = 0; tags.length < count;) {
		if (at + 40 > bytes.length) {
			return undefined;
		}

		const [idLength, nameLength, extraLength] = [bytes.readUInt16BE(at + 12), bytes.readUInt16BE(at + 14), bytes.readUInt32BE(at + 36)];
		const nameAt = at + 40 + extraLength + idLength;
		if (nameAt + nameLength > bytes.length) {
			return undefined;
		}

		tags.push({
			name: bytes.toString('utf8', nameAt, nameAt + nameLength),
			memoryBytes: extraLength >= 8 ? long(bytes, at + 40) : bytes.readUInt32BE(at + 32),
			createdAt: bytes.readUInt32BE(at + 16),
		});
		at += padded(40 + extraLength + idLength + nameLength);
	}

	return tags;
}

/** The same of the bitmaps. */
export function parseBitmaps(bytes: Buffer, count: number): Bitmap[] | undefined {
	const bitmaps: Bitmap[] = [];
	for (let at = 0; bitmaps.length < count;) {
		if (at + 24 > bytes.length) {
			return undefined;
		}

		const [flags, nameLength, extraLength] = [bytes.readUInt32BE(at + 12), bytes.readUInt16BE(at + 18), bytes.readUInt32BE(at + 20)];
		const nameAt = at + 24 + extraLength;
		if (nameAt + nameLength > bytes.length) {
			return undefined;
		}

		bitmaps.push({
			name: bytes.toString('utf8', nameAt, nameAt + nameLength),
			granularityBytes: 2 ** bytes.readUInt8(at + 17),
			flags: [...(flags % 2 === 1 ? ['in-use'] : []), ...(flags % 4 >= 2 ? ['auto'] : [])],
		});
		at += padded(24 + extraLength + nameLength);
	}

	return bitmaps;
}
