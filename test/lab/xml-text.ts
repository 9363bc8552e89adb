/** Text of libvirt's XML, which escapes a fixed few characters. Enough for tests; the program itself has a parser. */

export function escapeXml(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll('\'', '&apos;');
}

export function unescapeXml(text: string): string {
	return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&apos;', '\'')
		.replaceAll(/&#x(?<code>[\da-f]+);/gi, (_match, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
		.replaceAll('&amp;', '&');
}

export type XmlDisk = {target: string; path: string; format: string};

/** The disks of a `<domain>` that are on files or devices. What stands below them (`<backingStore>`) is not looked at. */
export function readDisks(domainXml: string): XmlDisk[] {
	return [...domainXml.matchAll(/<disk type='(?:file|block)'[^>]*>.*?<\/disk>/gs)].flatMap(([whole]) => {
		const disk = whole.replaceAll(/<(?<name>backingStore|mirror)\b.*<\/\k<name>>/gs, '');
		const path = /<source (?:file|dev)='(?<path>[^']*)'/.exec(disk)?.groups?.path;
		const target = /<target dev='(?<target>[^']*)'/.exec(disk)!.groups!.target!;
		const format = /<driver [^>]*type='(?<format>[^']*)'/.exec(disk)?.groups?.format ?? 'raw';
		return path === undefined ? [] : [{target, path: unescapeXml(path), format}];
	});
}
