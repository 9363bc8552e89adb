/**
Changing an XML document without losing what is not understood: order, unknown elements, comments and the spelling of entities stay. Because
entities are not decoded, whatever is put in has to be escaped here.
*/
import {XMLBuilder, XMLParser, XMLValidator} from 'fast-xml-parser';
import {fail, succeed, type Result} from '../result.ts';
import {decodeEntities, isWhole, rootNameOf} from './read-xml.ts';

/** One key is the element's name, and holds its children; ':@' holds the attributes, '#text' a piece of text. */
export type XmlItem = {
	[element: string]: XmlItem[] | Record<string, string> | string | undefined;
	':@'?: Record<string, string>;
	'#text'?: string;
};

const shared = {
	preserveOrder: true,
	processEntities: false,
	ignoreAttributes: false,
	attributeNamePrefix: '',
	commentPropName: '#comment',
	cdataPropName: '#cdata',
	maxNestedTags: 4096,
} as const;

const createParser = () => new XMLParser({...shared, parseTagValue: false, parseAttributeValue: false, trimValues: false});
// eslint-disable-next-line @typescript-eslint/no-deprecated -- its successors are the same code as packages of their own
const createBuilder = () => new XMLBuilder({...shared, format: false, suppressEmptyNode: true, suppressBooleanAttributes: false});

/** What XML 1.0 cannot hold, not even escaped. */
const unspeakable = /[\0-\u{8}\u{B}\u{C}\u{E}-\u{1F}\uFFFE\uFFFF]/u;

const escapes: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\'': '&apos;', '\n': '&#10;', '\r': '&#13;', '\t': '&#9;'};

/** For an attribute: also line ends and tabs, which a parser would turn into blanks. */
export function escapeAttribute(text: string): string {
	return text.replaceAll(/[&<>"'\n\r\t]/g, character => escapes[character]!);
}

/** As libvirt writes all text: it leaves line ends and tabs as they are, and escapes quotes everywhere. */
export function escapeAsLibvirt(text: string): string {
	return text.replaceAll(/[&<>"']/g, character => escapes[character]!);
}

export function escapeText(text: string): string {
	return text.replaceAll(/[&<>\r]/g, character => escapes[character]!);
}

/** Fails with `unreadable` where a text holds characters that no XML document can hold. */
export function checkText(what: string, text: string): Result<void> {
	return unspeakable.test(text) ? fail({kind: 'unreadable', what, reason: 'it holds control characters, which XML cannot express'}) : succeed(undefined);
}

/** The name of an item's element; '#text', '#comment' or '#cdata' for what is none. */
export function nameOf(item: XmlItem): string {
	return Object.keys(item).find(key => key !== ':@') ?? '';
}

export function contentOf(item: XmlItem): XmlItem[] {
	const content = item[nameOf(item)];
	return Array.isArray(content) ? content : [];
}

export function findAll(items: readonly XmlItem[], name: string): XmlItem[] {
	return items.filter(item => nameOf(item) === name);
}

export function find(items: readonly XmlItem[], ...path: string[]): XmlItem | undefined {
	let found: XmlItem | undefined;
	let level = items;
	for (const name of path) {
		found = level.find(item => nameOf(item) === name);
		level = found === undefined ? [] : contentOf(found);
	}

	return found;
}

export function element(name: string, attributes: Record<string, string>, content: XmlItem[] = []): XmlItem {
	const escaped = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, escapeAttribute(value)]));
	return {[name]: content, ':@': escaped};
}

/** Takes the items out for which `isWanted` does not hold, with the white space before them. Where no element is left, no white space is either. */
export function keepOnly(items: XmlItem[], isWanted: (item: XmlItem) => boolean): XmlItem[] {
	const kept: XmlItem[] = [];
	for (const item of items) {
		if (isWanted(item)) {
			kept.push(item);
		} else if (kept.length > 0 && kept.at(-1)!['#text']?.trim() === '') {
			kept.pop();
		}
	}

	return kept.every(item => item['#text']?.trim() === '') ? [] : kept;
}

/** The decoded value of an attribute, for comparing. */
export function attribute(item: XmlItem | undefined, name: string): string | undefined {
	const value = item?.[':@'] !== undefined && Object.hasOwn(item[':@'], name) ? item[':@'][name] : undefined;
	return value === undefined ? undefined : decodeEntities(value);
}

/**
Parses, lets `change` work on the root item in place, and writes it again. The declaration before the root goes: the document may be put into
another one.
*/
export function changeXml(xml: string, what: string, rootNames: readonly string[], change: (root: XmlItem) => Result<XmlItem>): Result<string> {
	const rootName = rootNameOf(xml);
	if (rootName === undefined || !rootNames.includes(rootName) || !isWhole(xml, rootName)) {
		return fail({kind: 'unreadable', what, reason: `it is not a whole <${rootNames.join('> or <')}> document`});
	}

	// eslint-disable-next-line @typescript-eslint/no-deprecated -- as above
	const validity = XMLValidator.validate(xml);
	if (validity !== true) {
		return fail({kind: 'unreadable', what, reason: `line ${validity.err.line}: ${validity.err.msg}`});
	}

	const root = find(createParser().parse(xml) as XmlItem[], rootName);
	if (root === undefined) {
		return fail({kind: 'unreadable', what, reason: `there is no <${rootName}>`});
	}

	const changed = change(root);
	return changed.ok ? succeed(`${(createBuilder().build([changed.value])).trimEnd()}\n`) : changed;
}
