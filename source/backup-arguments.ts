/**
What may be typed for folders of backups. `backup create` is an action like the others.
*/
import {posix} from 'node:path';
import type {Command} from 'commander';
import {parseRate} from './actions/backup/arguments.ts';
import type {ExportRequest} from './commands/backup/export-plan.ts';
import {currentStateOptions, readCurrentState} from './actions/current-state.ts';
import {endStateOptions, readEndState} from './actions/end-state.ts';
import type {GivenOf, RawOptions} from './actions/spec.ts';
import {fail, succeed, type Result} from './model/result.ts';
import type {Keep} from './planner/folder/prune.ts';
import type {VerbSpec} from './verb.ts';

export type BackupInvocation =
	| {verb: 'backup-list'; folder: string}
	| {verb: 'backup-verify'; folder: string; at: string | undefined; isQuick: boolean}
	| {verb: 'backup-export'; request: ExportRequest}
	| {verb: 'backup-prune'; folder: string; keep: Keep}
	/** For the scripts of plans. */
	| {verb: 'backup-seal'; manifestPath: string; draftPath: string; ready: string[]}
	| {verb: 'backup-restore'; folder: string; at: string | undefined; to: string | undefined; as: string | undefined; format: 'qcow2' | 'raw'; isVerified: boolean}
	/** `restore --onto`. */
	| {verb: 'action'; domain: string; given: GivenOf<'restore'>; documentPath: undefined; group?: undefined};

/** How verbs are added to the program. */
type Verbs = {
	add: (spec: VerbSpec & {isChanging?: true}) => Command;
	take: (command: Command, invocation: Result<BackupInvocation>) => void;
	collect: (value: string, before: string[] | undefined) => string[];
};

type RestoreOptions = Partial<Record<'at' | 'to' | 'as' | 'onto' | 'format', string>> & {verify?: boolean; yes?: boolean} & RawOptions;

/** Without a person to ask, nothing is chosen that could lose something. */
function readOnto(folder: string, domain: string, raw: RestoreOptions): Result<BackupInvocation> {
	const {at, to, as, format, verify = true, yes} = raw;
	const currentState = readCurrentState(raw);
	const endState = readEndState(raw);
	if (!currentState.ok) {
		return currentState;
	}

	const misfit = [['--to', to], ['--as', as], ['--format', format]].find(([, value]) => value !== undefined)?.[0];
	if (misfit !== undefined) {
		return fail({kind: 'usage', message: `--onto and ${misfit} cannot be combined.`});
	}

	const both = [['--keep', '--discard'], ['--running', '--paused', '--shutoff']].map(flags => flags.filter(flag => raw[flag.slice(2)] !== undefined)).find(flags => flags.length > 1);
	if (both !== undefined) {
		return fail({kind: 'usage', message: `${both.join(' and ')} cannot be combined.`});
	}

	return currentState.value === undefined && yes === true
		? fail({kind: 'usage', message: 'restore --onto --yes needs --keep NAME or --discard.', hint: '--keep NAME keeps the current state as a snapshot, --discard gives it up. --dry-run shows the plan of either.'})
		: succeed({verb: 'action', domain, given: {kind: 'restore', from: posix.normalize(folder).replace(/(?<=.)\/$/, ''), at, isVerified: verify, currentState: currentState.value, endState}, documentPath: undefined});
}

