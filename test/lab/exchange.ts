/** Somebody who exchanges files and folders while the program is at work, and what that would hit. */
import {
	chmod, mkdir, readdir, rm, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import type {LabDomain} from './domains.ts';
import {imagesPath, labEnvironment} from './settings.ts';
import {digestFile} from './slots.ts';

/** Programs of these names stand before the real ones, also for what a shell of this name reads and runs: where the words of a call match, they do this first. */
export async function shimBefore(domain: LabDomain, programs: Record<string, string>, script: string): Promise<{env: {PATH: string}}> {
	const shims = path.join(domain.statePath, 'shims');
	const realPath = labEnvironment().PATH!;
	await rm(shims, {recursive: true, force: true});
	await mkdir(shims);
	for (const [program, words] of Object.entries(programs)) {
		await writeFile(path.join(shims, program), `#!/bin/sh\nshims=$PATH\nPATH='${realPath}'\nreal=$(command -v ${program})\ncase "$*" in ${words}) ${script};; '') PATH=$shims;; esac\nexec "$real" "$@"\n`);
		await chmod(path.join(shims, program), 0o755);
	}

	return {env: {PATH: `${shims}:${realPath}`}};
}

export type Victims = {folder: string; read: () => Promise<string[]>};

/** Of root's, with the same names as in the domain's folder: what would be hit if somebody led the program here. */
export async function makeVictims(domain: LabDomain, names: string[]): Promise<Victims> {
	const folder = path.join(imagesPath, `victims-${path.basename(domain.statePath)}`);
	await mkdir(folder);
	for (const name of names) {
		await writeFile(path.join(folder, name), `of root: ${name}`, {mode: 0o600});
	}

	return {
		folder,
		read: async () => Promise.all((await readdir(folder)).sort().map(async name => {
			const {uid, mode} = await stat(path.join(folder, name));
			return `${name} ${uid} ${mode % 0o1000} ${await digestFile(path.join(folder, name))}`;
		})),
	};
}
