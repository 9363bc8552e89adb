/**
Any text of a plan without its secrets, for what is kept after an action: XML with passwords, and command lines of QEMU, which hold some in many spellings. What may
be one is masked, even where it is none. Never for anything that is run.
*/
import {escapeAttribute} from '../xml/change-xml.ts';
import {decodeEntities} from '../xml/left-images.ts';
import {redactXml} from '../xml/redact.ts';

const masked = '********';
const secretName = '(?:password|passwd|pass|secret|data|key|token|cookie)';
/** `-object secret,id=s0,data=…`, `-spice password=…`, `rbd:…:key=…`. A comma that is doubled belongs to the value. */
const secretPair = new RegExp(String.raw`((?:^|[^\w-])${secretName}=)(?!(?:on|off)(?:$|,))(?:,,|[^,])+`, 'gi');
/** The same in JSON. */
const secretMembers = new RegExp(String.raw`((["'])${secretName}\2\s*:\s*(["']))(?:(?!\3)[^\\]|\\.)*(\3)`, 'gis');
const userInfo = /(\w[\w+.-]*:\/\/[^/@\s:%]*[:%])[^@/\s]+@/g;
/** What a guest is told by its firmware, credentials among it. */
const firmwareString = /^((?:type=11|name=[^,]*),.*?\b(?:value|string)=).+$/s;
const secretMember = new RegExp(`^${secretName}$`, 'i');

/** One argument of a command line. */
function redactArgument(text: string): string {
	return text
		.replaceAll(secretMembers, `$1${masked}$4`)
		.replace(firmwareString, `$1${masked}`)
		.replaceAll(secretPair, `$1${masked}`)
		.replaceAll(userInfo, `$1${masked}@`);
}

/** Arguments and the environment of QEMU stand in attributes, cookies of network disks in text. */
function redactDocument(xml: string): string {
	return redactXml(xml)
		.replaceAll(/(<qemu:arg\s+value=)(?:"([^"]*)"|'([^']*)')/g, (_whole, head: string, double?: string, single?: string) => `${head}"${escapeAttribute(redactArgument(decodeEntities(double ?? single ?? '')))}"`)
		.replaceAll(/(<qemu:env\s[^>]*?\bvalue=)(?:"[^"]*"|'[^']*')/g, `$1"${masked}"`)
		.replaceAll(/(<(?:cookie|entry)\b[^>]*>)[^<]*(?=<\/)/g, `$1${masked}`);
}

function redactText(text: string): string {
	return text.trimStart().startsWith('<') ? redactDocument(text) : redactArgument(text);
}

/** The same value with the secrets masked in every text of it. */
export function redactSecrets<T>(value: T): T {
	return JSON.parse(JSON.stringify(value), (name, part: unknown) => typeof part === 'string' ? (secretMember.test(name) ? masked : redactText(part)) : part) as T;
}
