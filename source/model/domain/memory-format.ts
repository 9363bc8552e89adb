/**
The kinds of libvirt's memory files, by the number in their header: how the stream after the header begins, which program libvirt runs to read it, and
which libvirt knows the kind. The numbers are libvirt's own and never change.
*/
import {Buffer} from 'node:buffer';

export type MemoryFormat = {
	name: string;
	/** The first bytes of the stream, in hexadecimal. */
	magic: string;
	/** What libvirt reads the stream through, and the Debian package that has it. */
	decompressor?: {program: string; package: string};
	/** The first libvirt that restores it; undefined: all that this program works with. */
	since?: number;
	/** Whether QEMU writes the guest's memory at fixed places of the file (`mapped-ram`); else it is one stream. */
	isMapped?: boolean;
};

/** What a file begins with that libvirt has written to its end. */
export const savedMagic = 'LibvirtQemudSave';

/** QEMU closes its images within moments of the end of the save: one that changed later has been written to by somebody. */
export const closingSeconds = 5;

const qemuStream = '5145564d';

/** Seen on 9.0 (gzip, bzip2, xz), 11.3 and 12.8 (sparse); zstd came with 10.4, sparse with 11.2. */
const formats: readonly MemoryFormat[] = [
	{name: 'raw', magic: qemuStream},
	{name: 'gzip', magic: '1f8b', decompressor: {program: 'gzip', package: 'gzip'}},
	{name: 'bzip2', magic: '425a68', decompressor: {program: 'bzip2', package: 'bzip2'}},
	{name: 'xz', magic: 'fd377a585a00', decompressor: {program: 'xz', package: 'xz-utils'}},
	{name: 'lzop', magic: '894c5a4f', decompressor: {program: 'lzop', package: 'lzop'}},
	{name: 'zstd', magic: '28b52ffd', decompressor: {program: 'zstd', package: 'zstd'}, since: 10_004_000},
	{name: 'sparse', magic: qemuStream, since: 11_002_000, isMapped: true},
];

export function memoryFormatOf(kind: number): MemoryFormat | undefined {
	return formats[kind];
}

/** How many bytes of a stream `streamProblem` wants to see: the name of the capability stands right after that of the machine. */
export const streamStartBytes = 512;

/** The capability that QEMU notes at the beginning of a stream with memory at fixed places. */
const mappedMark = 'mapped-ram';

/**
Why a stream that begins with `start` cannot be of this kind, as the end of a sentence; undefined: it may be. libvirt 11.3 with
`snapshot_image_format = "sparse"` writes an ordinary stream and calls it sparse; `isMislabeled` tells that case, in which the file is whole.
*/
export function streamProblem({name, magic, isMapped = false}: MemoryFormat, start: Uint8Array): {reason: string; isMislabeled: boolean} | undefined {
	const bytes = Buffer.from(start);
	if (!bytes.toString('hex').startsWith(magic)) {
		return {reason: `its header says that the memory is ${name}, but the content is not: the file is damaged`, isMislabeled: false};
	}

	if (magic !== qemuStream || bytes.includes(mappedMark) === isMapped) {
		return undefined;
	}

	return isMapped
		? {reason: 'its header says that the memory is sparse, but it is an ordinary stream, as written by libvirt 11.3: no version of libvirt can resume from it', isMislabeled: true}
		: {reason: 'its header says that the memory is an ordinary stream, but it is sparse', isMislabeled: false};
}
