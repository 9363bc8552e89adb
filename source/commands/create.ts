/**
`create`: a new snapshot, asked for by options or by a `<domainsnapshot>` in a file.
*/
import {readFile} from 'node:fs/promises';
import type {CreateAction, DiskWish, Wish} from '../model/action.ts';
import {defaultSnapshotName} from '../model/defaults.ts';
import {fail, type Result, succeed} from '../model/result.ts';
import {branchWish, readSnapshotWish, type SnapshotWish} from '../model/xml/read-request.ts';
import {actOnDomain, type ActOptions, type Completing} from './act.ts';
import {sayFailure, type CommandContext} from './context.ts';

/** As typed. With `xmlPath` the document says what the other fields leave open. */
export type CreateOptions = Pick<CreateAction, 'description' | 'memory' | 'disks' | 'isDiskOnly' | 'isQuiesced' | 'isLive' | 'isHalted' | 'hasNoMetadata'> & {
	domain: string;
	/** Undefined: it is named by the time. */
	snapshot: string | undefined;
	xmlPath: string | undefined;
	mode: ActOptions['mode'];
};

async function readDocument(path: string): Promise<Result<SnapshotWish>> {
	let xml: string;
	try {
		xml = await readFile(path, 'utf8');
	} catch (error) {
		return fail({kind: 'usage', message: `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`});
	}

	return readSnapshotWish(xml);
}

/** How overlays come to be is said on the command line alone: libvirt's document has no word for it. */
function withReuse(disks: DiskWish[], reuses: DiskWish[]): DiskWish[] {
	const merged = disks.map(disk => ({...disk, ...reuses.filter(({target}) => target === disk.target).map(({reuse}) => ({reuse}))[0]}));
	return [...merged, ...reuses.filter(({target}) => !disks.some(disk => disk.target === target))];
}

async function completeWish(options: CreateOptions, document: SnapshotWish | undefined, {uuid, readNaming}: Completing): Promise<Result<Wish>> {
	const {domain, snapshot, xmlPath, mode, ...asked} = options;
	const name = document === undefined ? snapshot : document.name;
	const naming = name === undefined || document?.branch !== undefined ? await readNaming() : undefined;
	if (naming && !naming.ok) {
		return naming;
	}

	const made: Wish = {kind: 'create', uuid, snapshot: name ?? defaultSnapshotName(naming!.value), ...asked};
	if (document === undefined) {
		return succeed(made);
	}

	const {description, memory, disks, branch} = document;
	return succeed(branch === undefined
		? {...made, description, memory, disks: withReuse(disks, asked.disks)}
		: branchWish({...document, branch}, {uuid, naming: naming!.value}));
}

/** Gives the exit code. */
export async function createSnapshot(context: CommandContext, options: CreateOptions): Promise<number> {
	const document = options.xmlPath === undefined ? undefined : await readDocument(options.xmlPath);
	if (document && !document.ok) {
		return sayFailure(context, document.failure);
	}

	return actOnDomain(context, {domain: options.domain, wishFor: async completing => completeWish(options, document?.value, completing), mode: options.mode});
}
