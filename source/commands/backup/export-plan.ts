/**
What an export of a running domain needs before it begins: which disks, from which checkpoint, where what the guest writes over is kept meanwhile, and what speaks against it.
*/
import {posix} from 'node:path';
import {scratchPath} from '../../model/backup/scratch-file.ts';
import {headDisks, isWritableMedium, type Disk} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {fail, mapResult, succeed, type Result} from '../../model/result.ts';
import {summariseCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {stampOf} from '../../model/text/format.ts';
import {refuseBusyDomain} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import type {ExportedDisk, Opening} from '../../planner/hypervisor/hypervisor.ts';
import {planContext} from '../../planner/plan-context.ts';
import {refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {bitmapMisfit, newCheckpoint} from '../../planner/records/new-checkpoint.ts';

export type ExportRequest = {
	domain: string;
	socket: string | undefined;
	since: string | undefined;
	/** Made at the same moment, and kept. */
	checkpoint: string | undefined;
	disks: string[];
	/** The folder for what the guest writes over; undefined: that of each image. */
	scratch: string | undefined;
	/** Where less than this is free there, the export ends. */
	keepFreeBytes: number;
	/** None is begun: one that nobody watches any longer is ended. */
	isEnding: boolean;
};

export type ExportPlan = {
	/** As others open them: `bitmap` is that of the changes. */
	disks: Array<ExportedDisk & {bitmap: string | undefined}>;
	scratchFolders: string[];
	/** What begins it, and ends it. */
	openings: Opening[];
};

/** Why the changes since the checkpoint cannot be exported of these disks. */
function sinceBlockers({inventory: {details}}: PlanContext, since: string, targets: readonly string[]): Blocker[] {
	const checkpoint = details.checkpoints.find(({name}) => name === since);
	const facts = checkpoint && summariseCheckpoint(details, checkpoint);
	return targets.flatMap((target): Blocker[] => {
		const health = facts?.disks.find(disk => disk.target === target)?.health;
		const blocker: Blocker = {
			kind: 'checkpoint',
			text: health === undefined ? `The checkpoint "${since}" does not include ${target}.` : `The bitmap of the checkpoint "${since}" is not good on ${target}.`,
			remedy: 'Leave --since out to export the whole disks, or name the disks that it includes: --disk DISK.',
		};
		return health === 'good' ? [] : [blocker];
	});
}

/** Appends blockers. */
function chooseDisks(context: PlanContext, {disks: wanted}: ExportRequest): {chosen: Disk[]; leftOut: string[]} {
	const all = headDisks(context.inventory.details.domain).filter(({sourcePath}) => sourcePath !== undefined);
	const able = all.filter(disk => isWritableMedium(disk) && disk.device === 'disk' && disk.transient === undefined);
	const chosen = able.filter(({target}) => wanted.length === 0 || wanted.includes(target));
	const unknown = able.length === 0 ? [] : wanted.filter(target => !chosen.some(disk => disk.target === target));
	context.blockers.push(
		...(able.length === 0 ? [{kind: 'not-supported', text: 'The domain writes to no disk that can be exported.'} as const] : []),
		...unknown.map((target): Blocker => ({kind: 'not-supported', text: `The domain writes to no disk "${target}" that can be exported.`, remedy: `It writes to ${able.map(disk => disk.target).join(', ')}.`})),
	);
	return {chosen, leftOut: all.filter(disk => !chosen.includes(disk)).map(({target}) => target)};
}

/** What the hypervisor does. Appends blockers. */
function openingsOf(context: PlanContext, request: ExportRequest, given: {disks: ExportedDisk[]; leftOut: string[]; chosen: Disk[]; now: Date}): Result<Opening[]> {
	const {checkpoint: name, socket, since} = request;
	const {chosen, now, ...disks} = given;
	const recorded = name === undefined ? [] : chosen.filter(disk => bitmapMisfit(context, disk) === undefined).map(({target, sourcePath}) => ({target, path: sourcePath!, bitmap: name}));
	const checkpoint = name === undefined ? succeed(undefined) : newCheckpoint(context, {name, description: undefined, recorded, now});
	return checkpoint.ok ? context.hypervisor.exports.begin(context, {...disks, since, socketPath: socket!, checkpoint: checkpoint.value}) : checkpoint;
}

/** Fails with `refused` and every reason at once, with `usage`, or with `checkpoint-not-found`. */
export function planExport(inventory: Inventory, request: ExportRequest, given: PlanArguments): Result<ExportPlan> {
	const {socket, since, scratch} = request;
	const {domain, checkpoints} = inventory.details;
	for (const [option, path] of [['--socket', socket ?? ''], ['--scratch', scratch ?? '/']] as const) {
		if (!path.startsWith('/')) {
			return fail({kind: 'usage', message: `backup export needs ${option} with a path that begins with "/".`, hint: 'Both are on the host where the images are, in a folder that QEMU may write to.'});
		}
	}

	if (since !== undefined && !checkpoints.some(({name}) => name === since)) {
		return fail({kind: 'checkpoint-not-found', domain: domain.name, name: since, known: checkpoints.map(({name}) => name)});
	}

	const context = planContext(inventory, given);
	const {blockers} = context;
	const {chosen, leftOut} = chooseDisks(context, request);
	const targets = chosen.map(({target}) => target);
	if (domain.liveDefinition === undefined) {
		blockers.push({kind: 'domain-state', text: 'The domain is off, and QEMU has to run to export its disks.', remedy: 'Start it; or read its images with qemu-nbd --read-only.'});
		return fail({kind: 'refused', blockers});
	}

	refuseBusyDomain(context, {staysOn: {disks: new Set(targets)}});
	requireActiveDisks(context, 'Until then QEMU can export none of them.');
	if (since !== undefined) {
		blockers.push(...sinceBlockers(context, since, targets));
	}

	const disks = chosen.map(({target, sourcePath}): ExportedDisk => ({
		target,
		headPath: sourcePath!,
		since: since && checkpoints.find(({name}) => name === since)?.disks.find(disk => disk.target === target)?.bitmap,
		scratchPath: scratchPath(scratch ?? posix.dirname(sourcePath!), {uuid: domain.uuid, target, stamp: stampOf(given.now)}),
	}));
	// They are made by their names, by libvirt or for the monitor: in a private folder nobody would find them.
	refuseFolderRisks(context, disks.map(disk => disk.scratchPath), {writer: 'root'});
	const openings = openingsOf(context, request, {disks, leftOut, chosen, now: given.now});
	return openings.ok && blockers.length > 0
		? fail({kind: 'refused', blockers})
		: mapResult(openings, commands => ({
			openings: commands,
			disks: disks.map(disk => ({...disk, bitmap: disk.since === undefined ? undefined : context.hypervisor.exports.bitmapOf(disk.target)})),
			scratchFolders: [...new Set(disks.map(({scratchPath}) => posix.dirname(scratchPath)))],
		}));
}
