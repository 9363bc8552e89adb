/**
The definition of a domain that is made from a backup: another name and UUID, other MAC addresses, its disks and the variables of its firmware on the restored files. What
would lead to the files of the domain that was backed up goes.
*/
import type {ImagePlace} from '../images/image.ts';
import {mapResult, succeed, type Result} from '../result.ts';
import {changeDomainXml} from '../xml/change-domain.ts';
import {
	attribute, changeXml, contentOf, escapeAttribute, escapeText, find, findAll, keepOnly, nameOf, type XmlItem,
} from '../xml/change-xml.ts';
import {maskedSecret} from '../xml/redact.ts';

type NewDomain = {
	name: string;
	uuid: string;
	generationId: string;
	/** By the target of the disk. */
	sources: Map<string, ImagePlace>;
	/** Where the variables of its firmware are; undefined: they are not in the backup. */
	variablesPath: string | undefined;
};

/** `leftOut`: disks that the guest wrote to and that are not among the sources; they are not in the definition. */
type MadeDefinition = {xml: string; leftOut: string[]; losesPasswords: boolean; /** An argument of QEMU has a mask where a secret was. */ masksArguments: boolean};

const targetOf = (disk: XmlItem) => attribute(find(contentOf(disk), 'target'), 'dev') ?? '';

function isWritten(disk: XmlItem): boolean {
	const device = attribute(disk, 'device') ?? 'disk';
	return ['disk', 'lun'].includes(device) && find(contentOf(disk), 'readonly') === undefined;
}

function setText(content: XmlItem[], name: string, text: string): void {
	const item = find(content, name);
	if (item !== undefined) {
		item[name] = [{'#text': escapeText(text)}];
	}
}

/** Attributes in which a password was masked; not those of QEMU's arguments, which would not start without. Gives whether there were any. */
function dropMasked(items: readonly XmlItem[]): boolean {
	let isFound = false;
	for (const item of items.filter(one => !nameOf(one).startsWith('qemu:'))) {
		const attributes = Object.entries(item[':@'] ?? {});
		const known = attributes.filter(([, value]) => value !== maskedSecret);
		if (known.length < attributes.length) {
			item[':@'] = Object.fromEntries(known);
			isFound = true;
		}

		isFound = dropMasked(contentOf(item)) || isFound;
	}

	return isFound;
}

/** Without a path libvirt chooses one by the domain's name, and fills it from the template. */
function moveVariables(os: XmlItem | undefined, path: string | undefined): void {
	if (os === undefined) {
		return;
	}

	os.os = keepOnly(contentOf(os), item => nameOf(item) !== 'nvram' || path !== undefined || attribute(item, 'template') !== undefined);
	const nvram = find(contentOf(os), 'nvram');
	if (nvram !== undefined) {
		delete nvram[':@']?.type;
		nvram.nvram = path === undefined ? [] : [{'#text': escapeText(path)}];
	}

	const varstore = find(contentOf(os), 'varstore');
	if (varstore !== undefined) {
		const others = Object.entries(varstore[':@'] ?? {}).filter(([name]) => name !== 'path');
		varstore[':@'] = {...Object.fromEntries(others), ...(path !== undefined && {path: escapeAttribute(path)})};
	}
}

/** Its copy in the backup is not encrypted. */
function dropEncryption(disk: XmlItem): void {
	const source = find(contentOf(disk), 'source');
	for (const item of [disk, ...(source === undefined ? [] : [source])]) {
		item[nameOf(item)] = keepOnly(contentOf(item), one => nameOf(one) !== 'encryption');
	}
}

/** Fails with `unreadable`. */
export function newDomainXml(definition: string, {name, uuid, generationId, sources, variablesPath}: NewDomain): Result<MadeDefinition> {
	const moved = changeDomainXml(definition, {name, rootName: 'domain', sources, generationId, leftImages: []});
	if (!moved.ok) {
		return moved;
	}

	const leftOut: string[] = [];
	let losesPasswords = false;
	return mapResult(changeXml(moved.value, 'The definition in the backup', ['domain'], root => {
		const content = contentOf(root);
		setText(content, 'uuid', uuid);
		const devices = find(content, 'devices');
		if (devices !== undefined) {
			devices.devices = keepOnly(contentOf(devices), item => {
				const isForeign = nameOf(item) === 'disk' && isWritten(item) && !sources.has(targetOf(item));
				if (isForeign) {
					leftOut.push(targetOf(item));
				}

				return !isForeign;
			});
			for (const disk of findAll(contentOf(devices), 'disk').filter(item => sources.has(targetOf(item)))) {
				dropEncryption(disk);
			}

			// Where its emulator keeps its state goes by the UUID then.
			for (const backend of findAll(contentOf(devices), 'tpm').flatMap(tpm => findAll(contentOf(tpm), 'backend'))) {
				backend.backend = keepOnly(contentOf(backend), item => nameOf(item) !== 'source');
			}

			for (const network of findAll(contentOf(devices), 'interface')) {
				network.interface = keepOnly(contentOf(network), item => nameOf(item) !== 'mac');
			}
		}

		moveVariables(find(content, 'os'), variablesPath);

		losesPasswords = dropMasked(content);
		if (root[':@']) {
			delete root[':@'].id;
		}

		return succeed(root);
	}), xml => ({xml, leftOut, losesPasswords, masksArguments: xml.includes(maskedSecret)}));
}
