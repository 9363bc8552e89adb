/**
The head of a memory file that a bare QEMU wrote: its migration stream as it is. What it belongs to stands in the record of its snapshot.
*/
import {Buffer} from 'node:buffer';
import type {MemoryFileFacts} from '../../model/domain/inventory.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import type {Runner} from '../../tools/run/run.ts';
import {parseHexDump} from '../shared/read-answers.ts';

const streamMagic = '5145564d';
const readTimeoutMs = 30_000;

/** What keeps it from being read is a reason, never a failure of the whole. */
export async function readBareMemoryFile(runner: Runner, path: string, snapshots: readonly Snapshot[]): Promise<MemoryFileFacts> {
	const bad = (reason: string): MemoryFileFacts => ({kind: 'bad', path, reason});
	const facts = await readFileFacts(runner, [path]);
	const file = facts.ok ? facts.value.get(path) : undefined;
	if (!file) {
		return {kind: 'bad', path, reason: 'it does not exist, or may not be read', isUnseen: true};
	}

	const start = await runner({argv: ['od', '-An', '-v', '-tx1', '-N', '4', '--', path], where: 'host', timeoutMs: readTimeoutMs});
	if (!start.ok) {
		return bad('it cannot be read');
	}

	if (Buffer.from(parseHexDump(start.value.stdout)).toString('hex') !== streamMagic) {
		return bad('it does not begin like memory saved by QEMU: it is damaged, or something else');
	}

	const snapshot = snapshots.find(({memory}) => memory.mode === 'external' && memory.path === path);
	return snapshot?.domain && snapshot.domainXml !== undefined
		? {
			kind: 'good', path, sizeBytes: file.sizeBytes, definition: snapshot.domain, domainXml: snapshot.domainXml, modifiedAt: file.modifiedAt,
		}
		: bad('no record says which domain it belongs to');
}
