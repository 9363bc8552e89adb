/**
`vsnap-tui backup prune FOLDER`: old points go, and what stays can be restored at every moment. `backup seal` is for the scripts of plans.
*/
import {readFile} from 'node:fs/promises';
import {posix} from 'node:path';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {planPrune, type Keep} from '../../planner/folder/prune.ts';
import {sayFailure, type CommandContext} from '../context.ts';
import {readBackupFolder} from './backups.ts';
import {showOrRun} from './folder-plan.ts';

/** Gives the exit code. */
export async function pruneBackups(context: CommandContext, {folder, keep, mode}: {folder: string; keep: Keep; mode: 'run' | 'show'}): Promise<number> {
	const backups = await readBackupFolder(context, folder);
	const facts = await context.world.host.readHost();
	if (!backups.ok || !facts.ok) {
		return sayFailure(context, (backups.ok ? facts as Extract<typeof facts, {ok: false}> : backups).failure);
	}

	if (keep.newest === undefined && keep.since === undefined && backups.value.pruning === undefined) {
		return sayFailure(context, {kind: 'usage', message: 'backup prune needs --keep NUMBER or --keep-since DATE.', hint: 'See vsnap-tui backup prune --help.'});
	}

	const {planning} = context;
	const id = planning.nextId();
	const {path, points} = backups.value;
	const stamps = await context.world.host.readFileStamps(points.flatMap(({disks, extras}) => [...disks, ...extras]).map(({file}) => posix.join(path, file)));
	if (!stamps.ok) {
		return sayFailure(context, stamps.failure);
	}

	const allocated = new Map(stamps.value.map(stamp => [posix.basename(stamp.path), stamp.allocatedBytes]));
	const plan = planPrune({backups: backups.value, allocated, keep, uri: facts.value.uri, id, workPath: planning.store.workPath(id)});
	return plan.ok
		? showOrRun(context, plan.value, {mode, advice: `vsnap-tui backup prune ${quoteForShell(path)} --yes finishes it.`})
		: sayFailure(context, plan.failure);
}

/** Gives the exit code. */
export async function sealBackup(context: CommandContext, {draftPath, manifestPath, ready}: {draftPath: string; manifestPath: string; ready: string[]}): Promise<number> {
	let text: string;
	try {
		text = await readFile(draftPath, 'utf8');
		JSON.parse(text);
	} catch (error) {
		return sayFailure(context, {kind: 'usage', message: `${draftPath} cannot be read: ${error instanceof Error ? error.message : String(error)}`});
	}

	const argv = ['vsnap-tui', 'backup', 'seal', ...ready.flatMap(file => ['--ready', file]), '--draft', draftPath, '--', manifestPath];
	const sealed = await context.world.host.run({tool: 'seal', argv, files: [{path: draftPath, text}]});
	return sealed.ok ? 0 : sayFailure(context, sealed.failure);
}
