/**
Puts a domain of the lab back to a remembered state quickly, for tests that break it again and again: definition, records, current snapshot, and
the image files by copy.
*/
import {
	mkdtemp, readdir, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {
	defineXml, readState, start, stop, type LabDomain,
} from './domains.ts';
import {run, virsh, virshAll} from './run.ts';
import {domainPrefix, imagesPath} from './settings.ts';
import {readParents} from './snapshots.ts';
import {readWorld, type World} from './world.ts';

export type Template = {world: World; restore(): Promise<void>};

/** All records in one virsh, parents first. */
async function redefineAll(domain: LabDomain, world: World, parents: Record<string, string | undefined>): Promise<void> {
	const waiting = new Set(Object.keys(world.snapshots));
	const folder = await mkdtemp(path.join(imagesPath, '.records-'));
	try {
		const commands: string[][] = [];
		while (waiting.size > 0) {
			for (const name of waiting) {
				const parent = parents[name];
				if (parent === undefined || !waiting.has(parent)) {
					waiting.delete(name);
					const filePath = path.join(folder, `${commands.length}.xml`);
					await writeFile(filePath, world.snapshots[name]!, {mode: 0o600});
					commands.push(['snapshot-create', '--domain', domain.uuid, '--xmlfile', filePath, '--redefine', ...(name === world.current ? ['--current'] : [])]);
				}
			}
		}

		await virshAll(commands);
	} finally {
		await rm(folder, {recursive: true});
	}
}

/** The domain as it is at this moment; a running one is started anew by `restore`, so its memory is not part of the template. */
export async function makeTemplate(t: ExecutionContext, domain: LabDomain): Promise<Template> {
	const copyPath = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}template-`));
	t.teardown(async () => rm(copyPath, {recursive: true, force: true}));
	await run('cp', ['-a', '--sparse=always', `${domain.folder}/.`, copyPath]);
	const parents = await readParents(domain);
	const world = await readWorld(domain);
	return {
		world,
		async restore() {
			await stop(domain);
			await virsh('undefine', '--domain', domain.uuid, '--snapshots-metadata', '--checkpoints-metadata');
			for (const name of await readdir(domain.folder)) {
				await rm(path.join(domain.folder, name), {recursive: true});
			}

			await run('cp', ['-a', '--sparse=always', `${copyPath}/.`, domain.folder]);
			await defineXml(world.definitionXml);
			await redefineAll(domain, world, parents);
			if (world.state === 'running') {
				await start(domain);
			} else if (world.state !== await readState(domain)) {
				throw new Error(`A template of a domain that is ${world.state}`);
			}
		},
	};
}
