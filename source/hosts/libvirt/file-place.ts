/**
On which machine the image files of a libvirt URI are, and whether they can be worked on there. By libvirt's rules for URIs (https://libvirt.org/uri.html): a
host part, or a transport other than unix, leads to another machine, whatever name it has. Files there are reached by ssh alone.
*/
import {parseSshTarget, type SshTarget} from '../../tools/run/ssh.ts';
import type {RunOutput} from '../../engine/ports.ts';
import type {Failure} from '../../model/failure.ts';
import {fail, type Result} from '../../model/result.ts';

export type FilePlace =
	| {kind: 'here'}
	| {kind: 'ssh'; target: SshTarget}
	| {kind: 'elsewhere'; failure: Failure & {kind: 'files-elsewhere'}};

/** `uri` is a whole one, no alias: as `virsh uri` tells it. */
export function filePlaceOf(uri: string): FilePlace {
	const target = parseSshTarget(uri);
	if (target !== undefined) {
		return {kind: 'ssh', target};
	}

	const [, driver = 'qemu', transport, authority = '', path = ''] = /^([a-z][\w-]*)(?:\+([\w-]+))?:(?:\/\/([^/?#]*))?([^?#]*)/i.exec(uri) ?? [];
	if (authority === '' && (transport === undefined || transport.toLowerCase() === 'unix')) {
		return {kind: 'here'};
	}

	const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d+$/, '');
	return {
		kind: 'elsewhere',
		failure: {
			kind: 'files-elsewhere',
			text: `${uri} connects to ${host === '' ? 'another machine' : `the machine ${host}`} without access to its files.`,
			remedy: `Use ${driver}+ssh://${host === '' ? 'HOST' : host}${path === '' ? '/system' : path}: files are then accessed by ssh. If that is this machine, use ${driver}://${path === '' ? '/system' : path}.`,
		},
	};
}

/** virsh reaches a host of libssh or libssh2 by its own means, perhaps where ssh with a key does not: there only the files are out of reach. */
export function withoutSsh(result: Result<RunOutput>, {uri}: SshTarget): Result<RunOutput> {
	return !result.ok && result.failure.kind === 'host-unreachable' && /^[a-z]+\+libssh2?:/i.test(uri)
		? fail({
			kind: 'files-elsewhere',
			text: `The files of ${uri} are accessed by ssh, but ssh cannot connect: ${result.failure.cause.stderr.trim()}`,
			remedy: 'Set up ssh to log in there with a key and without prompting, as for qemu+ssh://.',
		})
		: result;
}
