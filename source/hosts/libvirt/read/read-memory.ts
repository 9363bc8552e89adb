/**
The head of a libvirt memory file (docs/facts/behaviour.md#memory-files): 92 bytes with the magic word, then the domain's XML, then QEMU's stream. Proven here,
before anybody stops a domain: libvirt finds a damaged file only after it has.
*/
import type {MemoryFileFacts} from '../../../model/domain/inventory.ts';
import {
	memoryFormatOf, savedMagic, streamProblem, streamStartBytes, type MemoryFormat,
} from '../../../model/domain/memory-format.ts';
import {quoteForShell} from '../../../model/text/shell-quote.ts';
import {parseDomainXml} from '../../../model/xml/parse-domain.ts';
import {readFileFacts} from '../../../tools/files/files.ts';
import type {Runner} from '../../../tools/run/run.ts';
import {parseHexDump, reasonOf} from '../../shared/read-answers.ts';
import {type Virsh} from '../virsh.ts';

const headerBytes = 92;
const readTimeoutMs = 30_000;

type MemoryHeader =
	/** `format`: its number, and where the lowest byte of that number stands. */
	| {kind: 'good'; xmlBytes: number; format: number; formatAt: number}
	| {kind: 'bad'; reason: string};

/** The first 92 bytes, in the byte order of the host that wrote them. */
export function parseMemoryHeader(bytes: Uint8Array): MemoryHeader {
	if (bytes.length < headerBytes) {
		return {kind: 'bad', reason: `it ends after ${bytes.length} bytes, within its header`};
	}

	const magic = new TextDecoder('latin1').decode(bytes.subarray(0, 16));
	if (magic === 'LibvirtQemudPart') {
		return {kind: 'bad', reason: 'the save that made it was not finished'};
	}

	if (magic !== savedMagic) {
		return {kind: 'bad', reason: 'it is not a memory file of libvirt'};
	}

	const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
	const isLittleEndian = view.getUint32(16, true) < 0x1_00_00;
	const [version, xmlBytes, , format] = [16, 20, 24, 28].map(offset => view.getUint32(offset, isLittleEndian)) as [number, number, number, number];
	return version === 2
		? {kind: 'good', xmlBytes, format, formatAt: isLittleEndian ? 28 : 31}
		: {kind: 'bad', reason: `it has version ${version} of libvirt's format, and only 2 is known`};
}

async function readBytes(runner: Runner, path: string, range: {from: number; count: number}): Promise<Uint8Array | undefined> {
	const answer = await runner({
		argv: ['od', '-An', '-v', '-tx1', '-j', String(range.from), '-N', String(range.count), '--', path],
		where: 'host',
		timeoutMs: readTimeoutMs,
	});
	return answer.ok ? parseHexDump(answer.value.stdout) : undefined;
}

/** 126 and 127: what the shell at the other end of an SSH connection ends with where a program cannot be run, or is not there. */
const notRun = new Set<number | undefined>([undefined, 126, 127]);

/** Whether the program can be run where the images are. libvirt looks for it only when it has stopped the domain. */
async function isInstalled(runner: Runner, program: string): Promise<boolean> {
	const answer = await runner({argv: [program, '--help'], where: 'host', timeoutMs: readTimeoutMs});
	return answer.ok || answer.failure.kind !== 'tool-failed' || !notRun.has(answer.failure.cause.exitCode);
}

type Bad = Extract<MemoryFileFacts, {kind: 'bad'}>;

/** What keeps libvirt from reading the stream, beyond the header. */
async function findStreamProblem(runner: Runner, path: string, given: {format: MemoryFormat; formatAt: number; streamStart: number}): Promise<Pick<Bad, 'reason' | 'remedy'> | undefined> {
	const {format, formatAt, streamStart} = given;
	const start = await readBytes(runner, path, {from: streamStart, count: streamStartBytes});
	const problem = streamProblem(format, start ?? new Uint8Array());
	if (problem !== undefined) {
		return {
			reason: problem.reason,
			...(problem.isMislabeled && {
				remedy: `Correct its header: printf '\\0' | dd of=${quoteForShell(path)} bs=1 seek=${formatAt} conv=notrunc; or revert with --shutoff: then only the disks are reverted.`,
			}),
		};
	}

	const {decompressor} = format;
	return decompressor === undefined || await isInstalled(runner, decompressor.program)
		? undefined
		: {
			reason: `it is compressed with ${decompressor.program}, which cannot be run on the host`,
			remedy: `Install it there (Debian and Ubuntu: ${decompressor.package}), or revert with --shutoff: then only the disks are reverted.`,
		};
}

/** Everything about the file that can be known without starting QEMU. What keeps it from being read is a reason, never a failure of the whole. */
export async function readMemoryFile(given: {runner: Runner; virsh: Virsh; path: string; secrets: string[]}): Promise<MemoryFileFacts> {
	const {runner, virsh, path, secrets} = given;
	const bad = (reason: string): Bad => ({kind: 'bad', path, reason});
	const facts = await readFileFacts(runner, [path]);
	const file = facts.ok ? facts.value.get(path) : undefined;
	if (!file) {
		return {kind: 'bad', path, reason: 'it does not exist, or may not be read', isUnseen: true};
	}

	const bytes = await readBytes(runner, path, {from: 0, count: headerBytes});
	if (!bytes) {
		return bad('it cannot be read');
	}

	const header = parseMemoryHeader(bytes);
	if (header.kind === 'bad') {
		return bad(header.reason);
	}

	const streamStart = headerBytes + header.xmlBytes;
	if (file.sizeBytes <= streamStart) {
		return bad('it ends before the memory begins');
	}

	const format = memoryFormatOf(header.format);
	if (format === undefined) {
		return bad(`its memory has the format ${header.format}, which is not known here`);
	}

	const problem = await findStreamProblem(runner, path, {format, formatAt: header.formatAt, streamStart});
	if (problem !== undefined) {
		return {kind: 'bad', path, ...problem};
	}

	const xml = await virsh.askOne(['save-image-dumpxml', '--file', path, ...secrets]);
	if (!xml.ok) {
		return bad(reasonOf(xml.failure));
	}

	const definition = parseDomainXml(xml.value);
	return definition.ok
		? {
			kind: 'good', path, sizeBytes: file.sizeBytes, definition: definition.value, domainXml: xml.value, modifiedAt: file.modifiedAt, format,
		}
		: bad(reasonOf(definition.failure));
}
