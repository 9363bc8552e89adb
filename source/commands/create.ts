/**
`create`: a new snapshot, asked for by options or by a `<domainsnapshot>` in a file.
*/
import {readFile} from 'node:fs/promises';
import type {CreateAction, DiskWish, Wish} from '../model/action.ts';
import {fail, type Result, succeed} from '../model/result.ts';
import {branchWish, readSnapshotWish, type SnapshotWish} from '../model/xml/read-request.ts';
import {actOnDomain, type ActOptions} from './act.ts';
import {sayFailure, type CommandContext} from './context.ts';
import {findDomain} from './find-domain.ts';

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

async function readWish(context: CommandContext, options: CreateOptions, timeName: string): Promise<Result<(uuid: string) => Wish>> {
	const {domain, snapshot, xmlPath, mode, ...asked} = options;
	if (xmlPath === undefined) {
		return succeed(uuid => ({kind: 'create', uuid, snapshot: snapshot ?? timeName, ...asked}));
	}

	const document = await readDocument(xmlPath);
	if (!document.ok) {
		return document;
	}

	const {name, description, memory, disks, branch} = document.value;
	if (branch === undefined) {
		return succeed(uuid => ({
			kind: 'create', uuid, snapshot: name ?? timeName, ...asked, description, memory, disks: withReuse(disks, asked.disks),
		}));
	}

	const {owner} = context.world;
	const found = await findDomain(owner, domain);
	const picture = found.ok ? await owner.readPicture(found.value.uuid, {withForeignPins: false}) : found;
	return picture.ok
		? succeed(uuid => branchWish({...document.value, branch}, {uuid, known: picture.value.snapshots.map(known => known.name), timeName}))
		: picture;
}

/** Gives the exit code. */
export async function createSnapshot(context: CommandContext, options: CreateOptions): Promise<number> {
	const timeName = String(Math.floor(context.world.clock.now().getTime() / 1000));
	const wishFor = await readWish(context, options, timeName);
	return wishFor.ok ? actOnDomain(context, {domain: options.domain, wishFor: wishFor.value, mode: options.mode}) : sayFailure(context, wishFor.failure);
}
