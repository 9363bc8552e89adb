/**
Runs the built program as a user who is not root, with a home of its own. The program is copied to where everybody may read it, for the checkout may lie
in a folder that is root's alone.
*/
import {chmod, chown, cp, mkdir, mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {quoteForShell} from '../../source/model/text/shell-quote.ts';
import {attempt, run, type Ran} from './run.ts';
import {domainPrefix, labEnvironment, programPath} from './settings.ts';

export type OtherUser = {
	name: string;
	uid: number;
	/** The home; it belongs to the user. */
	home: string;
	/** Any program, with a libvirt session of its own. */
	attempt(program: string, args: string[]): Promise<Ran>;
	/** For a shell of root's: the program as this user. */
	line(args: string[]): string;
	runProgram(args: string[], options?: {env?: Record<string, string>; folder?: string}): Promise<Ran>;
};

/** The system's user `nobody`, in no group but those given. Goes away when the test ends. */
export async function makeOtherUser(t: ExecutionContext, {groups = []}: {groups?: string[]} = {}): Promise<OtherUser> {
	const name = 'nobody';
	const uid = Number(await run('id', ['-u', name]));
	const home = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}home-`));
	t.teardown(async () => rm(home, {recursive: true, force: true}));
	const programFolder = path.join(home, 'program');
	await mkdir(programFolder);
	await cp(path.dirname(programPath), programFolder, {recursive: true});
	await run('chmod', ['-R', 'u=rwX,go=rX', programFolder]);

	await chown(home, uid, -1);
	await chmod(programFolder, 0o755);
	const asUser = ['setpriv', `--reuid=${uid}`, '--regid=nogroup', ...(groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`]), '--'];
	const attemptIn = async (folder: string, env: Record<string, string>, words: string[]) => {
		const environment = Object.entries(labEnvironment({HOME: home, ...env})).map(([key, value]) => `${key}=${value}`);
		return attempt('env', ['-i', '-C', folder, ...environment, ...asUser, ...words]);
	};

	return {
		name,
		uid,
		home,
		attempt: async (program, args) => attemptIn(home, {XDG_RUNTIME_DIR: home}, [program, ...args]),
		line: args => ['env', '-u', 'VSNAP_TUI_STATE', '-u', 'XDG_CONFIG_HOME', `HOME=${home}`, ...asUser, process.execPath, path.join(programFolder, path.basename(programPath)), ...args].map(word => quoteForShell(word)).join(' '),
		runProgram: async (args, {env = {}, folder = home} = {}) => attemptIn(folder, env, [process.execPath, path.join(programFolder, path.basename(programPath)), ...args]),
	};
}
