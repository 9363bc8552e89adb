/**
XML as a tree that the demo host keeps, changes and prints the way libvirt prints it. Comments and mixed text are not kept; libvirt drops them too.
*/
import {XMLParser} from 'fast-xml-parser';

export type XmlNode = {
	name: string;
	attributes: Record<string, string>;
	children: XmlNode[];
	text: string;
};

type Ordered = Record<string, Ordered[] | string | Record<string, string>>;

const parser = new XMLParser({
	preserveOrder: true,
	ignoreAttributes: false,
	attributeNamePrefix: '',
	parseTagValue: false,
	parseAttributeValue: false,
	trimValues: false,
	htmlEntities: true,
	maxNestedTags: 4096,
});

/** An element; `content` is its text, or its children without the left-out ones. */
export function element(name: string, attributes: Record<string, string | undefined> = {}, content: string | Array<XmlNode | undefined> = []): XmlNode {
	return {
		name,
		attributes: Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string] => entry[1] !== undefined)),
		children: typeof content === 'string' ? [] : content.filter(child => child !== undefined),
		text: typeof content === 'string' ? content : '',
	};
}

/** The root element; undefined when the text is no whole document with this root. */
export function parseXml(text: string, root: string): XmlNode | undefined {
	if (!new RegExp(String.raw`</${root}>\s*$`).test(text)) {
		return undefined;
	}

	try {
		return (parser.parse(text) as Ordered[]).map(ordered => toNode(ordered)).find(node => node?.name === root);
	} catch {
		return undefined;
	}
}

function toNode(ordered: Ordered): XmlNode | undefined {
	const name = Object.keys(ordered).find(key => key !== ':@');
	const content = name === undefined ? undefined : ordered[name];
	if (name === undefined || name.startsWith('#') || name.startsWith('?') || !Array.isArray(content)) {
		return undefined;
	}

	const children = content.map(child => toNode(child)).filter(child => child !== undefined);
	const text = content.map(child => typeof child['#text'] === 'string' ? child['#text'] : '').join('');
	return {name, attributes: {...ordered[':@'] as Record<string, string> | undefined}, children, text: children.length > 0 ? '' : text};
}

/** As libvirt writes it: two blanks a level, single quotes, a newline at the end. */
export function formatXml(node: XmlNode, indent = ''): string {
	const attributes = Object.entries(node.attributes).map(([key, value]) => ` ${key}='${escapeXml(value)}'`).join('');
	if (node.children.length > 0) {
		return `${indent}<${node.name}${attributes}>\n${node.children.map(child => formatXml(child, `${indent}  `)).join('')}${indent}</${node.name}>\n`;
	}

	return node.text === '' ? `${indent}<${node.name}${attributes}/>\n` : `${indent}<${node.name}${attributes}>${escapeXml(node.text)}</${node.name}>\n`;
}

function escapeXml(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\'', '&apos;').replaceAll('"', '&quot;');
}

export function child(node: XmlNode | undefined, name: string): XmlNode | undefined {
	return node?.children.find(candidate => candidate.name === name);
}

export function children(node: XmlNode | undefined, name: string): XmlNode[] {
	return node?.children.filter(candidate => candidate.name === name) ?? [];
}

/** The text at a path of elements; undefined when there is none. */
export function textAt(node: XmlNode, ...names: string[]): string | undefined {
	let place: XmlNode | undefined = node;
	for (const name of names) {
		place = child(place, name);
	}

	return place?.text;
}

/** A copy in which each node has gone through `change`; undefined drops the node. */
export function mapXml(node: XmlNode, change: (node: XmlNode) => XmlNode | undefined): XmlNode | undefined {
	const changed = change(node);
	return changed && {...changed, children: changed.children.map(child => mapXml(child, change)).filter(child => child !== undefined)};
}

export function without(node: XmlNode, ...names: string[]): XmlNode {
	return {...node, children: node.children.filter(child => !names.includes(child.name))};
}
