/**
The guest agent, which freezes file systems.
*/
import {attributeOf, childOf, childrenOf, readXml} from '../../../model/xml/read-xml.ts';
import type {ProgramCommand, Step} from '../../../model/plan/plan.ts';
import type {CreateAction} from '../../../model/plan/request.ts';
import type {PlanContext} from '../../context.ts';
import {step} from '../../steps/step.ts';
import {onDomain} from './virsh.ts';

const agentChannel = 'org.qemu.guest_agent.0';

/** A freeze without an agent fails; one that is known not to answer is told beforehand. Appends a blocker. */
export function requireAgent(context: PlanContext): void {
	const refuse = (text: string, remedy: string) => context.blockers.push({kind: 'not-supported', text, remedy});
	const live = readXml(context.inventory.liveXml ?? '', 'The running domain', ['domain']);
	const channels = live.ok ? childrenOf(childOf(live.value, 'devices'), 'channel').map(channel => childOf(channel, 'target')) : [];
	const agent = channels.find(target => attributeOf(target, 'name') === agentChannel);
	if (agent === undefined) {
		refuse('The domain has no guest agent channel, so its file systems cannot be frozen.', `Give it one (${agentChannel}) and install the agent, or leave --quiesce out: the disks are then crash-consistent.`);
	} else if (attributeOf(agent, 'state') === 'disconnected') {
		refuse('The guest agent does not answer, so the file systems cannot be frozen.', 'Start the agent in the guest (qemu-guest-agent), or leave --quiesce out: the disks are then crash-consistent.');
	}
}

/** A guest that has ended has nothing to thaw; one that is not frozen takes no harm. */
export const thawing = (context: PlanContext): ProgramCommand => ({...onDomain(context, 'domfsthaw'), onlyIf: {kind: 'domain-active', uuid: context.uuid}});

/** An agent that does not answer is not waited for longer: others may be frozen meanwhile. */
const freezeTimeoutMs = 60_000;

/** The freeze before the snapshot and the thaw behind it, where libvirt is not to do that itself. */
export function freezeSteps(context: PlanContext, {isQuiesced, isFrozenApart}: CreateAction): {before: Step[]; after: Step[]} {
	if (!isQuiesced || !isFrozenApart) {
		return {before: [], after: []};
	}

	const whenStopped = 'Recover would thaw the guest\'s file systems.';
	const timing = {timeoutMs: freezeTimeoutMs, whenStopped};
	return {
		// Before the switch: where nothing else was begun, the way leads back, as the others are not frozen for long.
		before: [step('create', {
			id: 'freeze', title: 'Freeze the guest\'s file systems', command: onDomain(context, 'domfsfreeze'), undo: [thawing(context)], freezing: 'begins', ...timing,
		})],
		after: [step('switch', {
			id: 'thaw', title: 'Thaw the guest\'s file systems', command: thawing(context), skippedNote: 'The guest has ended, and its freeze with it.', freezing: 'ends', ...timing,
		})],
	};
}
