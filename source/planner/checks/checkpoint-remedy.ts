/**
How checkpoints that stand in the way go. libvirt deletes a checkpoint with its bitmaps only while the domain runs; of one that is off it drops no more than the record
("cannot delete checkpoint for inactive domain"), and the bitmaps stay in the images, where they stand in the way as well.
*/
import {chainOf} from '../../model/images/image-graph.ts';
import {quoteForShell, quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

/** One command for all bitmaps of an image. */
function removeBitmaps(path: string, names: readonly string[]): string {
	const remove = (name: string) => `qemu-img bitmap --remove ${quoteForShell(path)} ${name}`;
	return names.length === 1 ? remove(quoteForShell(names[0]!)) : `for name in ${names.map(name => quoteForShell(name)).join(' ')}; do ${remove('"$name"')}; done`;
}

export function checkpointRemedy({graph, can, inventory: {details: {domain, checkpoints, images}}}: PlanContext): string {
	const isOpen = new Set((domain.liveDefinition?.disks ?? []).flatMap(({sourcePath}) => sourcePath === undefined ? [] : chainOf(graph, sourcePath).map(path => graph.keyOf(path))));
	const isRunning = domain.liveDefinition !== undefined;
	const names = new Set(checkpoints.map(({name}) => name));
	const roots = checkpoints.filter(({parent}) => parent === undefined || !names.has(parent)).map(({name}) => name);
	if (!can.isKnownToVirsh && roots.length > 0) {
		return `Delete them: ${roots.map(name => `vsnap-tui checkpoint delete --children ${quoteForShell(domain.name)} ${quoteForShell(name)}`).join('; ')}. The next backup is then a full one.`;
	}

	const recorded = roots.map(name =>
		`virsh checkpoint-delete ${quoteForTerminal(domain.name)} --checkpointname ${quoteForTerminal(name)} --children${isRunning ? '' : ' --metadata'}`);
	const stored = images.filter(({path, bitmaps}) => bitmaps.length > 0 && !isOpen.has(graph.keyOf(path))).map(({path, bitmaps}) => removeBitmaps(path, bitmaps.map(({name}) => name)));
	// Without a record, nobody but qemu-img removes them.
	const left = images.filter(({path}) => isOpen.has(graph.keyOf(path))).flatMap(({path, bitmaps}) => {
		const unrecorded = bitmaps.map(({name}) => name).filter(name => !checkpoints.some(({disks}) => disks.some(({bitmap}) => bitmap === name)));
		return unrecorded.length === 0 ? [] : [removeBitmaps(path, unrecorded)];
	});
	const now = [...recorded, ...stored];
	return [
		...(now.length === 0 ? [] : [`Delete them: ${now.join('; ')}.`]),
		...(left.length === 0 ? [] : [`With the domain off, remove what has no record: ${left.join('; ')}.`]),
		'The next backup is then a full one.',
	].join(' ');
}
