/**
What to do about an image that is not where it is looked for. One that a running QEMU has open is not lost, and one whose folder is not there was hardly removed: a
backup is the last thing to think of.
*/
import {chainOf} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import {quoteForShell, quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

type OpenDisk = {target: string; isHead: boolean};

/** The disk of the running domain whose QEMU opened this image when it was started or when the disk was plugged in; undefined: none. */
export function openDiskOn({graph, inventory: {details}}: PlanContext, path: string): OpenDisk | undefined {
	const key = graph.keyOf(path);
	const disk = details.domain.liveDefinition?.disks.find(({sourcePath}) => sourcePath !== undefined && chainOf(graph, sourcePath).some(link => graph.keyOf(link) === key));
	return disk && {target: disk.target, isHead: graph.keyOf(disk.sourcePath!) === key};
}

/** What the guest writes to has to be copied by QEMU itself; what is below stands still, and any process may read it. */
function saveCommand(context: PlanContext, {path, format}: Image, {target, isHead}: OpenDisk): string {
	if (!isHead) {
		return `cp --sparse=always "$(find /proc/[0-9]*/fd -lname ${quoteForShell(`${path} (deleted)`)} | head -n 1)" ${quoteForShell(path)}, as root`;
	}

	return context.can.isKnownToVirsh
		? `virsh blockcopy ${quoteForTerminal(context.inventory.details.domain.name)} ${target} ${quoteForShell(`${path}.saved`)} --format ${format ?? 'qcow2'} --wait --verbose --pivot --transient-job`
		: `have QEMU write ${target} to a new file (blockdev-backup by its monitor)`;
}

/** Sentences for people. `isHeld`: QEMU still has it. */
export function describeMissing(context: PlanContext, image: Image): {text: string; remedy: string; isHeld: boolean} {
	const {path, problems} = image;
	const open = openDiskOn(context, path);
	if (open !== undefined) {
		return {
			text: `The image ${path} was removed or renamed, and the running QEMU still has it open (${open.target}): what is in it is lost when the domain is shut down.`,
			remedy: `Do not shut the domain down. If the file was renamed or moved, move it back. If it was removed: ${saveCommand(context, image, open)}`,
			isHeld: true,
		};
	}

	const missing = problems.find(({kind}) => kind === 'missing');
	if (missing?.kind === 'missing' && missing.absentFolder !== undefined) {
		return {
			text: `The image ${path} is missing: there is no folder ${missing.absentFolder}.`,
			remedy: `Mount the file system that it is on, or give the folder ${quoteForShell(missing.absentFolder)} its name back.`,
			isHeld: false,
		};
	}

	return {
		text: `The image ${path} is missing.`,
		remedy: `If it was renamed or moved, move it back; vsnap-tui doctor ${quoteForTerminal(context.inventory.details.domain.name)} looks for it. Else restore it from a backup, to the same path.`,
		isHeld: false,
	};
}
