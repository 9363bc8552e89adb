/**
`vsnap-tui restore FOLDER --to FOLDER` and `--as NAME`: images of a point, alone or under a new domain.
*/
import {readRestorePlace} from '../../engine/folder/restore-place.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {fail, succeed} from '../../model/result.ts';
import {newDomain, nothingToDefine} from '../../planner/folder/new-domain.ts';
import {planRestoreToFolder, type RestoreFormat} from '../../planner/folder/restore.ts';
import {sayFailure, type CommandContext} from '../context.ts';
import {choosePoint, readBackupFolder, readFolderPath} from './backups.ts';
import {showOrRun} from './folder-plan.ts';

type RestoreOptions = {
	folder: string;
	/** Undefined: the newest. */
	at: string | undefined;
	to: string | undefined;
	as: string | undefined;
	format: RestoreFormat;
	isVerified: boolean;
	mode: 'run' | 'show';
};

async function planOf(context: CommandContext, backups: BackupFolder, options: RestoreOptions): Promise<ReturnType<typeof planRestoreToFolder>> {
	const point = choosePoint(backups, options.at);
	if (!point.ok) {
		return point;
	}

	const {host} = context.world;
	const facts = await host.readHost();
	if (!facts.ok) {
		return facts;
	}

	if (options.as !== undefined && facts.value.hypervisor === 'qemu') {
		return fail({kind: 'refused', blockers: [nothingToDefine]});
	}

	const to = options.to === undefined ? succeed(undefined) : readFolderPath(options.to);
	const place = to.ok ? await readRestorePlace(host, {point: point.value, to: to.value, as: options.as}) : to;
	if (!place.ok) {
		return place;
	}

	const id = context.planning.nextId();
	const {target, identity} = place.value;
	return planRestoreToFolder({
		id, workPath: context.planning.store.workPath(id), backups, point: point.value, target, format: options.format, isVerified: options.isVerified, uri: facts.value.uri, ...(identity && {as: newDomain(point.value, identity)}),
	});
}

/** Gives the exit code. */
export async function restoreToFolder(context: CommandContext, options: RestoreOptions): Promise<number> {
	const backups = await readBackupFolder(context, options.folder);
	const plan = backups.ok ? await planOf(context, backups.value, options) : backups;
	return plan.ok
		? showOrRun(context, plan.value, {mode: options.mode})
		: sayFailure(context, plan.failure);
}
