/**
What a person prefers, in the file that conf keeps: ~/.config/vsnap-tui/config.json. Nothing in it is needed to run.
*/
import {statSync} from 'node:fs';
import {homedir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fail, succeed, type Result} from '../../model/result.ts';
import {readCurrentUser} from '../run/current-user.ts';
import {firstAbsolute} from './state-folder.ts';

/** In the file a URI, or an object with `uri` and `readOnly`. */
export type KnownHost = {
	uri: string;
	/** It may only be looked at. */
	isReadOnly: boolean;
	/** Where new overlays go of disks that have no folder. */
	overlayFolder?: string;
};

type Preferences = {
	/** The host, where neither the command line nor the environment names one. */
	connect: string | undefined;
	/** Hosts that are offered on the screen, and those that may only be looked at. */
	hosts: KnownHost[];
	/** Whether the doctor looks at the domains by itself while the screen is open. */
	check: boolean;
	/** `auto`: as the terminal says of its background. */
	theme: 'auto' | 'dark' | 'light' | 'mono';
	/** How the screen sorts the domains at first. */
	sort: 'name' | 'state' | 'health' | 'snapshots';
	/** Of an action: whether the title of the window tells how far it is, and whether its end rings and is shown by the terminal as a notification. */
	title: boolean;
	bell: boolean;
	/** Whether the screen takes the mouse from the terminal. */
	mouse: boolean;
	notify: boolean;
};

/** A title disturbs nobody, and is put back; a bell and a notification are for who wants them. */
const defaults: Preferences = {
	connect: undefined, hosts: [], check: true, theme: 'auto', sort: 'name', title: true, mouse: false, bell: false, notify: false,
};

const switches = ['check', 'title', 'mouse', 'bell', 'notify'] as const;

const sorts = ['name', 'state', 'health', 'snapshots'] as const;
const themes = ['auto', 'dark', 'light', 'mono'] as const;

function parse(text: string): Record<string, unknown> {
	const value: unknown = JSON.parse(text);
	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw new TypeError('it is not an object with settings');
	}

	return value as Record<string, unknown>;
}

/** Undefined: it is none. */
function knownHost(value: unknown): KnownHost | undefined {
	if (typeof value === 'string') {
		return value === '' ? undefined : {uri: value, isReadOnly: false};
	}

	const {uri, readOnly = false, overlayFolder} = (value ?? {}) as Record<string, unknown>;
	const isFolder = typeof overlayFolder === 'string' && path.isAbsolute(overlayFolder) && path.normalize(overlayFolder) === overlayFolder;
	return typeof uri === 'string' && uri !== '' && typeof readOnly === 'boolean' && (overlayFolder === undefined || isFolder)
		? {uri, isReadOnly: readOnly, ...(isFolder && {overlayFolder})}
		: undefined;
}

/** Fails with `usage` where the file is there and not understood: without it another host might be meant. */
export async function readPreferences(): Promise<Result<Preferences>> {
	// conf takes a relative folder of the environment for one below the current folder; the XDG base directory specification has it ignored.
	const home = firstAbsolute(homedir(), readCurrentUser().home) ?? '/';
	const cwd = path.join(firstAbsolute(process.env.XDG_CONFIG_HOME) ?? path.join(home, '.config'), 'vsnap-tui');
	const refuse = (reason: string) => fail({
		kind: 'usage',
		message: `The settings file ${path.join(cwd, 'config.json')} is not understood: ${reason}.`,
		hint: 'Correct it or remove it.',
	});
	try {
		if (statSync(path.join(cwd, 'config.json'), {throwIfNoEntry: false}) === undefined) {
			return succeed(defaults);
		}

		// Loaded late: most runs name their host otherwise.
		const {default: Conf} = await import('conf');
		const stored: Record<string, unknown> = new Conf({cwd, configFileMode: 0o600, deserialize: parse}).store;
		const {connect, theme = defaults.theme, sort = defaults.sort} = stored;
		const wrong = switches.find(name => stored[name] !== undefined && typeof stored[name] !== 'boolean');
		if (wrong !== undefined) {
			return refuse(`"${wrong}" is neither true nor false`);
		}

		const known = themes.find(name => name === theme);
		if (known === undefined) {
			return refuse(`"theme" is none of ${themes.join(', ')}`);
		}

		const knownSort = sorts.find(name => name === sort);
		if (knownSort === undefined) {
			return refuse(`"sort" is none of ${sorts.join(', ')}`);
		}

		const hosts: unknown[] | undefined = stored.hosts === undefined ? [] : (Array.isArray(stored.hosts) ? stored.hosts : undefined);
		const knownHosts = hosts?.map(host => knownHost(host));
		if (knownHosts === undefined || knownHosts.includes(undefined)) {
			return refuse('"hosts" is not a list of URIs, or of objects with "uri", "readOnly" and an absolute "overlayFolder"');
		}

		return connect === undefined || typeof connect === 'string'
			? succeed({
				connect: connect === '' ? undefined : connect,
				hosts: knownHosts as KnownHost[],
				theme: known,
				sort: knownSort,
				...Object.fromEntries(switches.map(name => [name, stored[name] ?? defaults[name]])) as Pick<Preferences, typeof switches[number]>,
			})
			: refuse('"connect" is not a string');
	} catch (error) {
		return refuse(error instanceof Error ? error.message : String(error));
	}
}
