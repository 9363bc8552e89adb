/**
The nodes of the disks in a running standalone QEMU, and the snapshot inside the images, which is a single job.
*/
import type {BareNode} from '../../../model/domain/inventory.ts';
import type {
	Command, Probe, Step,
} from '../../../model/plan/plan.ts';
import type {PlanContext} from '../../context.ts';
import {step} from '../../steps/step.ts';
import {imageCommands} from '../commands.ts';
import {ask, askUntil, factsOf} from './monitor.ts';

export const whenStopped = 'Recover would undo it; the guest stays on its old disks.';

/** Appends a blocker. */
export function refuseAgent({blockers}: PlanContext): void {
	blockers.push({
		kind: 'not-supported',
		text: 'The guest agent of a standalone QEMU is not known, so its file systems cannot be frozen.',
		remedy: 'Freeze them inside the guest (fsfreeze), or leave --quiesce out.',
	});
}

/** Of a domain that runs, whose disks are read from its nodes: there is one for each. */
export function nodeOf(context: PlanContext, target: string): BareNode {
	return factsOf(context).nodes.get(target)!;
}

/** QEMU >= 6.0 has a job for it, before it there is the human monitor alone. Where QEMU has died meanwhile qemu-img takes the state out again. */
export function insideStep(context: PlanContext, given: {name: string; disks: ReadonlyArray<{target: string; headPath: string}>}): Step {
	const {name, disks} = given;
	const {uuid} = context;
	const nodes = disks.map(({target}) => nodeOf(context, target).nodeName);
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
