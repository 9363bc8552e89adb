/**
What each verb does that has no screen. Loaded when one is wanted: a screen needs none of it.
*/
import {actOnDomains} from './commands/group.ts';
import {listCheckpoints, showCheckpoint} from './commands/checkpoints.ts';
import {listBackups, verifyBackups} from './commands/backup/backups.ts';
import {pruneBackups, sealBackup} from './commands/backup/prune.ts';
import {restoreToFolder} from './commands/backup/restore.ts';
import {exportBackup} from './commands/backup/export.ts';
import {sayFailure, type CommandContext} from './commands/context.ts';
import {seeDoctor} from './commands/doctor.ts';
import {listDomains} from './commands/list.ts';
import {showLog, showRan} from './commands/log.ts';
import {findUndo, listUndo} from './commands/undo.ts';
import {recoverActions} from './commands/recover.ts';
import {showTree} from './commands/tree.ts';
import type {GlobalOptions, Invocation} from './invocation.ts';
import {mapResult, succeed, unreachable, type Result} from './model/result.ts';
import type {OpenWorld} from './open-world.ts';

/** What needs a host. */
export type HostInvocation = Exclude<Invocation, {verb: 'completion' | 'man'}>;

type BackupVerb = Extract<Invocation, {verb: `backup-${string}`}>;

const isBackupVerb = (invocation: HostInvocation): invocation is BackupVerb => invocation.verb.startsWith('backup-');

async function runBackupVerb(context: CommandContext, invocation: BackupVerb, mode: 'run' | 'show'): Promise<number> {
	switch (invocation.verb) {
		case 'backup-list': {
			return listBackups(context, invocation.folder);
		}

		case 'backup-export': {
			return exportBackup(context, invocation.request);
		}

		case 'backup-verify': {
			return verifyBackups(context, invocation);
		}

		case 'backup-seal': {
			return sealBackup(context, invocation);
		}

		case 'backup-prune': {
			return pruneBackups(context, {...invocation, mode});
		}

		case 'backup-restore': {
			return restoreToFolder(context, {...invocation, mode});
		}

		default: {
			return unreachable(invocation);
		}
	}
}

export async function runVerb(context: CommandContext, invocation: HostInvocation, mode: GlobalOptions['mode']): Promise<number> {
	const noTerminal = (what: string) => sayFailure(context, {
		kind: 'usage',
		message: 'group' in invocation ? 'An action on several domains needs --dry-run or --yes; on the screen Space marks them.' : 'This needs a terminal.',
		hint: what,
	});
	if (isBackupVerb(invocation)) {
		const isChanging = ['backup-restore', 'backup-prune'].includes(invocation.verb);
		if (mode === 'shell' || (isChanging && mode === undefined)) {
			return mode === 'shell' ? sayFailure(context, {kind: 'usage', message: '--shell is for actions on domains; --dry-run shows the commands.'}) : noTerminal('Give --dry-run to see the plan, or --yes to run it.');
		}

		return runBackupVerb(context, invocation, mode ?? 'show');
	}

	switch (invocation.verb) {
		case 'list': {
			return listDomains(context);
		}

		case 'tree': {
			return showTree(context, invocation.domain);
		}

		case 'checkpoint-list': {
			return listCheckpoints(context, invocation.domain);
		}

		case 'checkpoint-show': {
			return showCheckpoint(context, invocation);
		}

		case 'log': {
			return invocation.action === undefined ? showLog(context) : showRan(context, invocation.action);
		}

		case 'undo': {
			return listUndo(context);
		}

		case 'doctor': {
			return invocation.repair !== undefined && (invocation.domain === undefined || mode === undefined)
				? sayFailure(context, {kind: 'usage', message: '--repair needs a domain, and --dry-run to see the plan or --yes to run it.'})
				: seeDoctor(context, {domain: invocation.domain, repair: invocation.repair && {kind: invocation.repair, mode: mode ?? 'show', ...(invocation.folds && {way: 'fold'})}});
		}

		case 'action': {
			return mode === undefined
				? noTerminal('Give --dry-run to see the plan, or --yes to run it.')
				: actOnDomains(context, {...invocation, mode});
		}

		case 'recover': {
			return recoverActions(context, {domain: invocation.domain, direction: invocation.direction, mode: mode === 'run' || (mode === undefined && invocation.direction !== undefined) ? 'run' : 'show'});
		}

		case 'screen': {
			return noTerminal('vsnap-tui list, tree, revert, recover and log work without one: vsnap-tui --help.');
		}

		default: {
			return unreachable(invocation);
		}
	}
}

/** An action to be undone is the action that undoes it. */
export async function withUndo(invocation: HostInvocation, opened: OpenWorld): Promise<Result<HostInvocation>> {
	if (invocation.verb !== 'undo' || invocation.what === undefined) {
		return succeed(invocation);
	}

	const undo = await findUndo({...opened, interrupt: new AbortController().signal}, invocation.what);
	return mapResult(undo, found => ({verb: 'action', ...found, documentPath: undefined}));
}
