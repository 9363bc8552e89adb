/**
What each verb does that has no screen. Each is loaded when it is wanted: to list the domains takes a tenth of the program.
*/
import {sayFailure, type CommandContext} from './commands/context.ts';
import type {GlobalOptions, Invocation} from './invocation.ts';
import {mapResult, succeed, unreachable, type Result} from './model/result.ts';
import type {OpenWorld} from './worlds/assemble.ts';

/** What needs a host. */
type HostInvocation = Exclude<Invocation, {verb: 'completion' | 'man'}>;

type BackupVerb = Extract<Invocation, {verb: `backup-${string}`}>;

const isBackupVerb = (invocation: HostInvocation): invocation is BackupVerb => invocation.verb.startsWith('backup-');

async function runBackupVerb(context: CommandContext, invocation: BackupVerb, mode: 'run' | 'show'): Promise<number> {
	switch (invocation.verb) {
		case 'backup-list': {
			return (await import('./commands/backup/backups.ts')).listBackups(context, invocation.folder);
		}

		case 'backup-export': {
			return (await import('./commands/backup/export.ts')).exportBackup(context, invocation.request);
		}

		case 'backup-verify': {
			return (await import('./commands/backup/backups.ts')).verifyBackups(context, invocation);
		}

		case 'backup-seal': {
			return (await import('./commands/backup/prune.ts')).sealBackup(context, invocation);
		}

		case 'backup-prune': {
			return (await import('./commands/backup/prune.ts')).pruneBackups(context, {...invocation, mode});
		}

		case 'backup-restore': {
			return (await import('./commands/backup/restore.ts')).restoreToFolder(context, {...invocation, mode});
		}

		default: {
			return unreachable(invocation);
		}
	}
}

export async function runVerb(context: CommandContext, invocation: HostInvocation, mode: GlobalOptions['mode']): Promise<number> {
	const noTerminal = (hint: string) => sayFailure(context, {
		kind: 'usage',
		message: 'group' in invocation ? 'An action on several domains needs --dry-run or --yes; on the screen Space marks them.' : 'This needs a terminal.',
		hint,
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
			return (await import('./commands/list.ts')).listDomains(context);
		}

		case 'tree': {
			return (await import('./commands/tree.ts')).showTree(context, invocation.domain);
		}

		case 'checkpoint-list': {
			return (await import('./commands/checkpoints.ts')).listCheckpoints(context, invocation.domain);
		}

		case 'checkpoint-show': {
			return (await import('./commands/checkpoints.ts')).showCheckpoint(context, invocation);
		}

		case 'log': {
			return invocation.action === undefined ? (await import('./commands/log.ts')).showLog(context) : (await import('./commands/log.ts')).showRan(context, invocation.action);
		}

		case 'undo': {
			return (await import('./commands/undo.ts')).listUndo(context);
		}

		case 'doctor': {
			return invocation.repair !== undefined && (invocation.domain === undefined || mode === undefined)
				? sayFailure(context, {kind: 'usage', message: '--repair needs a domain, and --dry-run to see the plan or --yes to run it.'})
				: (await import('./commands/doctor.ts')).seeDoctor(context, {domain: invocation.domain, repair: invocation.repair && {kind: invocation.repair, mode: mode ?? 'show', ...(invocation.folds && {option: 'fold'})}});
		}

		case 'action': {
			return mode === undefined
				? noTerminal('Give --dry-run to see the plan, or --yes to run it.')
				: (await import('./commands/group.ts')).actOnDomains(context, {...invocation, mode});
		}

		case 'recover': {
			return (await import('./commands/recover.ts')).recoverActions(context, {domain: invocation.domain, direction: invocation.direction, mode: mode === 'run' || (mode === undefined && invocation.direction !== undefined) ? 'run' : 'show'});
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

	const undo = await (await import('./commands/undo.ts')).findUndo({...opened, interrupt: new AbortController().signal}, invocation.what);
	return mapResult(undo, found => ({verb: 'action', ...found, documentPath: undefined}));
}
