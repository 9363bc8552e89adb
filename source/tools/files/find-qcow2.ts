/**
Which of many files are qcow2 images, in few processes. A folder of images often holds hundreds of others: installation media, raw disks, notes.
*/
import type {Runner} from '../run/run.ts';

const readTimeoutMs = 30_000;
/** One qcow2 image among them makes all of a batch candidates. */
const filesPerCall = 16;
/** The first three of the four bytes of the magic number; the fourth is no text. */
const magic = 'QFI';

/**
The files that have to be looked at one by one, in their order: those whose batch holds a beginning of qcow2. A batch that cannot be read is given as it
is, so nothing is missed. `paths` are regular files; others might block.
*/
export async function findQcow2Candidates(runner: Runner, paths: readonly string[]): Promise<string[]> {
	const candidates: string[] = [];
	for (let index = 0; index < paths.length; index += filesPerCall) {
		const some = paths.slice(index, index + filesPerCall);
		// head ends with 1 where one of the files cannot be read; it goes on with the others.
		const result = await runner({argv: ['head', '-q', '-c', '4', '--', ...some], where: 'host', timeoutMs: readTimeoutMs, acceptedExitCodes: [1]});
		if (!result.ok || result.value.stdout.includes(magic)) {
			candidates.push(...some);
		}
	}

	return candidates;
}

/** Those that certainly begin like a qcow2 image. What cannot be read is left out. */
export async function findQcow2Files(runner: Runner, paths: readonly string[]): Promise<string[]> {
	const found: string[] = [];
	for (const path of await findQcow2Candidates(runner, paths)) {
		const result = await runner({argv: ['head', '-c', '4', '--', path], where: 'host', timeoutMs: readTimeoutMs});
		if (result.ok && result.value.stdout.startsWith(magic)) {
			found.push(path);
		}
	}

	return found;
}
