/**
The exact command lines that work on images and files, whoever runs the domain. Options stand before hostile text.
*/
import type {Layout} from '../../model/images/image.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';

function qemuImg(...argv: string[]): ProgramCommand {
	return {tool: 'qemu-img', argv: ['qemu-img', ...argv], files: []};
}

function layoutOptions({clusterSizeBytes, hasSubclusters}: Layout): string[] {
	const options = [...clusterSizeBytes === undefined ? [] : [`cluster_size=${clusterSizeBytes}`], ...hasSubclusters ? ['extended_l2=on'] : []];
	return options.length === 0 ? [] : ['-o', options.join(',')];
}

export const imageCommands = {
	/** Without `-U`: fails where another process may write to the image or to one below it. */
	infoWithChain: (path: string, format: string) =>
		qemuImg('info', '--backing-chain', '--output=json', '-f', format, path),
	/** Opens it for writing and writes nothing: fails where another process has it open, be it to read only. */
	openToWrite: (path: string, format: string): ProgramCommand => ({tool: 'qemu-io', argv: ['qemu-io', '-f', format, '-c', 'quit', path], files: []}),
	/** With `sizeBytes` the image below is not opened: a running QEMU may have it. */
	createOverlay: (options: {path: string; backingPath: string; backingFormat: string; layout: Layout; sizeBytes?: number}) => qemuImg(
		'create',
		'-q',
		'-f',
		'qcow2',
		'-F',
		options.backingFormat,
		'-b',
		options.backingPath,
		...layoutOptions(options.layout),
		...(options.sizeBytes === undefined ? [options.path] : ['-u', options.path, String(options.sizeBytes)]),
	),
	createEmpty: (path: string, sizeBytes: number) => qemuImg('create', '-q', '-f', 'qcow2', path, String(sizeBytes)),
	/** All that is read from the image, into an empty one. Zeros take no room there. */
	copyInto: (options: {from: string; format: string; to: string; rateBytes: number | undefined}) => qemuImg(
		'convert',
		'-q',
		'-n',
		'--target-is-zero',
		...(options.rateBytes === undefined ? [] : ['-r', String(options.rateBytes)]),
		'-f',
		options.format,
		'-O',
		'qcow2',
		options.from,
		options.to,
	),
	/** The image takes over what it reads from those between it and `below`; without one, from all. */
	pull: (path: string, below: {name: string; format: string} | undefined) =>
		qemuImg('rebase', '-f', 'qcow2', ...(below === undefined ? ['-b', ''] : ['-F', below.format, '-b', below.name]), path),
	/** Only the header: what is read stays the same where the other backing file reads the same. */
	rebase: (path: string, backing: {name: string; format: string}) =>
		qemuImg('rebase', '-u', '-f', 'qcow2', '-F', backing.format, '-b', backing.name, path),
	/** Writes what the top holds down into `into`; the top keeps it too (`-d`), so it reads right at every moment. */
	commit: (top: string, into: string) => qemuImg('commit', '-q', '-f', 'qcow2', '-d', '-b', into, top),
	tag: (path: string, tag: string) => qemuImg('snapshot', '-c', tag, path),
	untag: (path: string, tag: string) => qemuImg('snapshot', '-d', tag, path),
	applyTag: (path: string, tag: string) => qemuImg('snapshot', '-a', tag, path),
	removeBitmap: (path: string, name: string) => qemuImg('bitmap', '--remove', '-f', 'qcow2', '--', path, name),
	/** `granularityBytes`: it is made first. Both in one go, so that the file never has the one without the other. */
	mergeBitmap: (options: {path: string; name: string; source: string; granularityBytes?: number}) => qemuImg(
		'bitmap',
		...(options.granularityBytes === undefined ? [] : ['--add', '-g', String(options.granularityBytes)]),
		'--merge',
		options.name,
		'-b',
		options.source,
		'-F',
		'qcow2',
		'-f',
		'qcow2',
		'--',
		options.path,
		options.name,
	),
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
	/** Where the name is taken nothing happens, and coreutils before 9.2 say nothing of it. */
	renameToFree: (from: string, to: string) => file('mv', '-n', '-T', '--', from, to),
	/** Fails where there is something. */
	isMissing: (path: string) => file('test', '!', '-e', path),
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
