/**
Reading libvirt's XML: every text stays the string that it is, every child is a list. The parser is lenient, so a document that was cut off is
found out by its closing tag. Documents are changed elsewhere (change-xml.ts): what is read here cannot be written back.
*/
import {XMLParser, XMLValidator} from 'fast-xml-parser';
import {fail, succeed, type Result} from '../result.ts';
import {characters, readPlainXml, type XmlNode} from './plain-xml.ts';

export type {XmlNode} from './plain-xml.ts';

/** Their text stays byte for byte, and costs nothing until somebody wants it. */
const stopNodes = ['domainsnapshot.domain', 'domainsnapshot.inactiveDomain', 'domainsnapshot.cookie', 'domaincheckpoint.domain', 'domain.metadata', 'inactiveDomain.metadata'];
const stopPaths = new Set(stopNodes);

let parser: XMLParser | undefined;
const createParser = () => new XMLParser({
	ignoreAttributes: false,
	attributeNamePrefix: '',
	attributesGroupName: ':@',
	parseTagValue: false,
	parseAttributeValue: false,
	trimValues: false,
	htmlEntities: true,
	ignoreDeclaration: true,
	ignorePiTags: true,
	alwaysCreateTextNode: true,
	// A chain of images is a chain of nested <backingStore>, of 200 at most. The parser takes the longer for each tag the deeper that is.
	maxNestedTags: 1024,
	isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
	stopNodes,
});

/** Throws where it is not XML. */
export function readAnyXml(xml: string): XmlNode {
	parser ??= createParser();
	return parser.parse(xml) as XmlNode;
}

/** Where the first element begins. Declarations, comments and white space before it are skipped, one by one: a single expression would try them in all orders. */
function rootIndexOf(xml: string): number {
	let index = xml.startsWith('\uFEFF') ? 1 : 0;
	for (;;) {
		index += xml.slice(index).length - xml.slice(index).trimStart().length;
		const closing = xml.startsWith('<!--', index) ? '-->' : (xml.startsWith('<?', index) ? '?>' : undefined);
		const end = closing === undefined ? -1 : xml.indexOf(closing, index + 2);
		if (end === -1) {
			return index;
		}

		index = end + closing!.length;
	}
}

/** The name of the first element; undefined where there is none. */
export function rootNameOf(xml: string): string | undefined {
	return /^<([\w:.-]+)/.exec(xml.slice(rootIndexOf(xml)))?.[1];
}

/** Whether the document ends with the closing tag of its root. */
export function isWhole(xml: string, rootName: string): boolean {
	// From the end backwards by hand: as one regular expression, runs of blanks inside the document would take exponential time.
	let rest = xml.trimEnd();
	while (rest.endsWith('-->') && rest.includes('<!--')) {
		rest = rest.slice(0, rest.lastIndexOf('<!--')).trimEnd();
	}

	// The root may have nothing in it: <domainsnapshot/>.
	return rest.endsWith(`</${rootName}>`) || /^<[\w:.-]+(?:\s[^<>]*)?\/>$/.test(rest.slice(rootIndexOf(rest)));
}

/** The root element, which must have one of the names given. `what` names the document in the failure `unreadable`. */
export function readXml(xml: string, what: string, rootNames: readonly string[]): Result<XmlNode> {
	const unreadable = (reason: string) => fail({kind: 'unreadable', what, reason});
	const rootName = rootNameOf(xml);
	if (rootName === undefined || !rootNames.includes(rootName)) {
		return unreadable(`the document does not begin with <${rootNames.join('> or <')}>`);
	}

	if (!isWhole(xml, rootName)) {
		return unreadable(`the document is cut off: it does not end with </${rootName}>`);
	}

	let document: XmlNode;
	try {
		document = readPlainXml(xml, rootIndexOf(xml), stopPaths) ?? readAnyXml(xml);
	} catch (error) {
		return unreadable(error instanceof Error ? error.message : String(error));
	}

	const roots = childrenOf(document, rootName);
	return roots.length === 1 ? succeed(roots[0]!) : unreadable(`there is not exactly one <${rootName}>`);
}

