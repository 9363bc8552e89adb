/**
The folder of everything that is private, with failures as values.
*/
import {mkdir} from 'node:fs/promises';
import process from 'node:process';
import {fail, succeed, type Result} from '../../model/result.ts';
import {checkStateFolder} from './state-folder.ts';

export class PrivateFolder {
	readonly path: string;

	constructor(path: string) {
		this.path = path;
	}

	async attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
		try {
			return succeed(await work());
		} catch (error) {
			return fail({kind: 'state-folder', path: this.path, reason: error instanceof Error ? error.message : String(error)});
		}
	}

	/** The same, where the folder and these in it are there, or can be made, and are safe. */
	async attemptIn<T>(folders: readonly string[], work: () => Promise<T>): Promise<Result<T>> {
		for (const folder of [this.path, ...folders]) {
			const made = await this.attempt(async () => mkdir(folder, {recursive: true, mode: 0o700}));
			const checked = made.ok ? await checkStateFolder(folder, process.getuid!()) : made;
			if (!checked.ok) {
				return checked;
			}
		}

		return this.attempt(work);
	}
}
