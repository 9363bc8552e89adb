/**
The reasons for which a plan is refused. All are named at once, and each says what can be done about it.
*/
import {posix} from 'node:path';
import {headDisks} from '../../model/domain/domain.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import {objectionTo} from '../../model/images/may-change.ts';
import {formatBytes} from '../../model/text/format.ts';
import {quoteForShell, quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {Blocker} from '../../model/failure.ts';
import type {Image} from '../../model/images/image.ts';
import {nameProblem} from '../../model/domain/snapshot-name.ts';
import {describeUnreadable} from '../../model/images/unreadable-image.ts';
import {refuseOnce, type PlanContext} from '../context.ts';
import {describeMissing} from './missing-images.ts';
import {requireLikeDisks} from './live-disks.ts';
import {requireChainsAsRecorded} from './recorded-chains.ts';

/**
Refuses where something that cannot be read may need an image that the plan removes or writes to. Plans that do neither need not ask. `canKeep`: the same
action can be had with --keep, and then removes nothing.
*/
export function refuseUnreadable(context: PlanContext, options: {canKeep?: boolean} = {}): void {
	const {unreadable, unreadableOthers} = context.inventory.details;
	for (const {name, reason, remedy} of [...unreadable, ...unreadableOthers]) {
		context.blockers.push({
			kind: 'not-supported',
			text: `"${name}" cannot be read (${reason}), so it is not known which images it needs.`,
			remedy: [
				remedy,
				...(options.canKeep ? ['Or keep the current state (--keep NAME): then no image is removed.'] : []),
			].join(' '),
		});
	}
}

/** What a fresh qcow2 overlay takes: header, two tables and one refcount block, rounded up generously. */
const overlayBytes = 1024 * 1024;

/**
What stands in the way of every offline action on this domain. `staysOn`: the action leaves a domain that runs running, so that a transient domain outlives it,
and disks other than these lose nothing by it. `onlyReads`: the domain goes on with the same content of its disks, also from memory that was saved.
*/
export function refuseBusyDomain(context: PlanContext, options: {staysOn?: {disks: ReadonlySet<string>}; onlyReads?: true} = {}): void {
	const {inventory, blockers} = context;
	const {domain} = inventory.details;
	if (!domain.isPersistent && options.staysOn === undefined) {
		blockers.push({
			kind: 'transient',
			text: 'The domain is transient: when it stops, libvirt forgets its definition and all its snapshots.',
			remedy: `Make it persistent first: virsh dumpxml ${quoteForTerminal(domain.name)} > FILE, then virsh define FILE.`,
		});
	}

	if (domain.hasManagedSave && options.onlyReads === undefined) {
		blockers.push({
			kind: 'managed-save',
			text: 'The domain has a managed save: its memory belongs to the current disks, and the next start would resume it on other disks.',
			remedy: `Start the domain from it (virsh start ${quoteForTerminal(domain.name)}), or discard it (virsh managedsave-remove ${quoteForTerminal(domain.name)}); then try again.`,
		});
	}

	if (!['running', 'paused', 'shutoff', 'crashed'].includes(domain.state)) {
		blockers.push({
			kind: 'domain-state',
			text: `The domain is in the state "${domain.state}".`,
			remedy: 'Wait until it is running, paused or shut off; then try again.',
		});
	}

	refuseTemporary(context);
	requireLikeDisks(context, options.staysOn?.disks);
	requireChainsAsRecorded(context);
	refuseJobs(context);
	refuseReadOnly(context);
}

export function refuseJobs({blockers, inventory: {jobs}}: PlanContext): void {
	blockers.push(...jobs.map(({text, remedy}): Blocker => ({kind: 'job-running', text: `A job is running: ${text}.`, remedy})));
}

export function refuseReadOnly({blockers, host}: PlanContext): void {
	if (host.isReadOnly) {
		blockers.push({kind: 'not-permitted', text: 'This session is read-only: no plan can be run.', remedy: 'Start again without --read-only.'});
	}
}

/** A QEMU that was started with `-snapshot`: what it would keep of a disk, or be started on again, is no file that stays. */
function refuseTemporary({inventory, can, blockers}: PlanContext): void {
	const targets = can.hasTransientDisks ? [] : headDisks(inventory.details.domain).filter(({transient}) => transient !== undefined).map(({target}) => target);
	if (targets.length > 0) {
		blockers.push({
			kind: 'not-supported',
			text: `QEMU was started with -snapshot: what the guest writes to ${targets.join(', ')} goes to a temporary overlay, which QEMU discards when it exits.`,
			remedy: 'Start it without -snapshot. To keep what the guest has written so far, run "commit all" in QEMU\'s own monitor first.',
		});
	}
}

/** Where what was found has changed since, or is not what it was taken for. */
export const checkAgainRemedy = 'Check again: vsnap-tui doctor.';

/** Of an image that somebody else has open. */
export const stopRemedy = 'Stop that process, then try again.';

function describeProblem(context: PlanContext, image: Image, problem: Image['problems'][number]): Blocker | undefined {
	switch (problem.kind) {
		case 'missing': {
			const {text, remedy} = describeMissing(context, image);
			return {kind: 'image-missing', text, remedy, image: image.path};
		}

		case 'unreadable': {
			return {kind: problem.cause === 'not-permitted' ? 'not-permitted' : 'chain-broken', ...describeUnreadable(image, problem), image: image.path};
		}

		case 'locked': {
			return {
				kind: 'image-in-use',
				text: `The image ${image.path} is open in another process${problem.processes.length === 0 ? '' : ` (${problem.processes.join(', ')})`}.`,
				remedy: stopRemedy,
			};
		}

		// The missing image itself is told of. The others open as they are declared; create warns of them.
		case 'backing-missing':
		case 'begins-like-qcow2':
		case 'backing-format-not-recorded': {
			return undefined;
		}

		default: {
			return problem satisfies never;
		}
	}
}

/** The chain from `path` down must be whole and free. Locks of the domain's own QEMU are not reported as problems by the inventory. */
export function refuseBrokenChain(context: PlanContext, path: string): void {
	for (const link of chainOf(context.graph, path)) {
		const image = imageAt(context.graph, link);
		if (image === undefined) {
			context.blockers.push({kind: 'image-missing', text: `The image ${link} was not found.`});
			continue;
		}

		for (const problem of image.problems) {
			// A job of the domain's own QEMU writes below the heads, and is named as what it is.
			const blocker = problem.kind === 'locked' && context.inventory.jobs.length > 0 ? undefined : describeProblem(context, image, problem);
			if (blocker) {
				refuseOnce(context, blocker);
			}
		}
	}
}

/** A head that is left: nobody else may have it open for writing. */
export function refuseHeldHead(context: PlanContext, path: string): void {
	const image = imageAt(context.graph, path);
	const locked = image?.problems.find(({kind}) => kind === 'locked');
	if (locked) {
		refuseOnce(context, describeProblem(context, image!, locked)!);
	}
}

function neededRemedy({holders, overlays}: NonNullable<ReturnType<typeof objectionTo>>): string {
	return [
		...(holders.length === 0 ? [] : ['Delete the snapshots that need it first.']),
		...(overlays.length === 0 ? [] : [`Its overlays belong to no snapshot. If nothing of what they hold is needed, remove them: rm -- ${overlays.map(path => quoteForShell(path)).join(' ')}`]),
	].join(' ');
}

/** The images that will be written to in place: nothing else may need their content. */
export function refuseNeededContent(context: PlanContext, path: string, action: string): void {
	const objection = objectionTo(context.graph, path, {kind: 'overwrite'});
	if (objection?.reason === 'is-read-only') {
		context.blockers.push({kind: 'not-permitted', text: `${action} would write into ${path}, whose mode is read-only.`, remedy: 'Make it writable, unless it is a template.'});
	} else if (objection !== undefined) {
		context.blockers.push({
			kind: 'image-needed',
			text: `${action} would write into ${path}, which is still needed by: ${[...new Set([...objection.holders.map(pin => pin.label), ...objection.overlays])].join(', ')}.`,
			remedy: neededRemedy(objection),
		});
	}
}

/** Room and permission for new overlays, added up for each file system. */
export function refuseFolders(context: PlanContext, overlayPaths: string[]): void {
	const needed = new Map<string, {bytes: number; free: number; folder: string}>();
	const seen = new Set<string>();
	for (const path of overlayPaths) {
		const folderPath = posix.dirname(path);
		const folder = context.inventory.folders.get(folderPath);
		if (folder === undefined) {
			context.blockers.push({kind: 'not-permitted', text: `The folder ${folderPath} is not there, or cannot be read.`, remedy: `Create it (mkdir -p ${quoteForShell(folderPath)}), or run as a user who may write there.`});
			continue;
		}

		if (!folder.isWritable && !seen.has(folderPath)) {
			context.blockers.push({
				kind: 'not-permitted',
				text: `No file can be created in ${folderPath}: it is not writable by you.`,
				remedy: 'Run as a user who may write there, or make the file system writable.',
			});
		}

		seen.add(folderPath);
		const sum = needed.get(folder.device) ?? {bytes: 0, free: folder.freeBytes, folder: folderPath};
		sum.bytes += overlayBytes;
		needed.set(folder.device, sum);
	}

	for (const {bytes, free, folder} of needed.values()) {
		if (free < bytes) {
			context.blockers.push({
				kind: 'no-space',
				text: `Not enough room in ${folder}: ${formatBytes(free)} free, ${formatBytes(bytes)} needed for the new overlays.`,
				remedy: 'Free some space there, then try again.',
			});
		}
	}
}

/** By the rules of model/domain/snapshot-name.ts (L15), and not one that is there already. */
export function requireFreeName(context: PlanContext, name: string, what = 'the kept state'): void {
	const {snapshots} = context.inventory.details;
	const problem = nameProblem(name);
	if (problem !== undefined) {
		context.blockers.push({kind: 'name', text: `The name for ${what} ${problem}.`, remedy: 'Choose another name.'});
	} else if (snapshots.some(snapshot => snapshot.name === name)) {
		context.blockers.push({kind: 'name-taken', text: `A snapshot "${name}" exists already.`, remedy: `Choose another name for ${what}.`});
	}
}
