/**
XML for showing: what stands in attributes that hold secrets (the passwords of VNC and SPICE) is masked. Never for anything that is run.
*/

/** What stands in the place of a secret. */
export const maskedSecret = '********';

const secretAttribute = /(\s(?:passwd|password|secret)\s*=\s*)(?:"[^"]*"|'[^']*')/gi;

export function redactXml(xml: string): string {
	return xml.replaceAll(secretAttribute, `$1"${maskedSecret}"`);
}
