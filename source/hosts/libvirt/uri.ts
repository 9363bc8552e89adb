/**
Which host is meant: the order of the command line, the environment, the preferences, and virsh's own default.
*/
import {fail, succeed, type Result} from '../../model/result.ts';

type UriSources = {
	/** `-c`, `--connect`. */
	given: string | undefined;
	environment: Record<string, string | undefined>;
	/** From the person's preferences. */
	preferred: string | undefined;
};

/**
Undefined: virsh's own default. A name without a scheme is an alias of libvirt.conf, which virsh resolves. Fails with `usage` for hypervisors other
than QEMU: their snapshots are something else. The test driver of libvirt is let through.
*/
export function chooseUri({given, environment, preferred}: UriSources): Result<string | undefined> {
	const uri = [given, environment.VIRSH_DEFAULT_CONNECT_URI, environment.LIBVIRT_DEFAULT_URI, preferred]
		.find(candidate => candidate !== undefined && candidate !== '');
	return uri === undefined ? succeed(undefined) : checkScheme(uri);
}

/** Also for the URI that virsh reports when it chose by itself. */
export function checkScheme(uri: string): Result<string> {
	const driver = /^([a-z][\w-]*)(?:\+[\w-]+)?:/i.exec(uri)?.[1]?.toLowerCase();
	return driver === undefined || driver === 'qemu' || driver === 'test'
		? succeed(uri)
		: fail({
			kind: 'usage',
			message: `${uri} is a "${driver}" host. vsnap-tui works only with QEMU.`,
			hint: 'Use a URI that begins with qemu, such as qemu:///system.',
		});
}

/** A libvirt that runs for one user: it changes no owners of files, and its QEMU is that user's. */
export function isSession(uri: string): boolean {
	return /\/session(?:[?#]|$)/.test(uri);
}
