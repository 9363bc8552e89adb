/**
What plans for a running bare QEMU ask its monitor for, and the snapshot inside the images, which is a single job.
*/
import type {BareFacts, BareNode} from '../../../model/domain/inventory.ts';
import type {
	Command, Probe, QmpEnd, Step,
} from '../../../model/plan/plan.ts';
import {imageCommands} from '../../../planner/hypervisor/commands.ts';
import type {PlanContext} from '../../../planner/context.ts';
import {step} from '../../../planner/steps/step.ts';
import type {PartakingDisk} from '../disks.ts';

export const isTakenBack = 'It would be taken back: the guest goes on on the disks that it had.';

/** The monitor of this QEMU, as a planner speaks to it. */
export type Monitor = {bare: BareFacts; socketPath: string; say: (execute: string, parameters?: Record<string, unknown>, until?: QmpEnd) => Command};

/** Undefined, with a blocker, where no monitor is known. */
export function monitorOf(context: PlanContext): Monitor | undefined {
	const {bare} = context.inventory;
	const socketPath = bare?.socketPath;
	if (bare === undefined || socketPath === undefined) {
		context.blockers.push({kind: 'not-permitted', text: 'The domain runs, and no monitor of it is known.', remedy: 'Name its socket: --qmp NAME=SOCKET.'});
		return undefined;
	}

	return {
		bare,
		socketPath,
		say: (execute, parameters, until) => ({tool: 'qmp', socketPath, execute, arguments: parameters ?? {}, ...(until && {until}), files: []}),
	};
}

/** For an undo: a QEMU that has died meanwhile has nothing to be taken back. */
export function sayIfAlive(context: PlanContext, monitor: Monitor, execute: string, parameters?: Record<string, unknown>): Command {
	return {...monitor.say(execute, parameters), onlyIf: {kind: 'domain-active', uuid: context.uuid}};
}

/** A disk of the snapshot with its node, and the name that the overlay's node will have. */
export type NodedDisk<T extends PartakingDisk> = T & {node: BareNode; newNode: string};

export function withNodes<T extends PartakingDisk>(context: PlanContext, {bare}: Monitor, disks: T[], now: Date): Array<NodedDisk<T>> {
	// To the millisecond: a script may take two snapshots within a second.
	const stamp = now.getTime().toString(36);
	return disks.flatMap((disk, index) => {
		const node = bare.nodes.get(disk.target);
		if (node === undefined) {
			context.blockers.push({kind: 'not-supported', text: `QEMU does not tell which of its nodes ${disk.target} is.`, remedy: `Leave it out: --disk ${disk.target}=no.`});
			return [];
		}

		return [{...disk, node, newNode: `vsnap-${index}-${stamp}`}];
	});
}

/** QEMU >= 6.0 has a job for it, before it there is the human monitor alone. Where QEMU has died meanwhile qemu-img takes the state out again. */
export function insideStep(context: PlanContext, monitor: Monitor, given: {name: string; disks: Array<NodedDisk<PartakingDisk>>}): Step {
	const {name, disks} = given;
	const {uuid} = context;
	const nodes = disks.map(({node}) => node.nodeName);
	const human = (verb: string) => monitor.say('human-monitor-command', {'command-line': `${verb} "${name.replaceAll(/["\\]/gu, String.raw`\$&`)}"`});
	const job = (execute: string, more: Record<string, unknown>) => {
		const id = `vsnap-${execute}`;
		return monitor.say(execute, {'job-id': id, tag: name, ...more, devices: nodes}, {kind: 'job', id});
	};

	const hasJobs = monitor.bare.commands.has('snapshot-save');
	const isTagged = (path: string): Probe => ({kind: 'image-has-tag', path, tag: name});
	const first = disks[0]?.headPath ?? '';
	return step('create', {
		id: 'snapshot',
		title: 'Save the guest\'s memory and its disks inside the images',
		command: hasJobs ? job('snapshot-save', {vmstate: nodes[0]}) : human('savevm'),
		undo: [
			{...(hasJobs ? job('snapshot-delete', {}) : human('delvm')), onlyIf: {kind: 'all', of: [{kind: 'domain-active', uuid}, isTagged(first)]}},
			...disks.map(({headPath: path}): Command => ({...imageCommands.untag(path, name), onlyIf: {kind: 'all', of: [{kind: 'domain-off', uuid}, isTagged(path)]}})),
		],
		happened: isTagged(first),
		ifStopped: isTakenBack,
		...(hasJobs && {progress: {kind: 'qmp-job', socketPath: monitor.socketPath, id: 'vsnap-snapshot-save'} as const}),
	});
}
