/**
A real Node 18.19, the oldest that the built program must run on, fetched once from the npm registry and kept under node_modules/.cache.
*/
import {execFile} from 'node:child_process';
import {access, mkdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';

const run = promisify(execFile);
const version = '18.19.0';

/** Path of the `node` program. Throws when it cannot be fetched: the test that needs it then fails. */
export async function readNode18Path(): Promise<string> {
	const folder = path.resolve(`node_modules/.cache/node-${version}`);
	const program = path.join(folder, 'package/bin/node');
	if (await isThere(program)) {
		return program;
	}

	const fresh = `${folder}.${process.pid}`;
	await mkdir(fresh, {recursive: true});
	await run('npm', ['pack', '--silent', `node-linux-${process.arch}@${version}`, '--pack-destination', fresh]);
	await run('tar', ['-xzf', path.join(fresh, `node-linux-${process.arch}-${version}.tgz`), '-C', fresh, 'package/bin/node', 'package/LICENSE']);
	await rm(path.join(fresh, `node-linux-${process.arch}-${version}.tgz`));
	await rm(folder, {recursive: true, force: true});
	await rename(fresh, folder);
	return program;
}

async function isThere(file: string): Promise<boolean> {
	try {
		await access(file);
		return true;
	} catch {
		return false;
	}
}
