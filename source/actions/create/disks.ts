/**
Which disks take part in a new snapshot, and how: what was asked for each, what the domain's own definition says, and what the table makes of it
(the rules are libvirt's).
*/
import {posix} from 'node:path';
import type {CreateAction, DiskRequest} from '../../model/plan/request.ts';
import type {DiskAnswer, SnapshotMethod} from '../../model/plan/decision-table.ts';
import {
	hasProcess, headDisks, isKeptOutOfSnapshots, isWritableMedium, type Disk, type SnapshotMode,
} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {isImageName, isInNetwork} from '../../model/qemu/network-image.ts';
import {refuseBrokenChain} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {inMode, type AskedDisk, type DiskPlan, type Head} from '../../planner/disk-plan.ts';
import {refuseNarrowRefcounts} from '../../planner/checks/narrow-refcounts.ts';
import {requireSecrets} from '../../planner/checks/recorded-chains.ts';
import {isOpened} from '../../planner/encryption/keys.ts';
import {isEmptyDrive, storageOf, storageWord} from '../../planner/storage/storage.ts';

/** Empty drives, media that the guest cannot write, and what no snapshot can hold take no part by themselves. A shared disk is asked about. */
function isEligible(disk: Disk): boolean {
	return isWritableMedium(disk) && (disk.shareable || !isKeptOutOfSnapshots(disk));
}

function refuseRequest(context: PlanContext, request: DiskRequest): void {
	const refuse = (text: string, remedy: string) => context.blockers.push({kind: 'not-supported', text, remedy});
	if (request.path !== undefined && request.mode !== undefined && request.mode !== 'external') {
		refuse(`${request.target} is set to "${request.mode}", so it gets no overlay to be called ${request.path}.`, 'Leave the file out, or ask for an external disk.');
	}

	if (request.reuse !== undefined && request.mode !== undefined && request.mode !== 'external') {
		refuse(`${request.target} is set to "${request.mode}", so it gets no overlay to reuse.`, 'Leave --reuse out for it, or ask for an external disk.');
	}

	if ((request.reuse === 'existing' || request.reuse === 'existing-with-data') && request.path === undefined) {
		refuse(`${request.target} reuses a prepared overlay, but its file is not named.`, `Name it: --disk ${request.target}=external:FILE.`);
	}

	if (request.path !== undefined && (!posix.isAbsolute(request.path) || posix.normalize(request.path) !== request.path || request.path.endsWith('/'))) {
		refuse(`${request.path} is not an absolute path.`, 'Give absolute paths, without "." and "..".');
	}
}

/** Each disk of the domain with its request. A request may name the disk by its target, or by the file that it is on. */
export function askDisks(context: PlanContext, action: CreateAction): AskedDisk[] {
	const disks = headDisks(context.inventory.details.domain);
	const requests = new Map<string, DiskRequest>();
	for (const request of action.disks) {
		refuseRequest(context, request);
		const found = request.target.startsWith('/') ? disks.filter(disk => disk.sourcePath === request.target) : disks.filter(disk => disk.target === request.target);
		const [disk] = found;
		if (disk === undefined || found.length > 1) {
			context.blockers.push({
				kind: 'not-supported',
				text: `The domain has ${disk === undefined ? 'no disk' : 'more than one disk on'} ${request.target}.`,
				remedy: `Its disks are: ${disks.map(({target}) => target).join(', ')}.`,
			});
		} else if (requests.has(disk.target)) {
			context.blockers.push({kind: 'not-supported', text: `${disk.target} is asked for twice.`, remedy: 'Name each disk once.'});
		} else {
			requests.set(disk.target, request);
		}
	}

	return disks.map(disk => {
		const request = requests.get(disk.target);
		const asked = request?.mode ?? (request?.path === undefined && request?.reuse === undefined ? disk.snapshotMode : 'external');
		return {target: disk.target, disk, request, asked};
	});
}

/** The disks that take part, by what was asked; of a disk that is asked for though it cannot, the way tells. */
export function partakingTargets(disks: readonly AskedDisk[]): Set<string> {
	return new Set(disks.filter(({disk, request, asked}) => asked !== 'no' && (isEligible(disk) || request !== undefined)).map(({disk}) => disk.target));
}

/** What the disks come to as an answer for the table. */
export function answerOf(disks: AskedDisk[]): DiskAnswer {
	const partaking = disks.filter(({disk, asked}) => isEligible(disk) && asked !== 'no' && asked !== 'manual').map(({asked}) => asked);
	if (partaking.length === 0) {
		return 'no';
	}

	const modes = (['internal', 'external'] as const).filter(mode => partaking.includes(mode));
	return modes.length === 2 ? 'mixed' : modes[0] ?? '-';
}

/** As the way says, where nothing was asked. */
export function modeOf({disk, request, asked}: AskedDisk, method: SnapshotMethod): SnapshotMode {
	const isLeftAlone = !isEligible(disk) && request === undefined;
	return isLeftAlone ? 'no' : asked ?? (method.disk === 'default' ? 'external' : method.disk);
}

