/**
The hosts that a person may want to open: those named in the settings, then those that were worked on, the last one first.
*/
import type {StateStore} from '../../engine/ports.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readPreferences, type KnownHost} from './preferences.ts';

/** How many of those that were worked on. */
const mostRecent = 8;

export async function readKnownHosts(store: Pick<StateStore, 'readAudit'>): Promise<string[]> {
	const [preferences, audit] = await Promise.all([readPreferences(), store.readAudit()]);
	const named = preferences.ok ? preferences.value.hosts.map(({uri}) => uri) : [];
	const recent = audit.ok ? audit.value.entries.map(({uri}) => uri).reverse().filter(uri => /^[a-z]+(?:\+[a-z\d]+)?:\/\//u.test(uri) && !uri.startsWith('demo:')) : [];
	return [...new Set([...named, ...[...new Set(recent)].slice(0, mostRecent)])];
}

/**
What the settings say of a host; undefined: nothing. A host without a name of its own (an alias, or virsh's default) is known by the URI that `readUri` gives, which is asked only where
the settings say something of any. Fails with `usage` where they are not understood: a host might be changed that is only to be looked at.
*/
export async function readHostSettings(uri: string | undefined, readUri: () => Promise<string | undefined>): Promise<Result<KnownHost | undefined>> {
	const preferences = await readPreferences();
	if (!preferences.ok) {
		return preferences;
	}

	const hosts = preferences.value.hosts.filter(({isReadOnly, overlayFolder}) => isReadOnly || overlayFolder !== undefined);
	const named = hosts.length === 0 || uri?.includes(':') ? uri : await readUri();
	return succeed(hosts.find(host => host.uri === uri || host.uri === named));
}
