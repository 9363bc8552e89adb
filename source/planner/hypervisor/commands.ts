/**
The exact command lines that plans are made of. Options stand before hostile text, and domains are named by UUID: a domain's name may look like an
option or like another domain's number.
*/
import type {HostFacts, Inventory} from '../../model/domain/inventory.ts';
import type {Command, CommandFile, ProgramCommand} from '../../model/plan/plan.ts';
import {bareCommands, isBare} from './bare-commands.ts';

/** With its inventory where the domain may be bare QEMU, which has other words for the same. */
export type VirshContext = {host: HostFacts; uuid: string; workPath: string; inventory?: Inventory};

export function virsh(context: VirshContext, argv: string[], files: CommandFile[] = []): Command {
	const [verb, ...rest] = argv;
	return {tool: 'virsh', argv: ['virsh', '-q', '-c', context.host.uri, verb!, ...rest], files};
}

function onDomain(context: VirshContext, verb: string, ...rest: string[]): Command {
	return virsh(context, [verb, '--domain', context.uuid, ...rest]);
}

/** The XML goes into a private file that is named after what it holds. */
function withXml(context: VirshContext, fileName: string, xml: string, argv: (path: string) => string[]): Command {
	const path = `${context.workPath}/${fileName}.xml`;
	return virsh(context, argv(path), [{path, text: xml}]);
}

export const domainCommands = {
	/** `isGraceful` never kills: QEMU writes out what it holds, or the command fails. */
	destroy: (context: VirshContext, isGraceful: boolean) =>
		isBare(context) ? bareCommands.quit(context) : onDomain(context, 'destroy', ...(isGraceful ? ['--graceful'] : [])),
	/** `definitionXml`: what a bare QEMU is started with. libvirt knows the definition itself. */
	start: (context: VirshContext, isPaused: boolean, definitionXml: string) =>
		isBare(context) ? bareCommands.start(context, definitionXml, {isPaused}) : onDomain(context, 'start', ...(isPaused ? ['--paused'] : [])),
	define: (context: VirshContext, fileName: string, xml: string) =>
		isBare(context) ? bareCommands.define(context, fileName, xml) : withXml(context, fileName, xml, path => ['define', '--file', path]),
	restore: (context: VirshContext, options: {memoryPath: string; xml: string; isPaused: boolean}) =>
		withXml(context, 'definition-live', options.xml, path =>
			['restore', '--file', options.memoryPath, '--xml', path, options.isPaused ? '--paused' : '--running']),
};

export const snapshotCommands = {
	redefine: (context: VirshContext, options: {fileName: string; xml: string; makeCurrent: boolean}) => isBare(context)
		? bareCommands.redefine(context, options)
		: withXml(context, options.fileName, options.xml, path =>
			['snapshot-create', '--domain', context.uuid, '--xmlfile', path, '--redefine', ...(options.makeCurrent ? ['--current'] : [])]),
	makeCurrent: (context: VirshContext, name: string) =>
		isBare(context) ? bareCommands.makeCurrent(context, name) : onDomain(context, 'snapshot-current', '--snapshotname', name),
	forget: (context: VirshContext, name: string) =>
		isBare(context) ? bareCommands.forget(context, name) : onDomain(context, 'snapshot-delete', '--snapshotname', name, '--metadata'),
	remove: (context: VirshContext, name: string) => onDomain(context, 'snapshot-delete', '--snapshotname', name),
	revert: (context: VirshContext, name: string, isPaused: boolean) =>
		onDomain(context, 'snapshot-revert', '--snapshotname', name, isPaused ? '--paused' : '--running'),
};

/** Each waits until the job has ended; another virsh can ask how far it is, and abort it. */
export const blockCommands = {
	commitHead: (context: VirshContext, target: string, into: string) =>
		onDomain(context, 'blockcommit', '--path', target, '--base', into, '--active', '--pivot', '--wait'),
	commit: (context: VirshContext, target: string, layers: {top: string; into: string}) =>
		onDomain(context, 'blockcommit', '--path', target, '--base', layers.into, '--top', layers.top, '--wait'),
	pull: (context: VirshContext, target: string, below: string | undefined) =>
		onDomain(context, 'blockpull', '--path', target, ...(below === undefined ? [] : ['--base', below]), '--wait'),
	/** A stopped QEMU has flushed all its images. In one process, so that the guest goes on also where nobody waits for it. */
	flush: (context: VirshContext) => virsh(context, [`suspend --domain ${context.uuid}; resume --domain ${context.uuid}`]),
	abort: (context: VirshContext, target: string) => onDomain(context, 'blockjob', '--path', target, '--abort'),
};

export const checkpointCommands = {
	forget: (context: VirshContext, name: string) => onDomain(context, 'checkpoint-delete', '--checkpointname', name, '--metadata'),
	redefine: (context: VirshContext, fileName: string, xml: string) =>
		withXml(context, fileName, xml, path => ['checkpoint-create', '--domain', context.uuid, '--xmlfile', path, '--redefine']),
};

