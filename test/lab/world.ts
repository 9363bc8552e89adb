/**
Everything that an action could have touched, to prove that it touched nothing: definition, snapshot and checkpoint records, state, and each file
of the folder with its bytes.
*/
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import type {LabDomain} from './domains.ts';
import {
	attemptVirsh, lines, run, virsh, virshAll,
} from './run.ts';
import {digestFile} from './slots.ts';
import {readRecords} from './snapshots.ts';
import {readDisks, unescapeXml} from './xml-text.ts';

export type World = {
	state: string;
	definitionXml: string;
	snapshots: Record<string, string>;
	checkpoints: Record<string, string>;
	current: string | undefined;
	managedSave: boolean;
	/** Name → kind, size and digest of the file's own bytes. */
	files: Record<string, string>;
};

/** Digest of the files of a folder, name by name. */
export async function digestFolder(folder: string): Promise<Record<string, string>> {
	const names = await readdir(folder, {recursive: true});
	const entries = await Promise.all(names.sort().map(async name => {
		const filePath = path.join(folder, name);
		const facts = await stat(filePath);
		return [name, facts.isFile()
			? `${facts.size} ${await digestFile(filePath)}`
			: 'not a file'] as const;
	}));
	return Object.fromEntries(entries);
}

/** `domain.folder` must hold all its images. The XML is given with secrets, byte for byte. */
export async function readWorld(domain: LabDomain): Promise<World> {
	const of = (verb: string, ...more: string[]) => [verb, '--domain', domain.uuid, ...more];
	const [definitionXml, info, state, checkpointNames] = await virshAll([
		of('dumpxml', '--inactive', '--security-info'), of('dominfo'), of('domstate'), of('checkpoint-list', '--name'),
	]) as [string, string, string, string];
	const names = lines(checkpointNames);
	const checkpoints = names.length === 0 ? [] : await virshAll(names.map(name => of('checkpoint-dumpxml', '--checkpointname', name)));
	const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
	return {
		state: state.trim(),
		definitionXml,
		snapshots: Object.fromEntries(await readRecords(domain, ['--security-info'])),
		checkpoints: Object.fromEntries(names.map((name, index) => [name, checkpoints[index]!])),
		current: current.exitCode === 0 ? current.stdout.replace(/\n$/, '') : undefined,
		managedSave: /Managed save: +yes/.test(info),
		files: await digestFolder(domain.folder),
	};
}

export async function readChain(imagePath: string, format: string): Promise<string[]> {
	const text = await run('qemu-img', ['info', '-U', '--backing-chain', '--output=json', '-f', format, imagePath]);
	return (JSON.parse(text) as Array<{filename: string}>).map(image => image.filename);
}

/** Names of files in the domain's folder that nothing needs: neither the definition, nor a snapshot's stored domain, nor anything below these. */
export async function readStrays(domain: LabDomain): Promise<string[]> {
	const [definitionXml, records] = await Promise.all([virsh('dumpxml', '--domain', domain.uuid, '--inactive'), readRecords(domain)]);
	const xmls = records.map(([, xml]) => xml);
	const needed = new Set<string>();
	for (const {path: source, format} of [definitionXml, ...xmls].flatMap(xml => readDisks(xml.replaceAll(/<disks>.*?<\/disks>/gs, '')))) {
		needed.add(source);
		if (!needed.has(`${source} chain`)) {
			needed.add(`${source} chain`);
			for (const link of await readChain(source, format)) {
				needed.add(link);
				needed.add(`${link} chain`);
			}
		}
	}

	for (const xml of xmls) {
		const memoryPath = /<memory [^>]*file='(?<path>[^']*)'/.exec(xml)?.groups?.path;
		if (memoryPath) {
			needed.add(unescapeXml(memoryPath));
		}
	}

	const names = await readdir(domain.folder, {recursive: true});
	return names.sort().filter(name => !needed.has(path.join(domain.folder, name)));
}

/** Bytes that the files of its folder take on the host. */
export async function takenBy({folder}: Pick<LabDomain, 'folder'>): Promise<number> {
	const files = await Promise.all((await readdir(folder)).map(async name => stat(path.join(folder, name))));
	return files.reduce((sum, {blocks}) => sum + (blocks * 512), 0);
}
