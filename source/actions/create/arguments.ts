import {fail, succeed} from '../../model/result.ts';
import type {CliSpec, RawOptions} from '../spec.ts';
import {readSnapshotDocument} from './document.ts';
import {parseDiskOptions, parseMemoryOption} from './disk-options.ts';

const textOf = (raw: RawOptions, name: string) => raw[name] as string | undefined;
const textsOf = (raw: RawOptions, name: string) => (raw[name] ?? []) as string[];

export const cli = {
	usage: 'create <domain> [name]',
	summary: 'take a snapshot; without a name it is called "at-" and the time',
	options: [
		{flags: '--description <text>', summary: 'what it is for'},
		{flags: '--disk-only', summary: 'the disks, without the memory of a running guest'},
		{flags: '--memory <mode>', summary: 'no, internal, external, or external:FILE'},
		{flags: '--disk <disk=mode>', summary: 'DISK=internal, external, external:FILE, no or manual; may be given for each disk', isRepeated: true},
		{flags: '--reuse <disk=way>', summary: 'how its overlay comes to be: DISK=absolute-paths, existing, existing-with-data or no-backing-file', isRepeated: true},
		{flags: '--quiesce', summary: 'let the guest agent freeze the file systems meanwhile'},
		{flags: '--live', summary: 'let the guest run while its memory goes to a file'},
		{flags: '--halt', summary: 'power the domain off afterwards'},
		{flags: '--no-metadata', summary: 'do it, and record nothing'},
		{flags: '--xml <file>', summary: 'a whole <domainsnapshot> as virsh takes it; with <branch> it makes a branch'},
	],
	excludes: [],
	document: {option: 'xml', read: readSnapshotDocument},
	read([snapshot], raw) {
		const description = textOf(raw, 'description');
		const memory = parseMemoryOption(textOf(raw, 'memory'));
		const disks = parseDiskOptions(textsOf(raw, 'disk'), textsOf(raw, 'reuse'));
		if (!memory.ok || !disks.ok) {
			return memory.ok ? disks as typeof disks & {ok: false} : memory;
		}

		const saidByDocument = [snapshot, description, raw.memory, textsOf(raw, 'disk')[0]].some(said => said !== undefined);
		return raw.xml !== undefined && saidByDocument
			? fail({kind: 'usage', message: '--xml excludes NAME, --description, --memory and --disk.', hint: 'The document says these: <name>, <description>, <memory>, <disks>.'})
			: succeed({
				kind: 'create',
				snapshot,
				description,
				memory: memory.value,
				disks: disks.value,
				isDiskOnly: raw.diskOnly === true,
				isQuiesced: raw.quiesce === true,
				isLive: raw.live === true,
				isHalted: raw.halt === true,
				hasNoMetadata: raw.metadata === false,
			});
	},
} satisfies CliSpec<'create'>;
