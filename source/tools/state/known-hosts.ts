/**
The hosts that a person may want to open: those named in the settings, then those that were worked on, the last one first.
*/
import type {StateStore} from '../../engine/ports.ts';
import {readPreferences} from './preferences.ts';

/** How many of those that were worked on. */
const mostRecent = 8;

export async function readKnownHosts(store: Pick<StateStore, 'readAudit'>): Promise<string[]> {
	const [preferences, audit] = await Promise.all([readPreferences(), store.readAudit()]);
	const named = preferences.ok ? preferences.value.hosts.map(({uri}) => uri) : [];
	const recent = audit.ok ? audit.value.entries.map(({uri}) => uri).reverse().filter(uri => /^[a-z]+(?:\+[a-z\d]+)?:\/\//u.test(uri) && !uri.startsWith('demo:')) : [];
	return [...new Set([...named, ...[...new Set(recent)].slice(0, mostRecent)])];
}

/** Whether the settings say of this host that nothing is to be changed there. Settings that are not understood name none. */
export async function isForLooking(uri: string | undefined): Promise<boolean> {
	const preferences = await readPreferences();
	return preferences.ok && preferences.value.hosts.some(host => host.uri === uri && host.isReadOnly);
}
