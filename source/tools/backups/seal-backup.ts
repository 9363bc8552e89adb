/**
The last command of a backup: its files are measured, and its manifest appears at one moment, once all is on disk.
*/
import {constants} from 'node:fs';
import {posix} from 'node:path';
import {
	formatManifest, type BackedUpFile, type Manifest, type ManifestDraft,
} from '../../model/backup/manifest.ts';
import {readyName} from '../../model/backup/pruning.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {RunOutput} from '../../engine/ports.ts';
import {syncFolder, usingFile} from '../run/private-files.ts';
import type {Runner} from '../run/run.ts';
import type {Measure} from './sums.ts';

/** What a program would do, in less time. Undefined: it could not be done, and the program says why. */
async function doHere(act: () => Promise<void>): Promise<string | undefined> {
	try {
		await act();
		return '';
	} catch {
		return undefined;
	}
}

async function writeNow(path: string, text: string): Promise<void> {
	await usingFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, async file => {
		await file.writeFile(text);
		await file.sync();
	});
}

/** `vsnap-tui backup seal [--ready FILE …] --draft DRAFT -- MANIFEST`: the text of the draft is the command's own file. Fails with `tool-failed`. */
export async function sealBackup({runner, measure}: {runner: Runner; measure: Measure}, {argv, files}: ProgramCommand): Promise<Result<RunOutput>> {
	const manifestPath = argv.at(-1)!;
	const folder = posix.dirname(manifestPath);
	const draft = JSON.parse(files[0]!.text) as ManifestDraft;
	// Of files that are to be replaced, what is ready to replace them is measured.
	const ready = new Set(argv.flatMap((word, index) => word === '--ready' ? [argv[index + 1]!] : []));
	const startedAt = performance.now();
	const sealed = async <T extends {file: string}>(all: readonly T[]): Promise<Result<Array<T & BackedUpFile>>> => {
		const done: Array<T & BackedUpFile> = [];
		for (const one of all) {
			const measured = await measure(posix.join(folder, ready.has(one.file) ? readyName(one.file) : one.file));
			if (!measured.ok) {
				return measured;
			}

			done.push({...one, ...measured.value});
		}

		return succeed(done);
	};

	const disks = await sealed(draft.disks);
	const extras = disks.ok ? await sealed(draft.extras) : disks;
	if (!disks.ok || !extras.ok) {
		return disks.ok ? extras as Result<never> : disks;
	}

	const manifest: Manifest = {...draft, disks: disks.value, extras: extras.value};
	const partial = `${manifestPath}.partial`;
	const text = formatManifest(manifest);
	for (const request of [
		{argv: ['dd', `of=${partial}`, 'conv=fsync', 'status=none'], input: text, inProcess: async () => doHere(async () => writeNow(partial, text))},
		{argv: ['mv', '-f', '-T', '--', partial, manifestPath]},
		{argv: ['sync', '--', folder], inProcess: async () => doHere(async () => syncFolder(folder))},
	]) {
		const result = await runner({...request, where: 'host', isMutating: true, timeoutMs: 60_000});
		if (!result.ok) {
			return result;
		}
	}

	return succeed({stdout: '', stderr: '', durationMs: Math.round(performance.now() - startedAt)});
}
