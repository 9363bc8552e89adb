/**
What a domain of the soak holds, as digests of the bytes that a guest would read: at this moment, and at each snapshot. Read from the images and from virsh, never
from the program itself.
*/
import {randomBytes} from 'node:crypto';
import {rm} from 'node:fs/promises';
import path from 'node:path';
import type {LabDomain} from '../lab/domains.ts';
import {run} from '../lab/run.ts';
import {imagesPath} from '../lab/settings.ts';
import {
	digestFile, digestHeads, digestImage, readTags,
} from '../lab/slots.ts';
import {readRecords, type Digests} from '../lab/snapshots.ts';
import {readDisks, unescapeXml} from '../lab/xml-text.ts';

export type Estate = {
	head: Digests;
	/** By name: the digests of the disks that the snapshot took part of. */
	snapshots: Map<string, Digests>;
	/** By name. */
	parents: Map<string, string | undefined>;
};

const modeOf = (xml: string, target: string) =>
	new RegExp(`<disk name='${target}'[^>]* snapshot='(?<mode>[a-z]+)'`).exec(xml)?.groups?.mode ?? 'no';

async function digestTag(imagePath: string, tag: string): Promise<string> {
	const rawPath = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.raw`);
	try {
		await run('qemu-img', ['convert', '-U', '-l', `snapshot.name=${tag}`, '-f', 'qcow2', '-O', 'raw', imagePath, rawPath]);
		return await digestFile(rawPath);
	} finally {
		await rm(rawPath, {force: true});
	}
}

async function digestSnapshot(name: string, xml: string): Promise<Digests> {
	const frozen = readDisks(/<domain[ >].*?<\/domain>/s.exec(xml)?.[0] ?? '');
	const digests: Digests = {};
	for (const {target, path: imagePath, format} of frozen) {
		const mode = modeOf(xml, target);
		if (mode === 'external') {
			digests[target] = await digestImage(imagePath, format);
		} else if (mode === 'internal') {
			const tags = await readTags(imagePath);
			if (!tags.includes(name)) {
				throw new Error(`the snapshot "${name}" is not in ${imagePath}, which holds ${tags.join(', ')}`);
			}

			digests[target] = await digestTag(imagePath, name);
		}
	}

	return digests;
}

/** Throws where an image cannot be read: then something is lost. */
export async function readEstate(domain: LabDomain): Promise<Estate> {
	const snapshots = new Map<string, Digests>();
	const parents = new Map<string, string | undefined>();
	for (const [name, xml] of await readRecords(domain)) {
		snapshots.set(name, await digestSnapshot(name, xml));
		const parent = /<parent>\s*<name>(?<name>[^<]*)<\/name>/.exec(xml)?.groups?.name;
		parents.set(name, parent === undefined ? undefined : unescapeXml(parent));
	}

	return {head: await digestHeads(domain), snapshots, parents};
}

export function isSame(a: Digests | undefined, b: Digests | undefined): boolean {
	const targets = new Set([...Object.keys(a ?? {}), ...Object.keys(b ?? {})]);
	return [...targets].every(target => a?.[target] === b?.[target]);
}

export function withDescendants(estate: Pick<Estate, 'parents'>, name: string): string[] {
	return [name, ...[...estate.parents].filter(([, parent]) => parent === name).flatMap(([child]) => withDescendants(estate, child))];
}
