/**
Keeping the current state before it is left: a snapshot record of its own that pins the current heads.

The kind follows the snapshot that is reverted to. An external one leaves the heads behind, so the kept state freezes them as they are, without a new
file; an internal one changes the images in place, so the kept state has to lie inside them. What is kept can then always be reverted to.
*/
import {posix} from 'node:path';
import {stampOf} from '../../model/text/format.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {hasProcess, headDisks, isKeptOutOfSnapshots, isWritableMedium, type Disk, type SnapshotMode} from '../../model/domain/domain.ts';
import {contentHoldersOf, imageAt} from '../../model/images/image-graph.ts';
import {type Result, succeed} from '../../model/result.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {NotedCheckpoint} from '../../model/domain/snapshot.ts';
import type {Consequence, Expected, Step} from '../../model/plan/plan.ts';
import {buildSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {describeFrozenContent} from '../checks/frozen-content.ts';
import {refuseNarrowRefcounts} from '../checks/narrow-refcounts.ts';
import {readOutRemedy, requireSecrets} from '../checks/recorded-chains.ts';
import {isFileBacked, placeInXml, storageWord} from '../storage/storage.ts';
import {tagNvram} from './nvram-inside.ts';
import {stemOf} from './overlay-name.ts';
import {step} from './step.ts';

type KeepRequest = {
	name: string;
	description: string;
	now: Date;
	/** Disks that stay in use as they are: a record that pinned them would have to freeze them. */
	untouched: ReadonlySet<string>;
	kind: 'internal' | 'external';
	/** What the record says that the domain was; missing: what it is. */
	definitionXml?: string;
	/** That go with this state. */
	checkpoints?: NotedCheckpoint[];
	/** The file that the guest's memory is saved to, where it is kept. */
	memoryPath?: string;
};

export type Kept = {
	steps: Step[];
	pins: Pin[];
	/** For the proof. */
	files: NonNullable<Expected['kept']>;
	consequences: Consequence[];
};

function modeOf(disk: Disk, request: KeepRequest): SnapshotMode {
	return isWritableMedium(disk) && isFileBacked(disk) && !isKeptOutOfSnapshots(disk) && !request.untouched.has(disk.target) ? request.kind : 'no';
}

/** What a revert would lose and no snapshot can keep. */
function copyRemedy({sourcePath, format}: Disk): string {
	return `Copy what is in it (qemu-img convert${format === undefined ? '' : ` -f ${format}`} -O qcow2 ${quoteForShell(sourcePath ?? '')} COPY) while the domain is off, and use --discard.`;
}

function refuseKeep(context: PlanContext, disks: Disk[], request: KeepRequest): void {
	for (const disk of disks) {
		if (request.kind === 'external') {
			requireSecrets(context, disk.target, disk.sourcePath!, () => readOutRemedy(context, disk.sourcePath!));
		}

		const image = imageAt(context.graph, disk.sourcePath!);
		if (request.kind === 'internal') {
			refuseNarrowRefcounts(context, disk.sourcePath!, 'Revert yourself while the domain is off, which loses the current state: qemu-img snapshot -a.');
		}

		const holders = contentHoldersOf(context.graph, disk.sourcePath!);
		if (request.kind === 'external' && holders.length > 0) {
			context.blockers.push({
				kind: 'image-needed',
				text: `The domain writes to ${disk.sourcePath}, which is already frozen (${holders.map(pin => pin.label).join(', ')}): it cannot be kept a second time, because two snapshots must not share one frozen image.`,
				remedy: copyRemedy(disk),
			});
		} else if (request.kind === 'internal' && image?.format !== 'qcow2') {
			context.blockers.push({
				kind: 'not-supported',
				text: `The current state cannot be kept by an internal snapshot: ${disk.sourcePath} is not qcow2.`,
				remedy: copyRemedy(disk),
			});
		} else if (request.kind === 'internal' && image?.internalSnapshots.some(snapshot => snapshot.tag === request.name)) {
			context.blockers.push({
				kind: 'name-taken',
				text: `The image ${disk.sourcePath} already holds an internal snapshot "${request.name}".`,
				remedy: 'Choose another name for the kept state.',
			});
		}
	}
}

function whatItIs(disk: Disk): string {
	if (disk.transient !== undefined) {
		return 'it is transient, and what was written to it is discarded when the domain stops';
	}

	if (isKeptOutOfSnapshots(disk)) {
		return 'other domains or programs use it too';
	}

	return `it is not an image file but of the type ${storageWord(disk)}${disk.sourcePath === undefined ? '' : ` (${disk.sourcePath})`}`;
}

/** For each disk that the record leaves out although the action leaves it behind. Refuses where nothing would be kept at all. */
function describeLeftOut(context: PlanContext, disks: readonly Disk[], request: KeepRequest): Consequence[] {
	const leftOut = disks.filter(disk => isWritableMedium(disk) && modeOf(disk, request) === 'no' && !request.untouched.has(disk.target));
	if (leftOut.length > 0 && disks.every(disk => modeOf(disk, request) === 'no')) {
		context.blockers.push({
			kind: 'not-a-file',
			text: `Nothing of the current state can be kept: ${leftOut.map(disk => `${disk.target}: ${whatItIs(disk)}`).join('; ')}.`,
			remedy: 'Copy what is on it (virsh blockcopy, qemu-img convert), and use --discard.',
		});
	}

	return leftOut.map(disk => ({severity: 'warning', text: `"${request.name}" does not keep ${disk.target}: ${whatItIs(disk)}.`}));
}

/**
Of a guest that runs the power is cut: what is kept is no orderly end. libvirt has the one state for external snapshots alone, and goes back to the other as to that of a
domain that was off.
*/
function stateWithoutMemory(isRunning: boolean, kind: KeepRequest['kind']): string {
	return isRunning ? (kind === 'external' ? 'disk-snapshot' : 'crashed') : 'shutoff';
}

function keepInside({target, sourcePath}: Disk, name: string): Step {
	const path = sourcePath!;
	return step('create', {
		id: `keep-${target}`,
		title: `Keep the current state of ${target} inside its image as "${name}"`,
		command: imageCommands.tag(path, name),
		changesInside: 'adds',
		undo: [{...imageCommands.untag(path, name), onlyIf: {kind: 'image-has-tag', path, tag: name}}],
		doneWhen: {kind: 'image-has-tag', path, tag: name},
		whenStopped: 'Recover would undo it; the domain is as it was.',
	});
}

/** Steps that need the domain to be off. Appends blockers to the context. */
export function keepPresentState(context: PlanContext, request: KeepRequest): Result<Kept> {
	const {details, definitionXml, liveXml} = context.inventory;
	const disks = headDisks(details.domain);
	const partaking = disks.filter(disk => modeOf(disk, request) !== 'no');
	refuseKeep(context, partaking, request);
	const consequences = describeLeftOut(context, disks, request);
	const isRunning = hasProcess(details.domain);
	const sources = new Map(partaking.map(disk => [disk.target, placeInXml(context, {path: disk.sourcePath!, format: disk.format ?? 'qcow2'})]));
	const {memoryPath} = request;
	// The memory belongs to what runs; what the next start would be on stands beside it, as in libvirt's own records.
	const domainXml = changeDomainXml(request.definitionXml ?? (memoryPath === undefined ? definitionXml : liveXml ?? definitionXml), {sources, rootName: 'domain', checkpointsNote: {snapshot: request.name, uuid: context.uuid, checkpoints: request.checkpoints ?? []}});
	const inactiveXml = memoryPath === undefined ? succeed(undefined) : changeDomainXml(definitionXml, {sources, rootName: 'inactiveDomain'});
	if (!domainXml.ok) {
		return domainXml;
	}

	if (!inactiveXml.ok) {
		return inactiveXml;
	}

	const xml = buildSnapshotXml({
		name: request.name,
		description: request.description,
		state: memoryPath === undefined ? stateWithoutMemory(isRunning, request.kind) : (details.domain.state === 'paused' ? 'paused' : 'running'),
		parent: details.currentSnapshot,
		createdAt: Math.floor(request.now.getTime() / 1000),
		memory: memoryPath === undefined ? {mode: 'no'} : {mode: 'external', path: memoryPath},
		disks: disks.map(disk => ({
			target: disk.target,
			mode: modeOf(disk, request),
			// A name that no file ever had: libvirt's own revert may unlink what stands here.
			overlayPath: request.kind === 'external' && modeOf(disk, request) === 'external'
				? posix.join(posix.dirname(disk.sourcePath!), `${posix.basename(stemOf(disk.sourcePath!)).slice(0, 100)}.left-${stampOf(request.now)}`)
				: undefined,
		})),
		domainXml: domainXml.value,
		inactiveDomainXml: inactiveXml.value,
	});
	const isInside = request.kind === 'internal';
	const steps = isInside ? [...partaking.map(disk => keepInside(disk, request.name)), ...tagNvram(context, request.name).steps] : [];
	steps.push(step(isInside ? 'create' : 'switch', {
		id: 'keep',
		title: `Record the current state as snapshot "${request.name}"`,
		command: context.hypervisor.records.replace({fileName: 'snapshot-kept', xml, makeCurrent: false}),
		undo: [{...context.hypervisor.records.deleteMetadata(request.name), onlyIf: {kind: 'snapshot-exists', uuid: context.uuid, name: request.name}}],
		whenStopped: 'Recover would undo it and delete the record.',
	}));
	const pins: Pin[] = partaking.map(disk => ({
		path: disk.sourcePath!,
		hold: request.kind === 'external' ? 'content' : 'existence',
		domainUuid: context.uuid,
		label: `snapshot ${request.name} of ${details.domain.name}`,
		snapshot: request.name,
		target: disk.target,
	}));
	return succeed({
		steps,
		pins,
		files: pins.map(({path}) => ({path, inode: imageAt(context.graph, path)?.file?.inode, tag: request.kind === 'internal' ? request.name : undefined})),
		consequences: [
			...consequences,
			...(request.kind === 'external' ? describeFrozenContent(context, {disks: partaking.map(({target, sourcePath}) => ({target, path: sourcePath!})), snapshot: request.name, isLeft: true}) : []),
			...(isRunning && memoryPath === undefined ? [{severity: 'warning' as const, about: 'kept' as const, text: `"${request.name}" has no memory: it is crash-consistent.`}] : []),
		],
	});
}
