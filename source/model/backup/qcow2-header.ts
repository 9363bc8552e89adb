/**
The header of a qcow2 file, as far as it decides what QEMU would open besides: read from its bytes, before anything opens the file as an image.
*/
import type {Buffer} from 'node:buffer';
import {fail, succeed, type Result} from '../result.ts';

export type Qcow2Header = {
	virtualSizeBytes: number;
	/** Where the name of the backing file stands; undefined: there is none. */
	backing: {offset: number; length: number} | undefined;
	/** Its content is in another file, which the header names. */
	hasDataFile: boolean;
	isEncrypted: boolean;
};

/** So many bytes of the beginning are enough for all but the name of the backing file. */
export const headerBytes = 104;
const magic = 0x51_46_49_FB;
/** The longest name that QEMU takes. */
const longestName = 1023;
const dataFileBit = 0b100n;

/** Fails with `unreadable`. */
export function parseQcow2Header(bytes: Buffer, name: string): Result<Qcow2Header> {
	const bad = (reason: string) => fail({kind: 'unreadable', what: name, reason});
	if (bytes.length < headerBytes || bytes.readUInt32BE(0) !== magic) {
		return bad('it is no qcow2 image');
	}

	const version = bytes.readUInt32BE(4);
	if (version !== 2 && version !== 3) {
		return bad(`it is of version ${version} of qcow2`);
	}

	const offset = bytes.readBigUInt64BE(8);
	const length = bytes.readUInt32BE(16);
	if (offset !== 0n && (length > longestName || offset > BigInt(Number.MAX_SAFE_INTEGER))) {
		return bad('the name of its backing file is longer than one can be');
	}

	return succeed({
		virtualSizeBytes: Number(bytes.readBigUInt64BE(24)),
		backing: offset === 0n || length === 0 ? undefined : {offset: Number(offset), length},
		// Version 2 has no bits of features.
		hasDataFile: version === 3 && (bytes.readBigUInt64BE(72) & dataFileBit) !== 0n,
		isEncrypted: bytes.readUInt32BE(32) !== 0,
	});
}
