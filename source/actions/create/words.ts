/**
What a new snapshot means, in words, and what is asked about it.
*/
import {posix} from 'node:path';
import {hasProcess, type Disk} from '../../model/domain/domain.ts';
import {isExternal} from '../../model/domain/snapshot.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {decideOn} from '../../model/plan/decision-table.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {formatBytes} from '../../model/text/format.ts';
import type {PlanContext} from '../../planner/context.ts';
import {inMode} from '../../planner/disk-plan.ts';
import type {ActionSpec} from '../spec.ts';
import type {CreateRequest} from './request.ts';

export const words: ActionSpec<'create'>['words'] = {
	title: ({snapshot, domain}) => `Create snapshot ${snapshot} of ${domain.name}`,
	noun: ({snapshot}) => `creation of "${snapshot}"`,
	log: ({snapshot}) => `create snapshot "${snapshot}"`,
	done: ({snapshot, domain}) => `The snapshot "${snapshot}" of "${domain.name}" is created.`,
};

export const whyNoUndo = 'libvirt has no record of the snapshot';

/** Each with the name of its file. */
export function describeDisks(disks: readonly Disk[]): string {
	return disks.map(({target, sourcePath}) => `${target} ${posix.basename(sourcePath ?? '')}`).join(', ') || 'none';
}

/** `consequences`: what is known from elsewhere, to be said behind. `keepsVariables`: the snapshot takes the firmware's variables along within their own image. */
export function describeCreate(context: PlanContext, request: CreateRequest, given: {decided: ReturnType<typeof decideOn>; keepsVariables: boolean; consequences: Consequence[]}): Consequence[] {
	const {action, method, disks} = request;
	const {details, nvramPath} = context.inventory;
	const {decision, differences} = given.decided;
	const isActive = hasProcess(details.domain);
	const leftOut = disks.filter(({disk, mode, asked}) => mode === 'no' && asked === 'no' && disk.sourcePath !== undefined && disk.transient === undefined).map(({target}) => target);
	const transient = disks.filter(({disk, mode}) => mode === 'no' && disk.transient !== undefined).map(({target}) => target);
	const chain = details.currentSnapshot === undefined ? [] : withAncestors(details.snapshots, details.currentSnapshot);
	const frozenInside = inMode(disks, 'internal').flatMap(({headPath}) => imageAt(context.graph, headPath)?.bitmaps ?? []);
	// Those of a running domain are in no file yet (R12).
	const bitmaps = [...new Set([...details.checkpoints, ...frozenInside].map(({name}) => name))];
	const rules: Array<[boolean, Consequence]> = [
		[true, {severity: 'info', text: decision.reason}],
		...differences.map((text): [boolean, Consequence] => [true, {severity: 'info', text}]),
		[true, {
			severity: 'info',
			text: action.hasNoMetadata
				? 'No snapshot is recorded: the tree stays as it is.'
				: `The snapshot is ${details.currentSnapshot === undefined ? 'the first in the tree' : `after "${details.currentSnapshot}"`}, and becomes the current snapshot.`,
		}],
		[transient.length > 0, {
			severity: 'warning',
			text: `${transient.join(', ')} ${transient.length === 1 ? 'is' : 'are'} transient and left out: what the guest writes there is discarded when the domain stops.`,
		}],
		[action.hasNoMetadata && inMode(disks, 'external').length > 0, {
			severity: 'warning',
			text: 'No snapshot records this layer: you cannot revert to it, and a revert that discards the current state also removes it.',
		}],
		[leftOut.length > 0, {severity: 'warning', text: `${leftOut.join(', ')} is left out: a revert will not restore it.`}],
		[isActive && method.memory === 'no' && !action.isQuiesced, {severity: 'warning', about: 'guest', text: 'Crash-consistent: a revert boots as after a power failure.'}],
		[!isActive && action.isQuiesced, {severity: 'info', text: 'The domain is off: there are no file systems to freeze.'}],
		[!isActive && action.isHalted, {severity: 'info', text: 'The domain is off already.'}],
		[isActive && action.isHalted, method.memory === 'no'
			? {severity: 'loss', text: 'The guest is cut off afterwards without a shutdown; its memory is lost.', what: 'the guest\'s memory'}
			: {severity: 'warning', text: 'The guest is cut off afterwards without a shutdown; its memory is in the snapshot.'}],
		[method.by === 'migrate', {severity: 'warning', text: 'Memory without disks cannot be reverted to safely: the disks will have changed by then, and the guest would destroy its file systems.'}],
		[nvramPath !== undefined && method.memory === 'no' && action.hasNoMetadata && !given.keepsVariables, {severity: 'warning', text: `The firmware variables (${nvramPath}) are not kept.`}],
		[method.disk === 'internal' && bitmaps.length > 0, {
			severity: 'warning',
			text: `QEMU cannot revert to an internal snapshot beside bitmaps: you can revert to this one only after deleting the checkpoints (${bitmaps.join(', ')}).`,
		}],
		[method.disk === 'internal' && chain.some(snapshot => isExternal(snapshot)), {
			severity: 'warning',
			text: 'This internal snapshot comes after external ones: libvirt itself will not be able to delete some of them.',
		}],
	];
	return [
		...rules.filter(([holds]) => holds).map(([, consequence]) => consequence),
		...given.consequences,
	];
}

