/**
For qemu+ssh hosts: what must run beside the images runs there over ssh. virsh answers questions there, where it is, and a change that is one call is said to it there as well; any
other is said to one that runs here, whose URI leads to the host.
*/
import {mkdir, rename, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {fail, type Result} from '../../model/result.ts';
import type {RunOutput} from '../../engine/ports.ts';
import type {CommandFile} from '../../model/plan/plan.ts';
import type {ChangingShells} from './changing-shell.ts';
import type {StartConversation} from './conversation.ts';
import {createKeptShell, lineOf} from './kept-shell.ts';
import type {Runner, RunRequest} from './run.ts';

export type SshTarget = {
	user: string | undefined;
	host: string;
	port: number | undefined;
	keyfile: string | undefined;
	/** The URI says `no_verify=1`: the key of an unknown host is taken. */
	isUnverified: boolean;
	/** The URI as it was given, for messages. */
	uri: string;
};

/** Undefined for a URI that does not go over SSH. `[::1]` is an IPv6 address; user, host and parameters may be percent-encoded. */
export function parseSshTarget(uri: string): SshTarget | undefined {
	const [, authority, query] = /^[a-z]+\+(?:ssh|libssh2?):\/\/([^/?#]*)[^?#]*(?:\?([^#]*))?/i.exec(uri) ?? [];
	if (authority === undefined || authority === '') {
		return undefined;
	}

	const at = authority.lastIndexOf('@');
	const [, bracketed, plain, port] = /^(?:\[([^\]]+)]|([^:]*))(?::(\d+))?$/.exec(authority.slice(at + 1)) ?? [];
	const host = bracketed ?? plain;
	if (host === undefined || host === '') {
		return undefined;
	}

	const parameters = new URLSearchParams(query ?? '');
	return {
		user: at === -1 ? undefined : decode(authority.slice(0, at)),
		host: decode(host),
		port: port === undefined ? undefined : Number(port),
		keyfile: parameters.get('keyfile') ?? undefined,
		isUnverified: parameters.get('no_verify') === '1',
		uri,
	};
}

function decode(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		return text;
	}
}

/** One connection for all, which stays for a minute. */
function sharing(controlFolder: string): string[] {
	return ['-o', 'ControlMaster=auto', '-o', `ControlPath=${path.join(controlFolder, '%C')}`, '-o', 'ControlPersist=60'];
}

/**
The environment in which virsh's own ssh shares that connection: libvirt takes the first `ssh` of the PATH, so one that adds the options stands before it. `searchPath`: the
PATH without it. Fails where the folder cannot be written to; virsh then connects by itself each time.
*/
export async function sharedSshEnvironment(controlFolder: string, searchPath: string): Promise<Record<string, string>> {
	const folder = path.join(controlFolder, 'bin');
	const program = path.join(folder, 'ssh');
	const text = `#!/bin/sh\nPATH=${quoteForShell(searchPath)}\nexec ssh ${sharing(controlFolder).map(word => quoteForShell(word)).join(' ')} "$@"\n`;
	await mkdir(folder, {recursive: true, mode: 0o700});
	await writeFile(`${program}.${process.pid}`, text, {mode: 0o700, flag: 'wx'});
	await rename(`${program}.${process.pid}`, program);
	return {PATH: `${folder}:${searchPath}`};
}

/** What only says how ssh gets there. Anything else may lead to another libvirt than a virsh over there would ask. */
const onlyForSsh = new Set(['keyfile', 'no_verify', 'no_tty']);

/**
The command line of a virsh that runs beside libvirt's daemon, up to its URI: one that runs here goes over the line and back for each of the calls that a question is made of.
Undefined where the URI has more to say.
*/
export function virshThere(uri: string, controlFolder: string): {ssh: string[]; uri: string} | undefined {
	const target = parseSshTarget(uri);
	const [, driver, path, query = ''] = /^([a-z]+)\+ssh:\/\/[^/?#]*(\/[^?#]*)(?:\?([^#]*))?$/i.exec(uri) ?? [];
	return target !== undefined && path !== undefined && [...new URLSearchParams(query).keys()].every(name => onlyForSsh.has(name))
		? {ssh: sshArgv(target, controlFolder), uri: `${driver}://${path}`}
		: undefined;
}

/** The ssh command line up to and with the host; the remote command line follows as one word. `controlFolder` holds the shared connection. */
export function sshArgv(target: SshTarget, controlFolder?: string): string[] {
	return [
		'ssh',
		'-T',
		'-o',
		'BatchMode=yes',
		...(target.isUnverified ? ['-o', 'StrictHostKeyChecking=no'] : []),
		...(target.port === undefined ? [] : ['-p', String(target.port)]),
		...(target.keyfile === undefined ? [] : ['-i', target.keyfile]),
		...(controlFolder === undefined ? [] : sharing(controlFolder)),
		'--',
		target.user === undefined ? target.host : `${target.user}@${target.host}`,
	];
}

/**
Each is one call of libvirt's, which goes on to its end whoever is connected, and reads no file of this machine but the one that it gets. A virsh that runs here goes over the line and
back some fifteen times before it makes that call. What virsh itself watches to its end stays beside us.
*/
const oneCall = new Set(['define', 'undefine', 'start', 'destroy', 'resume', 'suspend', 'snapshot-create', 'snapshot-delete', 'snapshot-revert', 'checkpoint-create', 'checkpoint-delete', 'secret-define', 'secret-undefine']);

/** The words of that command for a virsh beside libvirt's daemon, and what it reads instead of a file of this machine; undefined: it has to be said here. */
export function sayThere(argv: readonly string[], files: readonly CommandFile[], target: SshTarget): {argv: string[]; piped?: string} | undefined {
	const there = virshThere(target.uri, '');
	const [program, quiet, connect, uri, verb = '', ...rest] = argv;
	const [file, ...others] = files;
	return there !== undefined && program === 'virsh' && quiet === '-q' && connect === '-c' && uri === target.uri && oneCall.has(verb) && others.length === 0 && (file === undefined || rest.includes(file.path))
		? {argv: ['virsh', '-q', '-c', there.uri, verb, ...rest.map(word => word === file?.path ? '/dev/stdin' : word)], ...(file && {piped: file.text})}
		: undefined;
}

/**
Commands for `host` go over ssh, quoted for the POSIX shell that ssh starts there; commands for `here` go to `local`. One connection is shared for a
minute. `controlFolder` must be short (a socket's path ends at about 100 characters) and private: it is made with mode 0700. `converse`: for a shell that is kept open for
questions, `changing`: for what changes something; missing: each command has an ssh of its own.
*/
export function createSshRunner(target: SshTarget, local: Runner, options: {controlFolder: string; converse?: StartConversation; changing?: ChangingShells}): Runner {
	const ssh = sshArgv(target, options.controlFolder);
	const shell = options.converse && createKeptShell(options.converse, ssh);
	const changing = options.changing?.at(ssh, {unreached: result => asRemote(result, target)});
	const say = changing && (async (request: RunRequest) => {
		const words = request.isMutating ? sayThere(request.argv, request.files ?? [], target) : undefined;
		const said = words && await changing.ask({...request, argv: words.argv, files: []}, words.piped);
		// A person knows the command as it was planned.
		return said?.ok === false && said.failure.kind === 'tool-failed' ? fail({...said.failure, cause: {...said.failure.cause, argv: request.argv}}) : said;
	});
	return async request => {
		if (request.where === 'here') {
			return await say?.(request) ?? local(request);
		}

		await mkdir(options.controlFolder, {recursive: true, mode: 0o700}).catch(() => undefined);
		return await shell?.ask(request) ?? await changing?.ask(request) ?? asRemote(await local({...request, inProcess: undefined, where: 'here', argv: [...ssh, lineOf(request.argv)]}), target);
	};
}

/** ssh keeps exit code 255 for itself: then the host was not reached, and the command was not run. */
function asRemote(result: Result<RunOutput>, target: SshTarget): Result<RunOutput> {
	return !result.ok && result.failure.kind === 'tool-failed' && result.failure.cause.exitCode === 255
		? fail({kind: 'host-unreachable', uri: target.uri, cause: result.failure.cause})
		: result;
}