/** What keeps a disk from taking part, whichever way; undefined: nothing. */
function obstacle({disk, mode}: {disk: Disk; mode: SnapshotMode}, path: string, can: PlanContext['can']): string | undefined {
	const rules: Array<[boolean, string]> = [
		[isEmptyDrive(disk), 'is an empty drive'],
		[!isWritableMedium(disk), 'is read-only for the guest'],
		[!isImageName(path), `is not on an image file (type ${storageWord(disk)})`],
		[isInNetwork(path) && mode === 'internal', 'is in the network, and its snapshots are external'],
		[disk.device === 'lun', 'is a SCSI device that is passed through'],
		[disk.isEncrypted && !isOpened({can}, disk), 'is encrypted, and nothing names its secret, so that an overlay on it could not be'],
		[disk.hasSlices, 'is a slice of its file, and an overlay on it would not be'],
		[disk.shareable && mode === 'external', 'is shared with other domains, and an overlay cannot be'],
		[disk.transient !== undefined, 'is transient: what is written to it is discarded when the domain stops, and QEMU cannot snapshot it'],
		[disk.hasMirror, 'is being copied right now'],
	];
	return rules.find(([holds]) => holds)?.[1];
}

export const leaveOut = (target: string) => `Leave it out: --disk ${target}=no.`;

function refuseHead(context: PlanContext, target: string, {headPath}: Head): void {
	refuseBrokenChain(context, headPath);
	if (!context.can.opensEncrypted) {
		requireSecrets(context, target, headPath, () => leaveOut(target));
	}

	const freezing = context.pins.filter(pin => pin.hold === 'content' && pin.snapshot !== undefined && context.graph.keyOf(pin.path) === context.graph.keyOf(headPath));
	if (freezing.length > 0) {
		context.blockers.push({
			kind: 'image-needed',
			text: `${target} writes to ${headPath}, which is already frozen (${[...new Set(freezing.map(pin => pin.label))].join(', ')}): two snapshots must not share one frozen image, because deleting one would change the other.`,
			remedy: 'Revert to that snapshot, which puts the domain on an overlay of its own, or delete its record; then try again.',
		});
	}
}

/** The image that is to be frozen; undefined: the disk cannot take part. Appends blockers to the context. */
export function headOf(context: PlanContext, {target, disk}: AskedDisk, mode: 'internal' | 'external'): Head | undefined {
	const headPath = storageOf(disk)?.path ?? '';
	const reason = obstacle({disk, mode}, headPath, context.can);
	if (reason !== undefined) {
		context.blockers.push({kind: 'not-supported', text: `${target} ${reason}.`, remedy: leaveOut(target)});
		return undefined;
	}

	const head = {headPath, format: disk.format ?? 'raw'};
	refuseHead(context, target, head);
	return head;
}

/** QEMU takes a short number for the number of an internal snapshot before it looks for a name. */
const numberLike = /^\d{1,6}$/u;

/** A standalone QEMU that is off keeps its disks inside their images also with --disk-only, as the table has it. */
function outsideRemedy({can, inventory: {details: {domain}}}: PlanContext, partaking: ReadonlyArray<{target: string}>): string {
	if (hasProcess(domain)) {
		return 'Ask for external disks: --disk-only, or --memory external.';
	}

	return can.goesByTable ? `Ask for external disks: ${partaking.map(({target}) => `--disk ${target}=external`).join(' ')}.` : 'Ask for external disks: --disk-only.';
}

/** Rules of internal snapshots: qcow2 alone, all writable disks or none, no tag twice. */
export function requireInternal(context: PlanContext, disks: DiskPlan[], name: string): void {
	const partaking = inMode(disks, 'internal');
	const outside = outsideRemedy(context, partaking);
	for (const disk of partaking) {
		const image = imageAt(context.graph, disk.headPath);
		if (disk.format !== 'qcow2') {
			context.blockers.push({
				kind: 'not-supported',
				text: `${disk.target} is ${disk.format}, and only qcow2 images can hold an internal snapshot.`,
				remedy: outside,
			});
		}

		refuseNarrowRefcounts(context, disk.headPath, outside);
		if (image?.internalSnapshots.some(({tag}) => tag === name)) {
			context.blockers.push({
				kind: 'name-taken',
				text: `${disk.headPath} already holds an internal snapshot "${name}"; there would be two of that name.`,
				remedy: 'Choose another name, or remove that one (qemu-img snapshot -d, while the domain is off).',
			});
		}
	}

	for (const {target, disk, mode} of disks) {
		if ((mode === 'no' && isEligible(disk)) || mode === 'manual') {
			context.blockers.push({
				kind: 'not-supported',
				text: `${target} is left out, but an internal snapshot needs every disk that the guest can write to.`,
				remedy: `Include it. Or: ${outside}`,
			});
		}
	}

	if (numberLike.test(name)) {
		context.blockers.push({kind: 'name', text: `QEMU would read "${name}" as the number of an internal snapshot.`, remedy: 'Choose a name that is not a short number.'});
	}
}
