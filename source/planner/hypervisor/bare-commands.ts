/**
The words of commands.ts for a domain that is bare QEMU. Its records are files of our own, in libvirt's XML format: a new record is written elsewhere and
moved to its place, so that no crash leaves half of one. All of them can be run again.
*/
import {posix} from 'node:path';
import {digest} from '../../model/plan/fingerprint.ts';
import type {BareFacts, HostFacts, Inventory} from '../../model/domain/inventory.ts';
import type {Command, CommandFile, QmpCommand} from '../../model/plan/plan.ts';
import {relaunchArgv, relaunchProblems, type Relaunch} from '../../model/qemu/command-line.ts';
import {quoteAsIs} from '../../model/text/shell-quote.ts';
import {parseSnapshotXml} from '../../model/xml/parse-snapshot.ts';
import {commandLineOf} from '../../model/xml/bare-domain.ts';
import {capabilitiesOf} from './capabilities.ts';

export type BareContext = {workPath: string; host: HostFacts; inventory: Inventory};

/** Whether the domain is bare QEMU. */
export function isBare<T extends {host: HostFacts; inventory?: Inventory}>(context: T): context is T & BareContext {
	return context.host.owner === 'qemu' && context.inventory?.bare !== undefined;
}

function factsOf(context: BareContext): BareFacts {
	const {bare} = context.inventory;
	if (bare === undefined) {
		throw new Error('A command for bare QEMU was asked for a domain that is none.');
	}

	return bare;
}

function move(folder: string, files: CommandFile[]): Command {
	return {tool: 'file', argv: ['mv', '-f', '-t', folder, '--', ...files.map(file => file.path)], files};
}

function qmp(context: BareContext, execute: string, more: Partial<QmpCommand> = {}): QmpCommand {
	const {socketPath} = factsOf(context);
	if (socketPath === undefined) {
		throw new Error(`A monitor was asked for ${execute}, and the domain has none.`);
	}

	return {tool: 'qmp', socketPath, execute, arguments: {}, files: [], ...more};
}

/** Why a domain with this definition cannot be started by us; empty: it can. */
export function startProblems(context: BareContext, definitionXml: string): string[] {
	const bare = factsOf(context);
	const argv = commandLineOf(definitionXml);
	if (bare.socketPath === undefined) {
		return ['no monitor is known for it (--qmp NAME=SOCKET)'];
	}

	return argv === undefined
		? [bare.argvProblem ?? 'the command line that QEMU was started with was not recorded']
		: [...relaunchProblems(argv, bare.socketPath), ...(bare.argvProblem === undefined ? [] : [bare.argvProblem])];
}

export const bareCommands = {
	/** Any command of the monitor. */
	ask: qmp,
	/** QEMU writes out what it holds, and goes. */
	quit: (context: BareContext) => qmp(context, 'quit', {until: {kind: 'gone'}}),
	/** Only after `startProblems` found none. */
	start(context: BareContext, definitionXml: string, relaunch: Relaunch): Command {
		const argv = relaunchArgv(commandLineOf(definitionXml) ?? [], relaunch);
		if (!argv.ok) {
			throw new Error('A start was planned of a domain whose command line is not understood.');
		}

		return {tool: 'qemu', argv: argv.value, files: []};
	},
	/** Reads the memory into a QEMU that waits for it. */
	loadMemory: (context: BareContext, memoryPath: string) => qmp(context, 'migrate-incoming', {
		arguments: {uri: capabilitiesOf(context.host).migratesToFile && !memoryPath.includes(',offset=') ? `file:${memoryPath}` : `exec:cat -- ${quoteAsIs(memoryPath)}`},
		until: {kind: 'incoming'},
	}),
	resume: (context: BareContext) => qmp(context, 'cont'),
	/** `device`: the id of the backend, or the name of its node. */
	untagOnline: (context: BareContext, device: string, tag: string) => qmp(context, 'blockdev-snapshot-delete-internal-sync', {arguments: {device, name: tag}}),
	define: (context: BareContext, fileName: string, xml: string) =>
		move(factsOf(context).metadataPath, [{path: posix.join(context.workPath, fileName, 'domain.xml'), text: xml}]),
	redefine(context: BareContext, options: {fileName: string; xml: string; makeCurrent: boolean}): Command {
		const parsed = parseSnapshotXml(options.xml);
		if (!parsed.ok) {
			throw new Error('A record without a name was to be written.');
		}

		const {name} = parsed.value;
		const folder = posix.join(context.workPath, options.fileName);
		return move(posix.join(factsOf(context).metadataPath, 'snapshots'), [
			{path: posix.join(folder, `${name}.xml`), text: options.xml},
			...(options.makeCurrent ? [{path: posix.join(folder, 'current'), text: name}] : []),
		]);
	},
	makeCurrent: (context: BareContext, name: string) =>
		move(posix.join(factsOf(context).metadataPath, 'snapshots'), [{path: posix.join(context.workPath, `current-${digest(name)}`, 'current'), text: name}]),
	forget: (context: BareContext, name: string): Command =>
		({tool: 'file', argv: ['rm', '-f', '--', posix.join(factsOf(context).metadataPath, 'snapshots', `${name}.xml`)], files: []}),
	makeFolder: (context: BareContext): Command =>
		({tool: 'file', argv: ['mkdir', '-p', '--', posix.join(factsOf(context).metadataPath, 'snapshots')], files: []}),
	removeEmptyFolder(context: BareContext): Command {
		const {metadataPath} = factsOf(context);
		return {tool: 'file', argv: ['rmdir', '--ignore-fail-on-non-empty', '--', posix.join(metadataPath, 'snapshots'), metadataPath], files: []};
	},
	removeDefinition: (context: BareContext): Command =>
		({tool: 'file', argv: ['rm', '-f', '--', posix.join(factsOf(context).metadataPath, 'domain.xml')], files: []}),
	sync(context: BareContext): Command {
		const {metadataPath} = factsOf(context);
		return {tool: 'file', argv: ['sync', '--', posix.join(metadataPath, 'snapshots'), metadataPath], files: []};
	},
};