/** What keeps a document that a person wrote from being XML, with its line; undefined: nothing. The reader itself is lenient. */
export function malformationOf(xml: string): string | undefined {
	// eslint-disable-next-line @typescript-eslint/no-deprecated -- It comes with the reader; what would replace it is one more package for the same code.
	const checked = XMLValidator.validate(xml);
	return checked === true ? forbiddenIn(xml) : `line ${checked.err.line}: ${checked.err.msg}`;
}

/** As XML 1.0 has them. */
const isCharacter = (code: number) => code === 9 || code === 10 || code === 13 || (code >= 32 && code < 0xD8_00) || (code >= 0xE0_00 && code < 0xFF_FE) || (code >= 0x1_00_00 && code <= 0x10_FF_FF);

/** What the validator lets through, and libvirt does not, or what would be read otherwise than libvirt reads it. */
function forbiddenIn(xml: string): string | undefined {
	// Nothing is a reference in a comment or a CDATA section; their lines are kept.
	const text = xml.replaceAll(/<!--.*?-->|<!\[CDATA\[.*?\]\]>/gsu, whole => whole.replaceAll(/[^\n]/gu, ' '));
	const at = (index: number, what: string) => `line ${text.slice(0, index).split('\n').length}: ${what}`;
	const doctype = text.search(/<!DOCTYPE/u);
	if (doctype !== -1) {
		return at(doctype, 'a DOCTYPE, which is not read');
	}

	const [, encoding] = /^\uFEFF?<\?xml[^>]*\bencoding\s*=\s*["']([\w.-]+)["']/u.exec(xml) ?? [];
	const strange = [...xml.matchAll(/[^\n\r\t\u0020-\u007E]/gu)].find(({0: character}) => !isCharacter(character.codePointAt(0)!) || character === '\uFFFD');
	if (strange !== undefined) {
		return at(strange.index, strange[0] === '\uFFFD' ? 'bytes that are not UTF-8' : 'a character that XML does not allow');
	}

	if (encoding !== undefined && !/^(?:utf-?8|us-ascii)$/iu.test(encoding) && /[^\u0000-\u007F]/u.test(xml.slice(1))) {
		return `line 1: the encoding ${encoding}, and only UTF-8 is read`;
	}

	for (const {0: whole, 1: hex, 2: decimal, 3: name, index} of text.matchAll(/&(?:#x([\da-fA-F]+)|#(\d+)|([\w.:-]+));/gu)) {
		const isKnown = name === undefined ? isCharacter(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) : Object.hasOwn(characters, name);
		if (!isKnown) {
			return at(index, `${whole}, which XML does not know`);
		}
	}

	return undefined;
}

/** A piece of a document as it was meant. */
export function decodeEntities(text: string): string {
	return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(amp|lt|gt|quot|apos));/giu, (whole, hex?: string, decimal?: string, named?: string) => {
		if (named !== undefined) {
			return characters[named] ?? whole;
		}

		const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
		return code <= 0x10_FF_FF ? String.fromCodePoint(code) : whole;
	});
}

export function childrenOf(node: XmlNode | undefined, name: string): XmlNode[] {
	const children = node?.[name];
	return Array.isArray(children) ? children : [];
}

/** The first child with this name, or the first below a path of names. */
export function childOf(node: XmlNode | undefined, ...path: string[]): XmlNode | undefined {
	let found = node;
	for (const name of path) {
		found = childrenOf(found, name)[0];
	}

	return found;
}

/** Undefined where there is no such element; '' where it is empty. */
export function textOf(node: XmlNode | undefined): string | undefined {
	return node === undefined ? undefined : node['#text'] ?? '';
}

export function attributeOf(node: XmlNode | undefined, name: string): string | undefined {
	const attributes = node?.[':@'];
	return attributes !== undefined && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
}
