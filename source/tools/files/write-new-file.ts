/**
A file that a person asked for, here, beside whatever else is there.
*/
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import {fail, succeed, type Result} from '../../model/result.ts';

/** A program for the owner alone (0700). What is there already is never written to, by whatever link the name leads there. Gives the whole path. */
export async function writeNewProgram(file: string, text: string): Promise<Result<string>> {
	const whole = path.resolve(file);
	try {
		await writeFile(whole, text, {flag: 'wx', mode: 0o700});
		return succeed(whole);
	} catch (error) {
		const isThere = error instanceof Error && 'code' in error && error.code === 'EEXIST';
		return fail({kind: 'usage', message: isThere ? `${whole} is there already, and stays as it is.` : `${whole} cannot be written: ${error instanceof Error ? error.message : String(error)}.`});
	}
}
