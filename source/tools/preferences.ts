/**
What a person prefers, in the file that conf keeps: ~/.config/vsnap-tui/config.json. Nothing in it is needed to run.
*/

export type Preferences = {
	/** The host, where neither the command line nor the environment names one. */
	connect: string | undefined;
};

/** A file that is broken or cannot be read is like none: preferences never stop anybody. */
export async function readPreferences(): Promise<Preferences> {
	try {
		// Loaded late: most runs name their host otherwise.
		const {default: Conf} = await import('conf');
		const connect: unknown = new Conf({projectName: 'vsnap-tui', projectSuffix: '', configFileMode: 0o600}).get('connect');
		return {connect: typeof connect === 'string' && connect !== '' ? connect : undefined};
	} catch {
		return {connect: undefined};
	}
}
