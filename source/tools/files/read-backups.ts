/**
The backups in a folder of the host: their manifests, and what else lies there.
*/
import {posix} from 'node:path';
import {inOrder, parseManifest, type Manifest} from '../../model/backup/manifest.ts';
import {parsePruning, pruningName, type Pruning} from '../../model/backup/pruning.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import type {Failure} from '../../model/failure.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {succeed, type Result} from '../../model/result.ts';
import {mapLimited} from '../run/concurrency.ts';
import type {Runner} from '../run/run.ts';
import {readSafeFolder} from './folder-risks.ts';

/** A manifest holds a definition and a few names; what is larger is none. */
const mostBytes = 4_000_000;

/** Fails as `readFolder` does, where the folder cannot be looked at. */
export async function readBackups(runner: Runner, path: string): Promise<Result<BackupFolder>> {
	const folder = await readSafeFolder(runner, path);
	if (!folder.ok) {
		return folder;
	}

	const names = [...folder.value.names].filter(name => name.endsWith('.json')).sort();
	const texts = await mapLimited(names, 4, async name => runner({argv: ['head', '-c', String(mostBytes), '--', posix.join(path, name)], where: 'host', timeoutMs: 30_000}));
	const manifests: Manifest[] = [];
	let pruning: Pruning | undefined;
	const unreadable: BackupFolder['unreadable'] = [];
	const failed = (name: string, failure: Failure) => {
		unreadable.push({name, reason: failure.kind === 'unreadable' ? failure.reason : describeFailure(failure).message});
	};

	for (const [index, text] of texts.entries()) {
		const name = names[index]!;
		if (!text.ok) {
			failed(name, text.failure);
			continue;
		}

		if (name === pruningName) {
			const found = parsePruning(text.value.stdout, name);
			if (found.ok) {
				pruning = found.value;
			} else {
				failed(name, found.failure);
			}

			continue;
		}

		const manifest = parseManifest(text.value.stdout, name);
		if (manifest.ok) {
			manifests.push(manifest.value);
		} else {
			failed(name, manifest.failure);
		}
	}

	return succeed({path, folder: folder.value, points: inOrder(manifests), unreadable, ...(pruning && {pruning})});
}
