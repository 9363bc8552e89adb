/**
What an export of a running domain needs before it begins: which disks, from which checkpoint, where what the guest writes over is kept meanwhile, and what speaks against it.
*/
import {posix} from 'node:path';
import {scratchPath} from '../../model/backup/scratch-file.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import type {DomainDetails, HostFacts} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {tellCheckpoint} from '../../model/text/describe-checkpoint.ts';
import {stampOf} from '../../model/text/format.ts';
import type {ExportedDisk} from '../../model/xml/build/backup.ts';

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
};

export type ExportPlan = {disks: ExportedDisk[]; leftOut: string[]; scratchFolders: string[]};

/** Why the changes since the checkpoint cannot be exported of these disks. */
function sinceBlockers(details: DomainDetails, since: string, targets: readonly string[]): Blocker[] {
	const checkpoint = details.checkpoints.find(({name}) => name === since);
	const facts = checkpoint && tellCheckpoint(details, checkpoint);
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

function domainBlockers({domain, checkpoints}: DomainDetails, {hypervisor}: HostFacts, {checkpoint}: ExportRequest): Blocker[] {
	const problem = checkpoint === undefined ? undefined : checkpointNameProblem(checkpoint);
	const rules: Array<[boolean, Blocker]> = [
		[hypervisor !== 'libvirt', {kind: 'not-supported', text: 'Only libvirt\'s domains can be exported.', remedy: 'vsnap-tui backup create copies the disks to a folder.'}],
		[domain.liveDefinition === undefined, {kind: 'domain-state', text: 'The domain is off, and QEMU has to run to export its disks.', remedy: 'Start it; or read its images with qemu-nbd --read-only.'}],
		[problem !== undefined, {kind: 'name', text: `The name for the checkpoint ${problem ?? ''}.`, remedy: 'Choose another name.'}],
		[checkpoints.some(({name}) => name === checkpoint), {kind: 'name-taken', text: `A checkpoint "${checkpoint ?? ''}" exists already.`, remedy: 'Choose another name.'}],
	];
	return rules.filter(([holds]) => holds).map(([, blocker]) => blocker);
}

/** Fails with `refused` and every reason at once, with `usage`, or with `checkpoint-not-found`. */
export function planExport(details: DomainDetails, host: HostFacts, request: ExportRequest, now: Date): Result<ExportPlan> {
	const {socket, since, scratch, disks: wanted} = request;
	const {domain, checkpoints} = details;
	for (const [option, path] of [['--socket', socket ?? ''], ['--scratch', scratch ?? '/']] as const) {
		if (!path.startsWith('/')) {
			return fail({kind: 'usage', message: `backup export needs ${option} with a path that begins with "/".`, hint: 'Both are on the host where the images are, in a folder that QEMU may write to.'});
		}
	}

	if (since !== undefined && !checkpoints.some(({name}) => name === since)) {
		return fail({kind: 'checkpoint-not-found', domain: domain.name, name: since, known: checkpoints.map(({name}) => name)});
	}

	const all = headDisks(domain).filter(({sourcePath}) => sourcePath !== undefined);
	const able = all.filter(disk => isWritableMedium(disk) && disk.device === 'disk' && disk.transient === undefined);
	const chosen = able.filter(({target}) => wanted.length === 0 || wanted.includes(target));
	const targets = chosen.map(({target}) => target);
	const unknown = able.length === 0 ? [] : wanted.filter(target => !targets.includes(target));
	const blockers: Blocker[] = [
		...domainBlockers(details, host, request),
		...(able.length === 0 ? [{kind: 'not-supported', text: 'The domain writes to no disk that can be exported.'} as const] : []),
		...unknown.map((target): Blocker => ({kind: 'not-supported', text: `The domain writes to no disk "${target}" that can be exported.`, remedy: `It writes to ${able.map(disk => disk.target).join(', ')}.`})),
		...(since === undefined ? [] : sinceBlockers(details, since, targets)),
	];
	if (blockers.length > 0) {
		return fail({kind: 'refused', blockers});
	}

	const disks = chosen.map(({target, sourcePath}): ExportedDisk => ({
		target, since, scratchPath: scratchPath(scratch ?? posix.dirname(sourcePath!), {uuid: domain.uuid, target, stamp: stampOf(now)}),
	}));
	return succeed({
		disks,
		leftOut: all.filter(({target}) => !targets.includes(target)).map(({target}) => target),
		scratchFolders: [...new Set(disks.map(({scratchPath}) => posix.dirname(scratchPath)))],
	});
}
