/**
The backups in a folder of the host: their manifests, and what else lies there.
*/
import {posix} from 'node:path';
import {inOrder, parseManifest, type Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {succeed, type Result} from '../../model/result.ts';
import {mapLimited} from '../run/concurrency.ts';
import type {Runner} from '../run/run.ts';
import {readFolder} from './folders.ts';

/** A manifest holds a definition and a few names; what is larger is none. */
const mostBytes = 4_000_000;

/** Fails as `readFolder` does, where the folder cannot be looked at. */
export async function readBackups(runner: Runner, path: string): Promise<Result<BackupFolder>> {
	const folder = await readFolder(runner, path);
	if (!folder.ok) {
		return folder;
	}

	const names = [...folder.value.names].filter(name => name.endsWith('.json')).sort();
	const texts = await mapLimited(names, 4, async name => runner({argv: ['head', '-c', String(mostBytes), '--', posix.join(path, name)], where: 'host', timeoutMs: 30_000}));
	const manifests: Manifest[] = [];
	const unreadable: BackupFolder['unreadable'] = [];
	for (const [index, text] of texts.entries()) {
		const name = names[index]!;
		const manifest = text.ok ? parseManifest(text.value.stdout, name) : text;
		if (manifest.ok) {
			manifests.push(manifest.value);
		} else {
			unreadable.push({name, reason: manifest.failure.kind === 'unreadable' ? manifest.failure.reason : describeFailure(manifest.failure).message});
		}
	}

	return succeed({path, folder: folder.value, points: inOrder(manifests), unreadable});
}
