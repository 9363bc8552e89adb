/**
The backups in a folder of the host: their manifests, and what else lies there.
*/
import {posix} from 'node:path';
import {inOrder, parseManifest, type Manifest} from '../../model/backup/manifest.ts';
import {parsePruning, pruningName, type Pruning} from '../../model/backup/pruning.ts';
import type {BackupFolder, QemuUser} from '../../model/domain/inventory.ts';
import {foldersOf} from '../../model/images/folder-risk.ts';
import type {Failure} from '../../model/failure.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {succeed, type Result} from '../../model/result.ts';
import {mapLimited} from '../run/concurrency.ts';
import type {Runner} from '../run/run.ts';
import {readSafeFolder} from './folder-risks.ts';

/** A manifest holds a definition and a few names; what is larger is none. */
const mostBytes = 4_000_000;

/** Asked as that user, because the modes of folders do not tell all. Where that cannot be done nothing is concluded. */
async function findClosed(runner: Runner, path: string, {uid, gid}: QemuUser): Promise<string | undefined> {
	const isClosed = async (folder: string) => {
		const answer = await runner({
			argv: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', 'test', '-x', folder], where: 'host', timeoutMs: 30_000,
		});
		// What setpriv itself says of a failure is its own.
		return !answer.ok && answer.failure.kind === 'tool-failed' && answer.failure.cause.exitCode === 1 && answer.failure.cause.stderr === '';
	};

	if (await isClosed(path)) {
		for (const folder of foldersOf(path)) {
			if (await isClosed(folder)) {
				return folder;
			}
		}
	}

	return undefined;
}

/** `user`: who is to enter it. Fails as `readFolder` does, where the folder cannot be looked at. */
export async function readBackups(runner: Runner, path: string, user?: QemuUser): Promise<Result<BackupFolder>> {
	const [folder, closed] = await Promise.all([readSafeFolder(runner, path), user === undefined ? undefined : findClosed(runner, path, user)]);
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

	return succeed({path, folder: folder.value, points: inOrder(manifests), unreadable, ...(pruning && {pruning}), ...(closed !== undefined && {closedAt: {folder: closed, uid: user!.uid}})});
}
