/**
Two definitions of one domain beside each other, without what our own actions change in them: the images of the disks and their recorded chains, the generation
id, and our note of images that had to stay. What differs then is of somebody else, or the two describe different machines.
*/
import {
	attribute, changeXml, contentOf, find, nameOf, type XmlItem,
} from './change-xml.ts';
import {leftElement} from './left-images.ts';
import {restoredElement} from './restored-note.ts';

/** Written the same way whatever the order of attributes and the white space are. */
function canonical(item: XmlItem): string {
	const name = nameOf(item);
	if (name === '#text') {
		return item['#text']!.trim();
	}

	const attributes = Object.keys(item[':@'] ?? {}).sort().map(key => ` ${key}=${JSON.stringify(attribute(item, key))}`);
	return `<${name}${attributes.join('')}>${contentOf(item).filter(child => nameOf(child) !== '#comment').map(child => canonical(child)).join('')}</>`;
}

/** A disk is known by where the guest sees it. */
function canonicalDisk(disk: XmlItem): string {
	const target = find(contentOf(disk), 'target');
	return `<disk ${attribute(disk, 'device') ?? 'disk'} ${target === undefined ? '' : canonical(target)}>`;
}

/** By the name of the part, as "<devices>/<interface>"; several of one name together. */
function partsOf(root: XmlItem): Map<string, string> {
	const parts = new Map<string, string[]>();
	const add = (name: string, text: string) => parts.set(name, [...parts.get(name) ?? [], text]);
	for (const item of contentOf(root)) {
		const name = nameOf(item);
		if (name === 'devices') {
			for (const device of contentOf(item).filter(child => !nameOf(child).startsWith('#'))) {
				add(`<devices>/<${nameOf(device)}>`, nameOf(device) === 'disk' ? canonicalDisk(device) : canonical(device));
			}
		} else if (name === 'metadata') {
			for (const note of contentOf(item).filter(child => !nameOf(child).startsWith('#') && ![leftElement, restoredElement].includes(nameOf(child)))) {
				add('<metadata>', canonical(note));
			}
		} else if (!name.startsWith('#') && name !== 'genid') {
			add(`<${name}>`, canonical(item));
		}
	}

	return new Map([...parts].map(([name, texts]) => [name, texts.sort().join('\n')]));
}

function readParts(xml: string): Map<string, string> | undefined {
	let parts: Map<string, string> | undefined;
	const read = changeXml(xml, 'A definition', ['domain', 'inactiveDomain'], root => {
		parts = partsOf(root);
		return {ok: true, value: root};
	});
	return read.ok ? parts : undefined;
}

/** Names of the parts that differ; undefined where one of them cannot be read. */
export function differingParts(xml: string, other: string): string[] | undefined {
	const [parts, others] = [readParts(xml), readParts(other)];
	return parts === undefined || others === undefined
		? undefined
		: [...new Set([...parts.keys(), ...others.keys()])].filter(name => parts.get(name) !== others.get(name));
}
