/**
A `<domain>` with other images under its disks. Everything else stays as it is.
*/
import {succeed, type Result} from '../result.ts';
import {
	attribute, changeXml, checkText, contentOf, element, escapeText, find, findAll, keepOnly, nameOf, type XmlItem,
} from './change-xml.ts';

export type DomainChange = {
	name?: string;
	/** The root element of the result; unchanged where it is not given. */
	rootName?: 'domain';
	/** By the target of the disk. */
	sources: Map<string, {path: string; format: string}>;
};

/** Parts of a `<source>` that belong to the image that was there, and would be wrong for another one. */
const tiedToOldImage = new Set(['host', 'slices', 'reservations', 'snapshot', 'config', 'auth', 'ssl', 'cookies', 'initiator', 'address']);

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

function setDriver(disk: XmlItem, format: string): void {
	const driver = find(contentOf(disk), 'driver');
	if (driver) {
		driver[':@'] = {...driver[':@'], type: format};
	} else {
		insertFirst(contentOf(disk), element('driver', {name: 'qemu', type: format}));
	}
}

function setSource(disk: XmlItem, path: string): void {
	const content = contentOf(disk);
	const source = find(content, 'source');
	const isThereAlready = (attribute(source, 'file') ?? attribute(source, 'dev')) === path;
	if (isThereAlready) {
		return;
	}

	disk[':@'] = {...disk[':@'], type: 'file'};
	const startupPolicy = attribute(source, 'startupPolicy');
	const kept = source === undefined ? [] : keepOnly(contentOf(source), item => !tiedToOldImage.has(nameOf(item)));
	const made = element('source', {file: path, ...(startupPolicy === undefined ? {} : {startupPolicy})}, kept);
	if (source) {
		content[content.indexOf(source)] = made;
	} else {
		const target = find(content, 'target');
		content.splice(target ? content.indexOf(target) : content.length, 0, made);
	}
}

/**
Puts the disks that are listed on other images, as files of the format given; disks that are not listed keep theirs. Fails with `unreadable` where the
document is broken, or where a path or name cannot be expressed in XML.
*/
export function changeDomainXml(xml: string, change: DomainChange): Result<string> {
	for (const text of [change.name ?? '', ...[...change.sources.values()].map(source => source.path)]) {
		const isSpeakable = checkText('A path or name for the XML of a domain', text);
		if (!isSpeakable.ok) {
			return isSpeakable;
		}
	}

	return changeXml(xml, 'The XML of a domain', ['domain', 'inactiveDomain'], root => {
		const content = contentOf(root);
		for (const disk of findAll(contentOf(find(content, 'devices') ?? {}), 'disk')) {
			withoutChain(disk);
			const wanted = change.sources.get(attribute(find(contentOf(disk), 'target'), 'dev') ?? '');
			if (wanted) {
				setSource(disk, wanted.path);
				setDriver(disk, wanted.format);
			}
		}

		const name = find(content, 'name');
		if (change.name !== undefined && name) {
			name.name = [{'#text': escapeText(change.name)}];
		}

		return succeed(change.rootName === undefined ? root : {[change.rootName]: content, ...(root[':@'] ? {':@': root[':@']} : {})});
	});
}
