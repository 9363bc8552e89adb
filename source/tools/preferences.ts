/**
What a person prefers, in the file that conf keeps: ~/.config/vsnap-tui/config.json. Nothing in it is needed to run.
*/
import {homedir, userInfo} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {firstAbsolute} from './state-folder.ts';

export type Preferences = {
	/** The host, where neither the command line nor the environment names one. */
	connect: string | undefined;
};

/** A file that is broken or cannot be read is like none: preferences never stop anybody. */
export async function readPreferences(): Promise<Preferences> {
	try {
		// Loaded late: most runs name their host otherwise.
		const {default: Conf} = await import('conf');
		// conf takes a relative folder of the environment for one below the current folder; the XDG base directory specification has it ignored.
		const home = firstAbsolute(homedir(), userInfo().homedir) ?? '/';
		const cwd = path.join(firstAbsolute(process.env.XDG_CONFIG_HOME) ?? path.join(home, '.config'), 'vsnap-tui');
		const connect: unknown = new Conf({cwd, configFileMode: 0o600}).get('connect');
		return {connect: typeof connect === 'string' && connect !== '' ? connect : undefined};
	} catch {
		return {connect: undefined};
	}
}
