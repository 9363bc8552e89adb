/**
`virsh snapshot-create` and `snapshot-create-as` on the demo host: new snapshots, and records that are redefined.
*/
import {agentProblem} from '../domain-xml.ts';
import {resumeDomain, stopDomain, suspendDomain} from '../lifecycle.ts';
import {firstOf, say, type Answer, type Copying} from '../program.ts';
import {takeSnapshot} from '../snapshots.ts';
import type {DemoDomain} from '../world.ts';
import {child, textAt, without, type XmlNode} from '../xml-node.ts';
import {virshError, type VirshCall} from './command.ts';
import {redefineProblem} from './moments.ts';
import {saveMemory} from './save-memory.ts';
import {decideSnapshot} from './snapshot-request.ts';

/** libvirt 9.0 changes no record beside checkpoints. */
export function checkpointProblem(domain: DemoDomain): string | undefined {
	return domain.checkpoints.size > 0 ? 'Operation not supported: cannot perform block operations while checkpoint exists' : undefined;
}

/** Whether a record tells of a domain that was off, of disks alone, or of one that ran: that cannot be redefined. */
function stateClass(xml: XmlNode): string {
	const state = textAt(xml, 'state') ?? '';
	return ['shutoff', 'disk-snapshot'].includes(state) ? state : 'active';
}

export function redefine({flags, settle, domain}: VirshCall, xml: XmlNode): Answer {
	const name = textAt(xml, 'name') ?? '';
	const uuid = textAt(xml, 'domain', 'uuid') ?? domain.uuid;
	const former = domain.snapshots.get(name);
	const problem = checkpointProblem(domain)
		?? firstOf([uuid !== domain.uuid, `invalid argument: definition for snapshot ${name} must use uuid ${domain.uuid}`])
		?? redefineProblem('snapshot', domain, xml)
		?? firstOf(
			[textAt(xml, 'state') === undefined, 'XML error: missing state from existing snapshot'],
			[former !== undefined && stateClass(former) !== stateClass(xml), `invalid argument: cannot change between online and offline snapshot state in snapshot ${name}`],
		);
	return settle(problem, () => {
		// `<revertDisks>` is accepted and dropped; a record that comes without its domain keeps the one it had.
		const kept = child(xml, 'domain') ? [] : [child(former, 'domain'), child(former, 'inactiveDomain')];
		const bare = without(xml, 'active', 'revertDisks');
		domain.snapshots.set(name, {...bare, children: [...bare.children, ...kept.filter(part => part !== undefined)]});
		domain.currentSnapshot = flags.has('current') ? name : domain.currentSnapshot;
	});
}

export function create(call: VirshCall, xml: XmlNode): Answer | Copying {
	const {world, domain, flags} = call;
	if (domain.job) {
		return virshError('Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainSnapshotCreateXML)');
	}

	const request = decideSnapshot({world, domain, xml, flags});
	const problem = request.refusal ?? (domain.live ? (flags.has('quiesce') ? agentProblem(domain.live) : undefined) : checkpointProblem(domain));
	if (problem !== undefined) {
		return virshError(problem);
	}

	const stateBefore = domain.state;
	// Where a person has to do something about a disk, the guest is left paused.
	const isLeftPaused = domain.live !== undefined && [...request.disks.values()].some(({mode}) => mode === 'manual');
	const end = () => {
		const {state} = domain;
		// The record tells of the state in which the memory was.
		domain.state = stateBefore;
		takeSnapshot(world, domain, request);
		domain.state = state;
		if (flags.has('halt')) {
			stopDomain(world, domain);
		}

		if (isLeftPaused) {
			suspendDomain(world, domain);
		} else if (domain.state !== stateBefore) {
			resumeDomain(world, domain);
		}

		return say();
	};

	return request.memory.mode === 'no' ? end() : saveMemory(call, {path: request.memory.path, isLive: flags.has('live'), end});
}
