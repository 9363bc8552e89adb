/**
A plain form of an XML document in which two documents with the same meaning are equal: attributes decoded and in order, blanks between elements gone.
It reads with a parser of its own, so that a mistake of the program's reader is not made twice.
*/

export type Canonical = {name: string; attributes: Record<string, string>; children: Array<Canonical | string>};

function decode(text: string): string {
	const named: Record<string, string> = {amp: '&', lt: '<', gt: '>', quot: '"', apos: '\''};
	return text.replaceAll(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (_whole, hex?: string, decimal?: string, name?: string) =>
		name === undefined ? String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16)) : named[name]!);
}

export function canonicalise(xml: string): Canonical {
	const root: Canonical = {name: '', attributes: {}, children: []};
	const open = [root];
	const token = /<\?[\s\S]*?\?>|<!--[\s\S]*?-->|<!\[CDATA\[([\s\S]*?)]]>|<\/([^\s>]+)\s*>|<([^\s/>]+)((?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*(\/?)>|([^<]+)/g;
	for (const [, cdata, closing, opening, attributes, selfClosing, text] of xml.matchAll(token)) {
		const top = open.at(-1)!;
		if (closing !== undefined) {
			const {name, children} = open.pop()!;
			if (name !== closing) {
				throw new Error(`</${closing}> closes <${name}>`);
			}

			const hasElements = children.some(child => typeof child !== 'string');
			if (hasElements) {
				children.splice(0, children.length, ...children.filter(child => typeof child !== 'string' || child.trim() !== ''));
			}
		} else if (opening !== undefined) {
			const element: Canonical = {name: opening, attributes: {}, children: []};
			for (const [, key, double, single] of (attributes ?? '').matchAll(/([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g)) {
				element.attributes[key!] = decode(double ?? single ?? '');
			}

			top.children.push(element);
			if (selfClosing === '') {
				open.push(element);
			}
		} else if (cdata !== undefined || text !== undefined) {
			top.children.push(cdata ?? decode(text!));
		}
	}

	if (open.length !== 1) {
		throw new Error(`<${open.at(-1)!.name}> is not closed`);
	}

	return root.children.find((child): child is Canonical => typeof child !== 'string')!;
}

/** The elements at a path of names below an element. */
export function at(element: Canonical, ...path: string[]): Canonical[] {
	let found = [element];
	for (const name of path) {
		found = found.flatMap(parent => parent.children.filter((child): child is Canonical => typeof child !== 'string' && child.name === name));
	}

	return found;
}
