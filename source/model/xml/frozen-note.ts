/**
A note in the `<metadata>` of a running domain while a snapshot is taken with its file systems frozen. libvirt copies it into the record, which by itself does not say
whether they were. It names the snapshot and the domain, so that a copy elsewhere says nothing.
*/
import {element, type XmlItem} from './change-xml.ts';
import {setNote} from './left-images.ts';
import {decodeEntities} from './read-xml.ts';

export const frozenElement = 'vsnap:frozen';
export const frozenNamespace = 'urn:vsnap-tui:frozen:1';

export type FrozenNote = {snapshot: string; uuid: string};

/** `metadataXml`: what stands between the tags of `<metadata>`. */
export function parseFrozenNote(metadataXml: string | undefined): FrozenNote | undefined {
	if (!metadataXml?.includes(`<${frozenElement}`)) {
		return undefined;
	}

	const note = new RegExp(String.raw`<${frozenElement}\s[^<>]*>`, 'u').exec(metadataXml)?.[0];
	const valueOf = (name: string) => {
		const [, double, single] = new RegExp(String.raw`\s${name}=(?:"([^"]*)"|'([^']*)')`, 'u').exec(note ?? '') ?? [];
		return decodeEntities(double ?? single ?? '');
	};

	return note === undefined ? undefined : {snapshot: valueOf('snapshot'), uuid: valueOf('domain')};
}

/** `domain`: the root of a definition. Undefined takes the note away. */
export function setFrozenNote(domain: XmlItem, note: FrozenNote | undefined): void {
	setNote(domain, frozenElement, note && element(frozenElement, {'xmlns:vsnap': frozenNamespace, snapshot: note.snapshot, domain: note.uuid}));
}
