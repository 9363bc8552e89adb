/**
A `<domain>` with other images under its disks, and in the command line that a bare QEMU is started with. Everything else stays as it is.
*/
import type {ImagePlace} from '../images/image.ts';
import {succeed, type Result} from '../result.ts';
import {changeRecordedCommandLine} from './bare-domain.ts';
import {
	attribute, changeXml, checkText, contentOf, element, escapeText, find, findAll, keepOnly, nameOf, type XmlItem,
} from './change-xml.ts';
import {setCheckpointsNote, type CheckpointsNote} from './checkpoints-note.ts';
import {setFrozenNote, type FrozenNote} from './frozen-note.ts';
import {setLeftImages} from './left-images.ts';
import {setRestoredNote} from './restored-note.ts';
import {namedPath, sourceOf} from './build/source-element.ts';

type DomainChange = {
	name?: string;
	/** The root element of the result; unchanged where it is not given. */
	rootName?: 'domain' | 'inactiveDomain';
	/** By the target of the disk. */
	sources: Map<string, ImagePlace>;
	/** Targets of drives whose medium is taken out. */
	emptied?: readonly string[];
	/** A new `<genid>`, where the document has one: the guest starts from an older state, and is told by it (libvirt does the same when it resumes one). */
	generationId?: string;
	/** What the definition is to say of images that had to stay; undefined: what it says. */
	leftImages?: readonly string[];
	/** Its disks come from a backup, at this time in Unix seconds; undefined: what it says of that stays. */
	restored?: {at: number; uuid: string};
	/** For the record of a snapshot whose file systems were frozen; without it a note of another one goes. */
	frozenNote?: FrozenNote;
	/** For the record of a state that is left; likewise. */
	checkpointsNote?: CheckpointsNote;
};

/** Parts of a `<source>` that belong to the image that was there, and would be wrong for another one. */
const tiedToOldImage = new Set(['host', 'slices', 'dataStore', 'reservations', 'snapshot', 'config', 'auth', 'ssl', 'cookies', 'initiator', 'address']);

/**
`<backingStore>` is removed from every disk: what is left behind beats the headers of the images, and an empty one means that there is no backing
image, so that the guest would read zeros. Without it libvirt follows the headers.
*/
function withoutChain(disk: XmlItem): void {
	disk.disk = keepOnly(contentOf(disk), item => nameOf(item) !== 'backingStore' && nameOf(item) !== 'mirror');
	const source = find(contentOf(disk), 'source');
	if (source?.[':@']) {
		delete source[':@'].index;
	}
}

/** Before the first real child, after the white space, so that the document stays readable. */
function insertFirst(content: XmlItem[], item: XmlItem): void {
	const at = content.findIndex(candidate => nameOf(candidate) !== '#text');
	content.splice(at === -1 ? content.length : at, 0, item);
}

/** libvirt has no format of its own for an image that is encrypted as a whole. */
export const formatInXml = (format: string): string => format === 'luks' ? 'raw' : format;

function setDriver(disk: XmlItem, format: string): void {
	const driver = find(contentOf(disk), 'driver');
	if (driver) {
		driver[':@'] = {...driver[':@'], type: formatInXml(format)};
	} else {
		insertFirst(contentOf(disk), element('driver', {name: 'qemu', type: formatInXml(format)}));
	}
}

const isNamed = (source: XmlItem | undefined, attributes: Record<string, string>) => Object.entries(attributes).every(([name, value]) => attribute(source, name) === value);

function setSource(disk: XmlItem, {path, isDevice = false, volume}: ImagePlace): void {
	const content = contentOf(disk);
	const source = find(content, 'source');
	if (namedPath(source) === path || (volume !== undefined && isNamed(source, volume))) {
		return;
	}

	const named = volume === undefined ? sourceOf({path, isDevice}) : {type: 'volume', attributes: volume, servers: []};
	disk[':@'] = {...disk[':@'], type: named.type};
	const startupPolicy = attribute(source, 'startupPolicy');
	const kept = source === undefined ? [] : keepOnly(contentOf(source), item => !tiedToOldImage.has(nameOf(item)));
	const made = element('source', {...named.attributes, ...(startupPolicy === undefined ? {} : {startupPolicy})}, [...named.servers, ...kept]);
	if (source) {
		content[content.indexOf(source)] = made;
	} else {
		const target = find(content, 'target');
		content.splice(target ? content.indexOf(target) : content.length, 0, made);
	}
}

/**
Puts each disk for which `wantedFor` names an image on that one, and takes the recorded chain out of all of them. The command line of a bare QEMU follows.
`domain`: the element that holds `<devices>`. Fails with `unreadable` where that command line cannot follow.
*/
export function putDisksOn(domain: XmlItem, wantedFor: (target: string, path: string | undefined) => ImagePlace | undefined): Result<void> {
	const moved = new Map<string, ImagePlace>();
	for (const disk of findAll(contentOf(find(contentOf(domain), 'devices') ?? {}), 'disk')) {
		withoutChain(disk);
		const source = find(contentOf(disk), 'source');
		const present = namedPath(source);
		const wanted = wantedFor(attribute(find(contentOf(disk), 'target'), 'dev') ?? '', present);
		if (wanted) {
			if (present !== undefined) {
				moved.set(present, wanted);
			}

			setSource(disk, wanted);
			setDriver(disk, wanted.format);
		}
	}

	return changeRecordedCommandLine(contentOf(domain), moved);
}

/** A drive without a medium has no source (as `virsh change-media --eject` leaves it). */
function emptyDrives(domain: XmlItem, targets: readonly string[]): void {
	for (const disk of findAll(contentOf(find(contentOf(domain), 'devices') ?? {}), 'disk')) {
		if (targets.includes(attribute(find(contentOf(disk), 'target'), 'dev') ?? '')) {
			disk.disk = keepOnly(contentOf(disk), item => nameOf(item) !== 'source');
		}
	}
}

/**
Puts the disks that are listed on other images, as files or block devices of the format given; disks that are not listed keep theirs. Fails with `unreadable` where the
document is broken, or where a path or name cannot be expressed in XML.
*/
export function changeDomainXml(xml: string, change: DomainChange): Result<string> {
	for (const text of [change.name ?? '', ...[...change.sources.values()].flatMap(({path, volume}) => [path, ...Object.values(volume ?? {})]), ...(change.leftImages ?? []), change.frozenNote?.snapshot ?? '']) {
		const checked = checkText('A path or name for the XML of a domain', text);
		if (!checked.ok) {
			return checked;
		}
	}

	return changeXml(xml, 'The XML of a domain', ['domain', 'inactiveDomain'], root => {
		const content = contentOf(root);
		const put = putDisksOn(root, target => change.sources.get(target));
		if (!put.ok) {
			return put;
		}

		emptyDrives(root, change.emptied ?? []);
		if (change.leftImages) {
			setLeftImages(root, change.leftImages);
		}

		setFrozenNote(root, change.frozenNote);
		const noted = setCheckpointsNote(root, change.checkpointsNote);
		if (!noted.ok) {
			return noted;
		}

		if (change.restored) {
			setRestoredNote(root, change.restored);
		}

		const generationId = find(content, 'genid');
		if (change.generationId !== undefined && generationId) {
			generationId.genid = [{'#text': escapeText(change.generationId)}];
		}

		const name = find(content, 'name');
		if (change.name !== undefined && name) {
			name.name = [{'#text': escapeText(change.name)}];
		}

		return succeed(change.rootName === undefined ? root : {[change.rootName]: content, ...(root[':@'] ? {':@': root[':@']} : {})});
	});
}
