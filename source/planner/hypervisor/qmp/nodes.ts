/**
The nodes of the disks in a running standalone QEMU, and the snapshot inside the images, which is a single job.
*/
import type {BareNode} from '../../../model/domain/inventory.ts';
import {imageAt} from '../../../model/images/image-graph.ts';
import {layoutOn, type Layout} from '../../../model/images/image.ts';
import type {
	Command, Probe, Step,
} from '../../../model/plan/plan.ts';
import type {PlanContext} from '../../context.ts';
import {step} from '../../steps/step.ts';
import {imageCommands} from '../commands.ts';
import type {FrozenDisk} from '../hypervisor.ts';
import {ask, askUntil, factsOf} from './monitor.ts';

export const whenStopped = 'Recover would undo it; the guest keeps running on its old disks.';

/** Appends a blocker. */
export function refuseAgent({blockers}: PlanContext): void {
	blockers.push({
		kind: 'not-supported',
		text: 'The guest agent of a standalone QEMU is not known, so its file systems cannot be frozen.',
		remedy: 'Freeze them inside the guest (fsfreeze), or leave --quiesce out.',
	});
}

/** A disk of the snapshot with its node, and the name that the overlay's node will have. */
export type NodedDisk<T extends FrozenDisk> = T & {node: BareNode; newNode: string; /** Of its clusters, which QEMU's own overlays do not take over. */ layout: Layout};

/** Of a domain that runs, whose disks are read from its nodes: there is one for each. */
export function nodeOf(context: PlanContext, target: string): BareNode {
	return factsOf(context).nodes.get(target)!;
}

export function withNodes<T extends FrozenDisk>(context: PlanContext, disks: T[], now: Date): Array<NodedDisk<T>> {
	// To the millisecond: a script may take two snapshots within a second.
	const stamp = now.getTime().toString(36);
	return disks.map((disk, index) => ({
		...disk, node: nodeOf(context, disk.target), newNode: `vsnap-${index}-${stamp}`, layout: layoutOn(imageAt(context.graph, disk.headPath)),
	}));
}

/** QEMU >= 6.0 has a job for it, before it there is the human monitor alone. Where QEMU has died meanwhile qemu-img takes the state out again. */
export function insideStep(context: PlanContext, given: {name: string; disks: Array<NodedDisk<FrozenDisk>>}): Step {
	const {name, disks} = given;
	const {uuid} = context;
	const nodes = disks.map(({node}) => node.nodeName);
	const human = (verb: string) => ask(context, 'human-monitor-command', {'command-line': `${verb} "${name.replaceAll(/["\\]/gu, String.raw`\$&`)}"`});
	const job = (execute: string, more: Record<string, unknown>) => {
		const id = `vsnap-${execute}`;
		return askUntil(context, execute, {'job-id': id, tag: name, ...more, devices: nodes}, {kind: 'job', id});
	};

	const hasJobs = factsOf(context).commands.has('snapshot-save');
	const command = hasJobs ? job('snapshot-save', {vmstate: nodes[0]}) : human('savevm');
	const isTagged = (path: string): Probe => ({kind: 'image-has-tag', path, tag: name});
	const first = disks[0]?.headPath ?? '';
	return step('create', {
		id: 'snapshot',
		title: 'Save the guest\'s memory and its disks inside the images',
		command,
		changesInside: 'adds-with-memory',
		undo: [
			{...(hasJobs ? job('snapshot-delete', {}) : human('delvm')), onlyIf: {kind: 'all', of: [{kind: 'domain-active', uuid}, isTagged(first)]}},
			...disks.map(({headPath: path}): Command => ({...imageCommands.untag(path, name), onlyIf: {kind: 'all', of: [{kind: 'domain-off', uuid}, isTagged(path)]}})),
		],
		doneWhen: isTagged(first),
		whenStopped,
		...(hasJobs && {progress: {kind: 'qmp-job', socketPath: command.socketPath, id: 'vsnap-snapshot-save'} as const}),
	});
}