function qemuImg(...argv: string[]): ProgramCommand {
	return {tool: 'qemu-img', argv: ['qemu-img', ...argv], files: []};
}

export const imageCommands = {
	/** Without `-U`: fails where another process may write to the image or to one below it. */
	infoWithChain: (path: string, format: string) =>
		qemuImg('info', '--backing-chain', '--output=json', '-f', format, path),
	/** Opens it for writing and writes nothing: fails where another process has it open, be it to read only. */
	openToWrite: (path: string, format: string): ProgramCommand => ({tool: 'qemu-io', argv: ['qemu-io', '-f', format, '-c', 'quit', path], files: []}),
	/** With `sizeBytes` the image below is not opened: a running QEMU may have it. */
	createOverlay: (options: {path: string; backingPath: string; backingFormat: string; clusterSizeBytes: number | undefined; sizeBytes?: number}) => qemuImg(
		'create',
		'-q',
		'-f',
		'qcow2',
		'-F',
		options.backingFormat,
		'-b',
		options.backingPath,
		...(options.clusterSizeBytes === undefined ? [] : ['-o', `cluster_size=${options.clusterSizeBytes}`]),
		...(options.sizeBytes === undefined ? [options.path] : ['-u', options.path, String(options.sizeBytes)]),
	),
	createEmpty: (path: string, sizeBytes: number) => qemuImg('create', '-q', '-f', 'qcow2', path, String(sizeBytes)),
	/** The image takes over what it reads from those between it and `below`; without one, from all. */
	pull: (path: string, below: {name: string; format: string} | undefined) =>
		qemuImg('rebase', '-f', 'qcow2', ...(below === undefined ? ['-b', ''] : ['-F', below.format, '-b', below.name]), path),
	/** Only the header: what is read stays the same where the other backing file reads the same. */
	relink: (path: string, backing: {name: string; format: string}) =>
		qemuImg('rebase', '-u', '-f', 'qcow2', '-F', backing.format, '-b', backing.name, path),
	/** Writes what the top holds down into `into`; the top keeps it too (`-d`), so it reads right at every moment. */
	commit: (top: string, into: string) => qemuImg('commit', '-q', '-f', 'qcow2', '-d', '-b', into, top),
	tag: (path: string, tag: string) => qemuImg('snapshot', '-c', tag, path),
	untag: (path: string, tag: string) => qemuImg('snapshot', '-d', tag, path),
	applyTag: (path: string, tag: string) => qemuImg('snapshot', '-a', tag, path),
	addBitmap: (options: {path: string; name: string; granularityBytes: number}) =>
		qemuImg('bitmap', '--add', '-g', String(options.granularityBytes), '-f', 'qcow2', '--', options.path, options.name),
};

function file(...argv: string[]): ProgramCommand {
	return {tool: 'file', argv, files: []};
}

export const fileCommands = {
	/** Makes an empty file, and fails if the name is taken (`O_EXCL`): `qemu-img create` alone would overwrite it. */
	reserve: (path: string) => file('dd', 'if=/dev/null', `of=${path}`, 'conv=excl', 'status=none'),
	own: (path: string, owner: {uid: number; gid: number}) => file('chown', '-h', `${owner.uid}:${owner.gid}`, '--', path),
	ownLike: (path: string, other: string) => file('chown', '-h', `--reference=${other}`, '--', path),
	allow: (path: string, mode: number) => file('chmod', mode.toString(8).padStart(4, '0'), '--', path),
	sync: (paths: string[]) => file('sync', '--', ...paths),
	/** Into a file that is there; its owner and mode stay. */
	copy: (from: string, to: string) => file('cp', '--', from, to),
	/** Fails where the two differ. */
	compare: (path: string, other: string) => file('cmp', '--', path, other),
	/** A second name for the same file; fails if the name is taken. */
	link: (from: string, to: string) => file('ln', '-T', '--', from, to),
	/** At one moment, over what is there. */
	replace: (from: string, to: string) => file('mv', '-f', '-T', '--', from, to),
	/** Into a file of root's alone, which need not be there: no link is followed to what is read. */
	copyFrom: (from: string, to: string) => file('dd', `if=${from}`, 'iflag=nofollow', `of=${to}`, 'conv=fsync', 'status=none'),
	/** Lets a file be as old as this moment; a link itself, not what it leads to. */
	dateNow: (path: string) => file('touch', '-h', '-c', '--', path),
	dateEntry: (path: string, modifiedAt: string) => file('touch', '-h', '-c', '-d', `@${modifiedAt}`, '--', path),
	/** `modifiedAt`: seconds, with nanoseconds after a point. */
	date: (path: string, modifiedAt: string) => file('touch', '-c', '-d', `@${modifiedAt}`, '--', path),
	remove: (path: string) => file('rm', '--', path),
	/** Private, and fails if the name is taken. */
	makeFolder: (path: string) => file('mkdir', '-m', '0700', '--', path),
	/** Only an empty one. */
	removeFolder: (path: string) => file('rmdir', '--', path),
	/** Fails unless both names are those of one file. */
	isSame: (path: string, other: string) => file('test', path, '-ef', other),
};
