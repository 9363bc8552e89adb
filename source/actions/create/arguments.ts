/**
What may be typed for a new snapshot: `--memory external:FILE`, `--disk vda=external:FILE`, `--reuse vda=existing`.
*/
import type {CreateAction, DiskRequest} from '../../model/plan/request.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {overlayFolderOption, readOverlayFolder} from '../overlay-folder.ts';
import type {CliSpec, RawOptions} from '../spec.ts';
import {readSnapshotDocument} from './document.ts';

const ways = ['absolute-paths', 'existing', 'existing-with-data', 'no-backing-file'] as const satisfies Array<DiskRequest['reuse']>;

function refuse(message: string, hint: string): Result<never> {
	return fail({kind: 'usage', message, hint});
}

/** `no`, `internal`, `external` or `external:FILE`. Fails with `usage`. */
export function parseMemoryOption(text: string | undefined): Result<CreateAction['memory']> {
	if (text === undefined) {
		return succeed(undefined);
	}

	const [, mode, path] = /^(no|internal|external)(?::(.+))?$/su.exec(text) ?? [];
	if (mode === undefined || (path !== undefined && mode !== 'external')) {
		return refuse(`--memory ${text} is not understood.`, 'It is one of: no, internal, external, external:FILE.');
	}

	return succeed({mode: mode as 'no' | 'internal' | 'external', ...(path === undefined ? {} : {path})});
}

/** Fails with `usage`, also where a disk is named twice. */
export function parseDiskOptions(disks: readonly string[], reuses: readonly string[]): Result<DiskRequest[]> {
	const requests = new Map<string, DiskRequest>();
	for (const text of disks) {
		const [, target, mode, path] = /^(.+?)=(internal|external|no|manual)(?::(.+))?$/su.exec(text) ?? [];
		if (target === undefined || (path !== undefined && mode !== 'external')) {
			return refuse(`--disk ${text} is not understood.`, 'It is DISK= and one of: internal, external, external:FILE, no, manual.');
		}

		if (requests.has(target)) {
			return refuse(`--disk names ${target} twice.`, 'Name each disk once.');
		}

		requests.set(target, {target, mode: mode as DiskRequest['mode'], ...(path === undefined ? {} : {path})});
	}

	const reused = new Set<string>();
	for (const text of reuses) {
		const at = text.lastIndexOf('=');
		const [target, reuse] = [text.slice(0, Math.max(at, 0)), ways.find(known => known === text.slice(at + 1))];
		if (target === '' || reuse === undefined) {
			return refuse(`--reuse ${text} is not understood.`, `It is DISK= and one of: ${ways.join(', ')}.`);
		}

		if (reused.has(target)) {
			return refuse(`--reuse names ${target} twice.`, 'Name each disk once.');
		}

		reused.add(target);
		requests.set(target, {...(requests.get(target) ?? {target, mode: undefined}), reuse});
	}

	return succeed([...requests.values()]);
}

const textOf = (raw: RawOptions, name: string) => raw[name] as string | undefined;
const textsOf = (raw: RawOptions, name: string) => (raw[name] ?? []) as string[];

export const cli = {
	usage: 'create <domain> [name]',
	summary: 'take a snapshot (default name: "at-" and the time)',
	examples: ['create web before-upgrade --description "PHP 8.2 still in place" --yes', 'create web --with db before-upgrade --disk-only --quiesce --yes'],
	options: [
		{flags: '--description <text>', summary: 'what it is for'},
		{flags: '--disk-only', summary: 'the disks, without the memory of a running guest'},
		{flags: '--memory <mode>', summary: 'no, internal, external, or external:FILE'},
		{flags: '--disk <disk=mode>', summary: 'DISK=internal, external, external:FILE, no or manual; may be given for each disk', isRepeated: true},
		{flags: '--reuse <disk=way>', summary: 'how its overlay is made: DISK=absolute-paths, existing, existing-with-data or no-backing-file', isRepeated: true},
		overlayFolderOption,
		{flags: '--quiesce', summary: 'have the guest agent freeze the file systems meanwhile'},
		{flags: '--live', summary: 'keep the guest running while its memory is written to a file'},
		{flags: '--halt', summary: 'power the domain off afterwards, without a shutdown'},
		{flags: '--no-metadata', summary: 'make the files, but record no snapshot'},
		{flags: '--xml <file>', summary: 'a whole <domainsnapshot> document, as for virsh; with <branch> it makes a branch'},
	],
	excludes: [],
	document: {option: 'xml', read: readSnapshotDocument},
	together: given => given.isQuiesced ? {...given, isFrozenApart: true} : given,
	read([snapshot], raw) {
		const description = textOf(raw, 'description');
		const memory = parseMemoryOption(textOf(raw, 'memory'));
		const disks = parseDiskOptions(textsOf(raw, 'disk'), textsOf(raw, 'reuse'));
		const placed = readOverlayFolder(raw);
		if (!memory.ok || !disks.ok || !placed.ok) {
			return [memory, disks, placed].find((read): read is Result<never> & {ok: false} => !read.ok)!;
		}

		const repeatsDocument = [snapshot, description, raw.memory, textsOf(raw, 'disk')[0]].some(option => option !== undefined);
		return raw.xml !== undefined && repeatsDocument
			? fail({kind: 'usage', message: '--xml excludes NAME, --description, --memory and --disk.', hint: 'The document contains these: <name>, <description>, <memory>, <disks>.'})
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
				...placed.value,
			});
	},
	write: ({snapshot, description, memory, disks, isDiskOnly, isQuiesced, isLive, isHalted, hasNoMetadata, overlayFolder}) => ({
		words: [snapshot],
		raw: {
			description,
			memory: memory && [memory.mode, ...memory.path === undefined ? [] : [memory.path]].join(':'),
			disk: disks.filter(({mode}) => mode !== undefined).map(({target, mode, path}) => `${target}=${[mode, ...path === undefined ? [] : [path]].join(':')}`),
			reuse: disks.filter(({reuse}) => reuse !== undefined).map(({target, reuse}) => `${target}=${reuse!}`),
			diskOnly: isDiskOnly,
			quiesce: isQuiesced,
			live: isLive,
			halt: isHalted,
			metadata: !hasNoMetadata,
			overlayFolder,
		},
	}),
} satisfies CliSpec<'create'>;
