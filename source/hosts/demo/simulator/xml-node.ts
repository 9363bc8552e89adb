/**
XML as a tree that the demo host keeps, changes and prints the way libvirt prints it. Comments and mixed text are not kept; libvirt drops them too.
*/
import {XMLParser} from 'fast-xml-parser';
import {contentOf, escapeAsLibvirt, find, nameOf, type XmlItem} from '../../../model/xml/change-xml.ts';
import {isWhole} from '../../../model/xml/read-xml.ts';

/** A tree never changes: what is the same in another one is shared with it, and what was read of it stays true. */
export type XmlNode = {
	readonly name: string;
	readonly attributes: Readonly<Record<string, string>>;
	readonly children: readonly XmlNode[];
	readonly text: string;
};

const createParser = () => new XMLParser({
	preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, trimValues: false, htmlEntities: true, maxNestedTags: 4096,
});

let parser: XMLParser | undefined;

type Attributes = Readonly<Record<string, string | undefined>>;

function given(attributes: Attributes): Readonly<Record<string, string>> {
	return (Object.values(attributes).includes(undefined) ? Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) : attributes) as Record<string, string>;
}

/** An element; `content` is its text, or its children without the left-out ones. */
export function element(name: string, attributes: Attributes = {}, content: string | ReadonlyArray<XmlNode | undefined> = []): XmlNode {
	return {
		name,
		attributes: given(attributes),
		children: typeof content === 'string' ? [] : content.filter(child => child !== undefined),
		text: typeof content === 'string' ? content : '',
	};
}

/** An element that is left out where it would have no text. */
export function textElement(name: string, text: string | undefined): XmlNode | undefined {
	return text === undefined ? undefined : element(name, {}, text);
}

/** The root element; undefined when the text is no whole document with this root. */
export function parseXml(text: string, rootName: string): XmlNode | undefined {
	try {
		const root = isWhole(text, rootName) ? find((parser ??= createParser()).parse(text) as XmlItem[], rootName) : undefined;
		return root && toNode(root);
	} catch {
		return undefined;
	}
}

function toNode(item: XmlItem): XmlNode {
	const content = contentOf(item);
	const children = content.filter(part => !/^[#?]/.test(nameOf(part))).map(part => toNode(part));
	return {name: nameOf(item), attributes: {...item[':@']}, children, text: children.length > 0 ? '' : content.map(part => part['#text'] ?? '').join('')};
}

/** As libvirt writes it: two blanks a level, single quotes, a newline at the end. */
export function formatXml(node: XmlNode, indent = ''): string {
	const start = `${indent}<${node.name}${Object.entries(node.attributes).map(([key, value]) => ` ${key}='${escapeAsLibvirt(value)}'`).join('')}`;
	if (node.children.length > 0) {
		return `${start}>\n${node.children.map(child => formatXml(child, `${indent}  `)).join('')}${indent}</${node.name}>\n`;
	}

	return node.text === '' ? `${start}/>\n` : `${start}>${escapeAsLibvirt(node.text)}</${node.name}>\n`;
}

/** The first below a path of names. */
export function child(node: XmlNode | undefined, ...names: string[]): XmlNode | undefined {
	let place = node;
	for (const name of names) {
		place = place?.children.find(candidate => candidate.name === name);
	}

	return place;
}

export function children(node: XmlNode | undefined, name: string): readonly XmlNode[] {
	return node?.children.filter(candidate => candidate.name === name) ?? [];
}

/** The text at a path of elements; undefined when there is none. */
export function textAt(node: XmlNode | undefined, ...names: string[]): string | undefined {
	return child(node, ...names)?.text;
}

/** With other children: what stands in the place of each. */
export function mapChildren(node: XmlNode, change: (child: XmlNode) => XmlNode | readonly XmlNode[]): XmlNode {
	const {name, attributes, children, text} = node;
	const changed = children.flatMap(child => change(child));
	const isSame = changed.length === children.length && changed.every((child, index) => child === children[index]);
	return isSame
		? node
		: {
			name, attributes, children: changed, text,
		};
}

/** Each node has gone through `change`. */
export function mapXml(node: XmlNode, change: (node: XmlNode) => XmlNode): XmlNode {
	return mapChildren(change(node), child => mapXml(child, change));
}

/** Undefined takes an attribute away. */
export function withAttributes({name, attributes, children, text}: XmlNode, other: Attributes): XmlNode {
	return {
		name, attributes: given({...attributes, ...other}), children, text,
	};
}

export function without(node: XmlNode, ...names: string[]): XmlNode {
	return mapChildren(node, child => names.includes(child.name) ? [] : child);
}
