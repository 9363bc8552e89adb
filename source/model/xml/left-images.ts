/**
A note in the `<metadata>` of a domain: images that a deleted snapshot froze and that had to stay, because more than one image is backed by them. Without it
nobody could tell them from a template later on, so they would never be collected. libvirt keeps the element as it is, through all its own actions.
*/
import {
	contentOf, element, find, keepOnly, nameOf, type XmlItem,
} from './change-xml.ts';
import {decodeEntities} from './read-xml.ts';

export const leftElement = 'vsnap:left';
const namespace = 'urn:vsnap-tui:left-images:1';

/** The first note of this name, with its tags. From its beginning straight to its end: a pattern for the whole would look for the end from each beginning. */
export function noteIn(xml: string, name: string): string | undefined {
	const start = xml.search(new RegExp(String.raw`<${name}[\s>]`, 'u'));
	const closing = `</${name}>`;
	const end = start === -1 ? -1 : xml.indexOf(closing, start);
	return end === -1 ? undefined : xml.slice(start, end + closing.length);
}

/** `metadataXml`: what stands between the tags of `<metadata>`. A note that names another domain than `uuid` came along with a clone, and is not of its images. */
export function parseLeftImages(metadataXml: string | undefined, uuid: string): string[] {
	if (!metadataXml?.includes(`<${leftElement}`)) {
		return [];
	}

	const note = noteIn(metadataXml, leftElement) ?? '';
	const [, owner] = new RegExp(String.raw`^<${leftElement}[^<>]*\sdomain=["']([^"']*)`, 'u').exec(note) ?? [];
	return owner !== undefined && owner !== uuid ? [] : [...note.matchAll(/<vsnap:image\s+path=(?:"([^"]*)"|'([^']*)')/gu)].map(([, double, single]) => decodeEntities(double ?? single ?? ''));
}

function textIn(item: XmlItem | undefined): string {
	return item === undefined ? '' : contentOf(item).map(part => String(part['#text'] ?? '')).join('');
}

/** Puts one of our notes in the place of those of its name; undefined takes them away. `domain`: the root of a definition. */
export function setNote(domain: XmlItem, name: string, note: XmlItem | undefined): void {
	const content = contentOf(domain);
	const metadata = find(content, 'metadata');
	if (note === undefined && !contentOf(metadata ?? {}).some(item => nameOf(item) === name)) {
		return;
	}

	const others = metadata === undefined ? [] : keepOnly(contentOf(metadata), item => nameOf(item) !== name);
	const notes = note === undefined ? others : [...others, note];
	const made: XmlItem[] = notes.length === 0 ? [] : [{metadata: notes, ...(metadata?.[':@'] && {':@': metadata[':@']})}];
	if (metadata) {
		content.splice(content.indexOf(metadata), 1, ...made);
	} else {
		const before = find(content, 'uuid') ?? find(content, 'name');
		content.splice(before ? content.indexOf(before) + 1 : 0, 0, ...made);
	}
}

/** `domain`: the root of a definition. An empty list takes the note away. */
export function setLeftImages(domain: XmlItem, paths: readonly string[]): void {
	const uuid = textIn(find(contentOf(domain), 'uuid')).trim();
	const attributes = {'xmlns:vsnap': namespace, ...(uuid !== '' && {domain: uuid})};
	setNote(domain, leftElement, paths.length === 0 ? undefined : element(leftElement, attributes, paths.map(path => element('vsnap:image', {path}))));
}
