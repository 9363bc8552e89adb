/**
A note in the `<metadata>` of a domain whose disks came from a backup: since then it is backed by no snapshot that is older, though libvirt still calls one of them the current
one. It names the domain, so that a copy elsewhere says nothing. Snapshots that are made later have it in their records, and a revert brings it back or takes it away.
*/
import {element, type XmlItem} from './change-xml.ts';
import {setNote} from './left-images.ts';

export const restoredElement = 'vsnap:restored';
const namespace = 'urn:vsnap-tui:restored:1';

/** In Unix seconds. `metadataXml`: what stands between the tags of `<metadata>`. */
export function parseRestoredNote(metadataXml: string | undefined, uuid: string): number | undefined {
	if (!metadataXml?.includes(`<${restoredElement}`)) {
		return undefined;
	}

	const note = new RegExp(String.raw`<${restoredElement}\s[^<>]*>`, 'u').exec(metadataXml)?.[0] ?? '';
	const [, at] = /\sat=["'](\d{1,12})["']/.exec(note) ?? [];
	return at !== undefined && new RegExp(String.raw`\sdomain=["']${uuid}["']`, 'u').test(note) ? Number(at) : undefined;
}

/** `domain`: the root of a definition. */
export function setRestoredNote(domain: XmlItem, {at, uuid}: {at: number; uuid: string}): void {
	setNote(domain, restoredElement, element(restoredElement, {'xmlns:vsnap': namespace, at: String(at), domain: uuid}));
}
