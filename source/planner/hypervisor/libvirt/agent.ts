/**
The guest agent, which freezes file systems.
*/
import {attributeOf, childOf, childrenOf, readXml} from '../../../model/xml/read-xml.ts';
import type {PlanContext} from '../hypervisor.ts';

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
