/**
XML for showing: what stands in attributes that hold secrets (the passwords of VNC and SPICE) is masked. Never for anything that is run.
*/

const secretAttribute = /(\s(?:passwd|password|secret)\s*=\s*)(?:"[^"]*"|'[^']*')/gi;

export function redactXml(xml: string): string {
	return xml.replaceAll(secretAttribute, '$1"********"');
}