function readRestore(folder: string, raw: RestoreOptions): Result<BackupInvocation> {
	const {at, to, as, onto, format = 'qcow2', verify = true} = raw;
	if (onto !== undefined) {
		return folder.startsWith('/') ? readOnto(folder, onto, raw) : fail({kind: 'usage', message: `"${folder}" does not begin with "/".`, hint: 'A folder is named by its whole path on the host where the images are.'});
	}

	const misfit = ontoOptions.map(({flags}) => /^--[a-z]+/.exec(flags)![0]).find(flag => raw[flag.slice(2)] !== undefined);
	if (misfit !== undefined) {
		return fail({kind: 'usage', message: `${misfit} needs --onto DOMAIN.`});
	}

	if (to === undefined && as === undefined) {
		return fail({kind: 'usage', message: 'restore needs --to FOLDER, --as NAME or --onto DOMAIN.', hint: 'See vsnap-tui restore --help.'});
	}

	return format === 'qcow2' || format === 'raw'
		? succeed({verb: 'backup-restore', folder, at, to, as, format, isVerified: verify})
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

type ExportOptions = Partial<Record<'socket' | 'since' | 'checkpoint' | 'scratch' | 'keepFree', string>> & {disk?: string[]; end?: boolean};

function readExport(domain: string, {socket, since, checkpoint, scratch, keepFree = '1G', disk = [], end = false}: ExportOptions): Result<BackupInvocation> {
	const keepFreeBytes = parseRate(keepFree);
	if (end && [socket, since, checkpoint, scratch, disk[0]].some(given => given !== undefined)) {
		return fail({kind: 'usage', message: '--end cannot be combined with other options.'});
	}

	if (!end && socket === undefined) {
		return fail({kind: 'usage', message: 'backup export needs --socket PATH.', hint: 'See vsnap-tui backup export --help.'});
	}

	return keepFreeBytes.ok
		? succeed({verb: 'backup-export', request: {domain, socket, since, checkpoint, scratch, disks: disk, keepFreeBytes: keepFreeBytes.value!, isEnding: end}})
		: fail({kind: 'usage', message: `--keep-free ${keepFree} is not understood.`, hint: 'It is a number of bytes: 500M, 1G.'});
}

const ontoOptions = [...currentStateOptions('"kept-" and the time'), ...endStateOptions];

export function addBackupVerbs({add, take, collect}: Verbs): void {
	const list = add({usage: 'backup list <folder>', summary: 'list the backups in a folder, and what else is in it', examples: ['backup list /srv/backups/web', 'backup list /srv/backups/web --json']});
	list.action((folder: string) => {
		take(list, succeed({verb: 'backup-list', folder}));
	});
	const verify = add({usage: 'backup verify <folder>', summary: 'check that each backup in a folder can be restored', examples: ['backup verify /srv/backups/web', 'backup verify /srv/backups/web --quick']})
		.option('--at <point>', 'this one alone')
		.option('--quick', 'sizes and headers only: do not read all bytes');
	verify.action((folder: string, {at, quick}: {at?: string; quick?: true}) => {
		take(verify, succeed({verb: 'backup-verify', folder, at, isQuick: quick === true}));
	});
	const exported = add({usage: 'backup export <domain>', summary: 'let other programs read the disks of a running domain over NBD, as they are when it begins', examples: ['backup export web --socket /run/vsnap/web.sock', 'backup export web --socket /run/vsnap/web.sock --since monday --disk vda']})
		.option('--socket <path>', 'the UNIX socket, which QEMU makes')
		.option('--since <checkpoint>', 'with a bitmap of what was written since this checkpoint')
		.option('--checkpoint <name>', 'make a checkpoint at the same moment; it stays')
		.option('--disk <name>', 'only this disk; repeat for each', collect)
		.option('--scratch <folder>', 'where what the guest writes over is kept meanwhile; else beside each image')
		.option('--keep-free <bytes>', 'end it where less is free there, before the guest has no room: 1G if not given')
		.option('--end', 'end one of a standalone QEMU that goes on though its vsnap-tui was killed');
	exported.action((domain: string, options: ExportOptions) => {
		take(exported, readExport(domain, options));
	});
	const prune = add({usage: 'backup prune <folder>', summary: 'remove old backups; those that stay remain restorable', examples: ['backup prune /srv/backups/web --keep 7 --yes', 'backup prune /srv/backups/web --keep-since 2026-11-01 --dry-run'], isChanging: true})
		.option('--keep <number>', 'keep so many of the newest points')
		.option('--keep-since <date>', 'keep what is from that date or later');
	prune.action((folder: string, options: Partial<Record<'keep' | 'keepSince', string>>) => {
		take(prune, readPrune(folder, options));
	});
	const seal = add({usage: 'backup seal <manifest>', summary: 'measure the files of a backup and write its manifest', examples: [], isHidden: true})
		.requiredOption('--draft <file>', 'the manifest without what is measured')
		.option('--ready <file>', 'measure what is ready to replace this file; repeat for each', collect);
	seal.action((manifestPath: string, {draft, ready = []}: {draft: string; ready?: string[]}) => {
		take(seal, succeed({verb: 'backup-seal', manifestPath, draftPath: draft, ready}));
	});
	const restore = add({usage: 'restore <folder>', summary: 'restore a backup: its images to a folder, or a new domain', examples: ['restore /srv/backups/web --to /srv/restored --yes', 'restore /srv/backups/web --onto web --keep before-restore --dry-run'], isChanging: true})
		.option('--at <point>', 'which point of the folder; else the newest')
		.option('--to <folder>', 'where the images are put; nothing is overwritten')
		.option('--as <name>', 'define a new domain of this name on them')
		.option('--onto <domain>', 'put this domain\'s disks back to it; the current state is kept unless you discard it')
		.option('--format <format>', 'qcow2 (as by default) or raw')
		.option('--no-verify', 'do not compare all bytes with the checksums first');
	for (const {flags, summary} of ontoOptions) {
		restore.option(flags, `with --onto: ${summary}`);
	}

	restore.action((folder: string) => {
		take(restore, readRestore(folder, restore.optsWithGlobals<RestoreOptions>()));
	});
}