export function describeOtherName(what: string, {path, wanted, isTooLong}: {path: string; wanted: string; isTooLong: boolean}): Consequence {
	return {severity: 'info', text: `${what} is called ${posix.basename(path)}, because ${posix.basename(wanted)} ${isTooLong ? 'would be too long' : 'is taken'}.`};
}

type Overlaid = {target: string; headPath: string; overlayPath: string};

/** `holds`: what a prepared overlay holds already. */
export function describeHidden({target, headPath, overlayPath}: Overlaid, holds: string): Consequence {
	return {
		severity: 'loss',
		text: `The prepared overlay ${overlayPath} ${holds}: from the next start on, the guest reads that instead of the current content of ${target}, which stays in ${headPath}.`,
		what: `the current content of ${target}`,
	};
}

/** The new image has no backing file. */
export function describeEmpty({target, headPath, overlayPath}: Overlaid, isActive: boolean): Consequence {
	const when = isActive ? 'will be empty at the next start of QEMU, which keeps reading the old content until then' : 'will start empty';
	return {
		severity: 'loss',
		text: `${target} ${when}: its new image ${overlayPath} has no backing file, as requested. Its current content stays in ${headPath}.`,
		what: `the current content of ${target}`,
	};
}

/** What the prepared overlays hold, or an empty disk, is recorded by no bitmap. */
export function describeEnd({name}: {name: string}, targets: readonly string[]): Consequence {
	return {severity: 'warning', text: `The checkpoint "${name}" is deleted: ${targets.join(', ')} will hold what its bitmaps have not recorded. The next backup must be a full one.`};
}

export function describeDepth({target}: {target: string}, depth: number): Consequence {
	return {severity: 'warning', text: `The chain of ${target} will be ${depth} images deep: consider merging or deleting older snapshots.`};
}

export function describeTightMemory(memoryBytes: number, {path, freeBytes}: {path: string; freeBytes: number}): Consequence {
	return {
		severity: 'warning',
		text: `The memory file may take ${formatBytes(memoryBytes)}, and ${path} has ${formatBytes(freeBytes)} free. Without enough space the snapshot is not made, and the guest stays as it is.`,
	};
}

export const asked = {
	name: {label: 'Name', question: 'The name of the snapshot'},
	saved: {label: 'Save', question: 'What should be saved?'},
	disks: {label: 'the disks', note: 'Done in a moment. Reverting boots as after a power failure.'},
	memory: {label: 'the disks and the memory', note: 'Reverting resumes exactly here. Takes time, and space for the memory.'},
	place: {label: 'Where', question: 'Where should it be saved?'},
	external: 'external: new overlays',
	internal: 'internal: in the qcow2 files',
	freeze: {label: 'Freeze', question: 'Should the file systems of the guest be frozen meanwhile?', labels: ['no', 'yes, its file systems'] as [string, string], note: 'Needs the guest agent. The file systems are then consistent.'},
};
