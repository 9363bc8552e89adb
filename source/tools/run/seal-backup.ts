/**
The last command of a backup: its files are measured, and its manifest appears at one moment, once all is on disk.
*/
import {posix} from 'node:path';
import {
	formatManifest, type BackedUpFile, type Manifest, type ManifestDraft,
} from '../../model/backup/manifest.ts';
import {readyName} from '../../model/backup/pruning.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {RunOutput} from '../../engine/ports.ts';
import {sha256Of} from '../backups/sha256.ts';
import type {Runner} from './run.ts';

async function measure(runner: Runner, path: string): Promise<Result<Omit<BackedUpFile, 'file'>>> {
	const sha256 = await sha256Of(runner, path);
	const size = sha256.ok ? await runner({argv: ['stat', '-c', '%s', '--', path], where: 'host', timeoutMs: 30_000}) : sha256;
	if (!sha256.ok || !size.ok) {
		return sha256.ok ? size as Result<never> : sha256;
	}

	return succeed({sizeBytes: Number(size.value.stdout.trim()), sha256: sha256.value});
}

/** `vsnap-tui backup seal [--ready FILE …] --draft DRAFT -- MANIFEST`: the text of the draft is the command's own file. Fails with `tool-failed`. */
export async function sealBackup(runner: Runner, {argv, files}: ProgramCommand): Promise<Result<RunOutput>> {
	const manifestPath = argv.at(-1)!;
	const folder = posix.dirname(manifestPath);
	const draft = JSON.parse(files[0]!.text) as ManifestDraft;
	// Of files that are to be replaced, what is ready to replace them is measured.
	const ready = new Set(argv.flatMap((word, index) => word === '--ready' ? [argv[index + 1]!] : []));
	const startedAt = performance.now();
	const sealed = async <T extends {file: string}>(all: readonly T[]): Promise<Result<Array<T & BackedUpFile>>> => {
		const done: Array<T & BackedUpFile> = [];
		for (const one of all) {
			const measured = await measure(runner, posix.join(folder, ready.has(one.file) ? readyName(one.file) : one.file));
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
	for (const request of [
		{argv: ['dd', `of=${partial}`, 'conv=fsync', 'status=none'], input: formatManifest(manifest)},
		{argv: ['mv', '-f', '-T', '--', partial, manifestPath]},
		{argv: ['sync', '--', folder]},
	]) {
		const result = await runner({...request, where: 'host', isMutating: true, timeoutMs: 60_000});
		if (!result.ok) {
			return result;
		}
	}

	return succeed({stdout: '', stderr: '', durationMs: Math.round(performance.now() - startedAt)});
}
