/**
What a person prefers, kept between runs with conf: ~/.config/vsnap-tui/config.json. Nothing in it is needed to run.
*/
import Conf from 'conf';

export type Preferences = {
	/** The host, where neither the command line nor the environment names one. */
	connect: string | undefined;
	/** The domain that was looked at last, by URI. */
	readLastDomain: (uri: string) => string | undefined;
	writeLastDomain: (uri: string, uuid: string) => void;
};

type Stored = {connect?: string; lastDomains?: Record<string, string>};

const nothing: Preferences = {connect: undefined, readLastDomain: () => undefined, writeLastDomain: () => undefined};

/** A file that is broken or not writable is like none: preferences never stop anybody. */
export function openPreferences(): Preferences {
	try {
		const conf = new Conf<Stored>({projectName: 'vsnap-tui', projectSuffix: '', configFileMode: 0o600, clearInvalidConfig: false});
		const connect: unknown = conf.get('connect');
		return {
			connect: typeof connect === 'string' && connect !== '' ? connect : undefined,
			readLastDomain: uri => conf.get('lastDomains')?.[uri],
			writeLastDomain(uri, uuid) {
				try {
					conf.set('lastDomains', {...conf.get('lastDomains'), [uri]: uuid});
				} catch {
					// A home that cannot be written to: the next run starts at the first domain.
				}
			},
		};
	} catch {
		return nothing;
	}
}
