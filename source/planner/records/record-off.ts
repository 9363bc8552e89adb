/**
A checkpoint of a domain that is off, as steps.
*/
import {imageAt} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {Step} from '../../model/plan/plan.ts';
import type {PlanContext} from '../context.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import type {RecordedDisk} from '../hypervisor/hypervisor.ts';
import {step} from '../steps/step.ts';

/** QEMU's default, and libvirt's: no smaller than a cluster, and no larger than it. */
const granularityOf = ({clusterSizeBytes = 65_536}: Image): number => Math.min(Math.max(clusterSizeBytes, 4096), 65_536);

/** Each bitmap by qemu-img, then the record. */
export function recordOff(context: PlanContext, checkpoint: string, {recorded, xml}: {recorded: RecordedDisk[]; xml: string}): Step[] {
	const {hypervisor: {checkpoints}, uuid} = context;
	return [
		...recorded.map(({target, path, bitmap}) => step('create', {
			id: `bitmap-${target}`,
			title: `Add bitmap "${bitmap}" to the image of ${target}`,
			command: imageCommands.addBitmap({path, name: bitmap, granularityBytes: granularityOf(imageAt(context.graph, path)!)}),
			undo: [{...imageCommands.removeBitmap(path, bitmap), onlyIf: {kind: 'image-has-bitmap', path, bitmap}}],
			doneWhen: {kind: 'image-has-bitmap', path, bitmap},
			undoWhileOff: true,
			needsOff: true,
			failureChangesNothing: true,
			whenStopped: 'Recover would remove the bitmaps; nothing else is touched.',
		})),
		step('switch', {
			id: 'checkpoint',
			title: `Record checkpoint "${checkpoint}"`,
			command: checkpoints.replace('checkpoint', xml),
			undo: [{...checkpoints.deleteMetadata(checkpoint), onlyIf: {kind: 'checkpoint-exists', uuid, name: checkpoint}}],
			doneWhen: {kind: 'checkpoint-exists', uuid, name: checkpoint},
			whenStopped: 'Recover would remove the record and the bitmaps; nothing else is touched.',
		}),
	];
}
