/**
Steps that act on the domain itself: stop, define, start. Shared by all plans that work offline.
*/
import type {EndState} from '../../model/action.ts';
import {hasProcess} from '../../model/domain.ts';
import type {Phase, Step} from '../../model/plan.ts';
import {domainCommands} from './commands.ts';
import type {PlanContext} from './context.ts';

/**
Power off, if it runs. Undone by a start (the guest then has rebooted). `isGraceful` where the disks are to be kept: QEMU then writes out what it
holds, or the step fails.
*/
export function stopSteps(context: PlanContext, options: {phase: Phase; isGraceful: boolean}): Step[] {
	const {domain} = context.inventory.picture;
	if (!hasProcess(domain)) {
		return [];
	}

	return [{
		id: 'stop',
		title: 'Power off the domain',
		phase: options.phase,
		command: domainCommands.destroy(context, options.isGraceful),
		undo: [{...domainCommands.start(context, domain.state === 'paused'), onlyIf: {kind: 'domain-off', uuid: context.uuid}}],
		happened: {kind: 'domain-off', uuid: context.uuid},
		ifStopped: 'The domain would be started again on the disks that it had; its memory is lost.',
	}];
}

export function defineStep(context: PlanContext, xml: string): Step {
	return {
		id: 'define',
		title: 'Switch the definition to the new disks',
		phase: 'switch',
		command: domainCommands.define(context, 'definition-new', xml),
		undo: [domainCommands.define(context, 'definition-before', context.inventory.definitionXml)],
		happened: {kind: 'never'},
		ifStopped: 'The switch would be finished: the old disks are all still there.',
	};
}

export function startStep(context: PlanContext, command: Step['command'], title: string): Step {
	return {
		id: 'start',
		title,
		phase: 'switch',
		command,
		undo: [{...domainCommands.destroy(context, false), onlyIf: {kind: 'domain-active', uuid: context.uuid}}],
		happened: {kind: 'domain-active', uuid: context.uuid},
		ifStopped: 'The rest would be finished: the domain is on its new disks.',
		timeoutMs: 300_000,
	};
}

/** The state to end in: as asked, else as libvirt does (the state that the snapshot was taken in; disks only ends shut off). */
export function endStateOf(asked: EndState | undefined, snapshotState: string): EndState {
	return asked ?? (snapshotState === 'running' || snapshotState === 'paused' ? snapshotState : 'shutoff');
}

