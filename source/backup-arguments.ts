/**
What may be typed for folders of backups. `backup create` is an action like the others.
*/
import type {Command} from 'commander';
import {parseRate} from './actions/backup/arguments.ts';
import type {ExportRequest} from './commands/backup/export-plan.ts';
import {fail, succeed, type Result} from './model/result.ts';
import type {Keep} from './planner/folder/prune.ts';

export type BackupInvocation =
	| {verb: 'backup-list'; folder: string}
	| {verb: 'backup-verify'; folder: string; at: string | undefined; isQuick: boolean}
	| {verb: 'backup-export'; request: ExportRequest}
	| {verb: 'backup-prune'; folder: string; keep: Keep}
	/** For the scripts of plans. */
	| {verb: 'backup-seal'; manifestPath: string; draftPath: string; ready: string[]}
	| {verb: 'restore'; folder: string; at: string | undefined; to: string | undefined; as: string | undefined; format: 'qcow2' | 'raw'; isVerified: boolean};

/** How verbs are added to the program. */
export type Verbs = {
	add: (usage: string, summary: string, kind: 'reading' | 'changing' | 'hidden') => Command;
	take: (command: Command, invocation: Result<BackupInvocation>) => void;
	collect: (value: string, before: string[] | undefined) => string[];
};

type RestoreOptions = Partial<Record<'at' | 'to' | 'as' | 'format', string>> & {verify?: boolean};

function readRestore(folder: string, {at, to, as, format = 'qcow2', verify = true}: RestoreOptions): Result<BackupInvocation> {
	if (to === undefined && as === undefined) {
		return fail({kind: 'usage', message: 'restore needs --to FOLDER or --as NAME.', hint: 'See vsnap-tui restore --help.'});
	}

	return format === 'qcow2' || format === 'raw'
		? succeed({verb: 'restore', folder, at, to, as, format, isVerified: verify})
		: fail({kind: 'usage', message: `--format ${format} is not understood.`, hint: 'It is qcow2 or raw.'});
}

function readPrune(folder: string, {keep, keepSince}: Partial<Record<'keep' | 'keepSince', string>>): Result<BackupInvocation> {
	const newest = keep === undefined ? undefined : Number(keep);
	const since = keepSince === undefined ? undefined : new Date(keepSince);
	if (newest !== undefined && !(/^\d+$/.test(keep!) && Number.isSafeInteger(newest) && newest > 0)) {
		return fail({kind: 'usage', message: `--keep ${keep} is not understood.`, hint: 'It is how many of the newest points stay: 7.'});
	}

	return since !== undefined && Number.isNaN(since.getTime())
		? fail({kind: 'usage', message: `--keep-since ${keepSince} is not understood.`, hint: 'It is a date or a time: 2026-11-01, 2026-11-01T12:00.'})
		: succeed({verb: 'backup-prune', folder, keep: {newest, since}});
}

type ExportOptions = Partial<Record<'socket' | 'since' | 'checkpoint' | 'scratch' | 'keepFree', string>> & {disk?: string[]};

function readExport(domain: string, {socket, since, checkpoint, scratch, keepFree = '1G', disk = []}: ExportOptions): Result<BackupInvocation> {
	const keepFreeBytes = parseRate(keepFree);
	return keepFreeBytes.ok
		? succeed({verb: 'backup-export', request: {domain, socket, since, checkpoint, scratch, disks: disk, keepFreeBytes: keepFreeBytes.value!}})
		: fail({kind: 'usage', message: `--keep-free ${keepFree} is not understood.`, hint: 'It is a number of bytes: 500M, 1G.'});
}

export function addBackupVerbs({add, take, collect}: Verbs): void {
	const list = add('backup list <folder>', 'list the backups in a folder, and what else is in it', 'reading');
	list.action((folder: string) => {
		take(list, succeed({verb: 'backup-list', folder}));
	});
	const verify = add('backup verify <folder>', 'check that each backup in a folder can be restored', 'reading')
		.option('--at <point>', 'this one alone')
		.option('--quick', 'sizes and headers only: do not read all bytes');
	verify.action((folder: string, {at, quick}: {at?: string; quick?: true}) => {
		take(verify, succeed({verb: 'backup-verify', folder, at, isQuick: quick === true}));
	});
	const exported = add('backup export <domain>', 'let other programs read the disks of a running domain over NBD, as they are when it begins', 'reading')
		.requiredOption('--socket <path>', 'the UNIX socket, which QEMU makes')
		.option('--since <checkpoint>', 'with a bitmap of what was written since this checkpoint')
		.option('--checkpoint <name>', 'make a checkpoint at the same moment; it stays')
		.option('--disk <name>', 'only this disk; repeat for each', collect)
		.option('--scratch <folder>', 'where what the guest writes over is kept meanwhile; else beside each image')
		.option('--keep-free <bytes>', 'end it where less is free there, before the guest has no room: 1G if not given');
	exported.action((domain: string, options: ExportOptions) => {
		take(exported, readExport(domain, options));
	});
	const prune = add('backup prune <folder>', 'remove old backups; those that stay remain restorable', 'changing')
		.option('--keep <number>', 'keep so many of the newest points')
		.option('--keep-since <date>', 'keep what is from that date or later');
	prune.action((folder: string, options: Partial<Record<'keep' | 'keepSince', string>>) => {
		take(prune, readPrune(folder, options));
	});
	const seal = add('backup seal <manifest>', 'measure the files of a backup and write its manifest', 'hidden')
		.requiredOption('--draft <file>', 'the manifest without what is measured')
		.option('--ready <file>', 'measure what is ready to replace this file; repeat for each', collect);
	seal.action((manifestPath: string, {draft, ready = []}: {draft: string; ready?: string[]}) => {
		take(seal, succeed({verb: 'backup-seal', manifestPath, draftPath: draft, ready}));
	});
	const restore = add('restore <folder>', 'restore a backup: its images to a folder, or a new domain', 'changing')
		.option('--at <point>', 'which point of the folder; else the newest')
		.option('--to <folder>', 'where the images are put; nothing is overwritten')
		.option('--as <name>', 'define a new domain of this name on them')
		.option('--format <format>', 'qcow2 (as by default) or raw')
		.option('--no-verify', 'do not compare all bytes with the checksums first');
	restore.action((folder: string, options: RestoreOptions) => {
		take(restore, readRestore(folder, options));
	});
}
