/**
Texts without their secrets: XML with passwords, and command lines of QEMU, which hold some in many spellings. Of a plan, for what is kept after an action: what may be
one is masked, even where it is none. Of a definition in a backup, from which a domain is made again: what it needs and is most likely no secret stays. Never for
anything that is run.
*/
import {escapeAttribute} from '../xml/change-xml.ts';
import {decodeEntities} from '../xml/read-xml.ts';
import {maskedSecret as masked, redactXml} from '../xml/redact.ts';

const names = 'password|passwd|pass|secret|key|token|cookie';

/** `-object secret,id=s0,data=…`, `-spice password=…`, `rbd:…:key=…`, and the same in JSON. A comma that is doubled belongs to the value. */
const patternsOf = (names: string) => ({
	pair: new RegExp(String.raw`((?:^|[^\w-])(?:${names})=)(?!(?:on|off)(?:$|,))(?:,,|[^,])+`, 'gi'),
	member: new RegExp(String.raw`((["'])(?:${names})\2\s*:\s*(["']))(?:(?!\3)[^\\]|\\.)*(\3)`, 'gis'),
});

/** `data` is the name of other things, too: of ACPI tables. */
const plain = patternsOf(names);
const wide = patternsOf(`${names}|data`);
const secretObject = /^secret,|["']qom-type["']\s*:\s*["']secret["']/;
const userInfo = /(\w[\w+.-]*:\/\/[^/@\s:%]*[:%])[^@/\s]+@/g;
/** What a guest is told by its firmware, credentials among it. */
const firmwareString = /^((?:type=11|name=[^,]*),.*?\b(?:value|string)=).+$/s;
const secretMember = new RegExp(`^(?:${names}|data)$`, 'i');
const secretVariable = /pass|secret|token|cookie|credential|key/i;

function redactPairs(text: string, {pair, member}: typeof wide): string {
	return text
		.replaceAll(member, `$1${masked}$4`)
		.replaceAll(pair, `$1${masked}`)
		.replaceAll(userInfo, `$1${masked}@`);
}

/** One argument of a command line. */
const redactArgument = (text: string): string => redactPairs(text.replace(firmwareString, `$1${masked}`), wide);

/** One that a domain is started with again. */
const redactNeeded = (text: string): string => redactPairs(text, secretObject.test(text) ? wide : plain);

/** They stand in attributes. */
const changeArguments = (xml: string, change: (text: string) => string): string => xml.replaceAll(
	/(<qemu:arg\s+value=)(?:"([^"]*)"|'([^']*)')/g,
	(whole, head: string, double?: string, single?: string) => {
		const text = decodeEntities(double ?? single ?? '');
		const changed = change(text);
		return changed === text ? whole : `${head}"${escapeAttribute(changed)}"`;
	},
);

/**
The definition of a domain as a backup holds it. Texts that the guest is told by its firmware stay: what a restored domain is without them nobody can tell.
*/
export function redactDefinition(xml: string): string {
	return changeArguments(redactXml(xml), redactNeeded).replaceAll(/<qemu:env\s[^<>]*>/g, tag => secretVariable.test(/\bname=(?:"([^"]*)"|'([^']*)')/.exec(tag)?.[0] ?? '')
		? tag.replace(/(\bvalue=)(?:"[^"]*"|'[^']*')/, `$1"${masked}"`)
		: tag);
}

/** Arguments and the environment of QEMU stand in attributes, cookies of network disks in text. */
function redactDocument(xml: string): string {
	return changeArguments(redactXml(xml), redactArgument)
		.replaceAll(/(<qemu:env\s[^<>]*?\bvalue=)(?:"[^"]*"|'[^']*')/g, `$1"${masked}"`)
		.replaceAll(/(<(?:cookie|entry)\b[^<>]*>)[^<]*(?=<\/)/g, `$1${masked}`);
}

function redactText(text: string): string {
	return text.trimStart().startsWith('<') ? redactDocument(text) : redactArgument(text);
}

/** The same value with the secrets masked in every text of it. */
export function redactSecrets<T>(value: T): T {
	return JSON.parse(JSON.stringify(value), (name, part: unknown) => typeof part === 'string' ? (secretMember.test(name) ? masked : redactText(part)) : part) as T;
}
