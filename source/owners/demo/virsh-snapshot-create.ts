/**
`virsh snapshot-create` and `snapshot-create-as` on the demo host: new snapshots, and records that are redefined.
*/
import {
	say, textOf, virshError, type Answer,
} from './answer.ts';
import {createJob, type Copying} from './copying.ts';
import {readAgentState} from './domain-xml.ts';
import {resumeDomain, stopDomain, suspendDomain} from './lifecycle.ts';
import {redefineProblem} from './moments.ts';
import {decideSnapshot} from './snapshot-request.ts';
import {memoryBytesOf, takeSnapshot, type NewSnapshot} from './snapshots.ts';
import {specifyOptions} from './virsh-words.ts';
import {type VirshCommand, type VirshCall} from './virsh-call.ts';
import {addFile, type DemoDomain} from './world.ts';
import {
	child, element, parseXml, textAt, without, type XmlNode,
} from './xml-node.ts';

const createFlags = ['--no-metadata', '--halt', '--disk-only', '--reuse-external', '--quiesce', '--atomic', '--live'];

export const snapshotCreateCommands: Record<string, VirshCommand> = {
	'snapshot-create': {
		options: specifyOptions('domain!', 'xmlfile', '--redefine', '--current', ...createFlags, '--validate'),
		forbiddenReadOnly: {call: 'virDomainSnapshotCreateXML'},
		runOnDomain(call, domain) {
			const path = call.options.values.get('xmlfile');
			const text = path === undefined ? '<domainsnapshot></domainsnapshot>' : textOf(call.files, path);
			if (text === undefined) {
				return virshError(`Failed to open file '${path}': No such file or directory`);
			}

			const xml = parseXml(text, 'domainsnapshot');
			if (!xml) {
				return virshError('(domain_snapshot):1: Extra content at the end of the document');
			}

			return call.options.flags.has('redefine') ? redefine(call, domain, xml) : create(call, domain, xml);
		},
	},

	'snapshot-create-as': {
		options: specifyOptions('domain!', 'name', 'description', ...createFlags),
		forbiddenReadOnly: {call: 'virDomainSnapshotCreateXML'},
		runOnDomain(call, domain) {
			const {values} = call.options;
			return create(call, domain, element('domainsnapshot', {}, ['name', 'description'].map(key => values.has(key) ? element(key, {}, values.get(key)) : undefined)));
		},
	},
};

const checkpointRefusal = 'Operation not supported: cannot perform block operations while checkpoint exists';

/** What stands against any change of the records. */
export function refuseChange(call: VirshCall, domain: DemoDomain): Answer | undefined {
	if (call.isReadOnly) {
		return virshError('operation forbidden: read only access prevents virDomainSnapshotCreateXML');
	}

	return domain.checkpoints.size > 0 ? virshError(checkpointRefusal) : undefined;
}

/** Whether a record tells of a domain that was off, of disks alone, or of one that ran: that cannot be redefined. */
function stateClass(xml: XmlNode | undefined): string {
	const state = textAt(xml ?? element('none'), 'state') ?? '';
	return ['shutoff', 'disk-snapshot'].includes(state) ? state : 'active';
}

function redefine(call: VirshCall, domain: DemoDomain, xml: XmlNode): Answer {
	const name = textAt(xml, 'name') ?? '';
	const uuid = textAt(xml, 'domain', 'uuid');
	const former = domain.snapshots.get(name);
	const problem = redefineProblem('snapshot', domain.snapshots, xml);
	const refusal = refuseChange(call, domain);
	if (refusal) {
		return refusal;
	}

	if (uuid !== undefined && uuid !== domain.uuid) {
		return virshError(`invalid argument: definition for snapshot ${name} must use uuid ${domain.uuid}`);
	}

	if (problem !== undefined) {
		return virshError(problem);
	}

	if (textAt(xml, 'state') === undefined) {
		return virshError('XML error: missing state from existing snapshot');
	}

	if (former && stateClass(former) !== stateClass(xml)) {
		return virshError(`invalid argument: cannot change between online and offline snapshot state in snapshot ${name}`);
	}

	// `<revertDisks>` is accepted and dropped; a record that comes without its domain keeps the one it had.
	const kept = child(xml, 'domain') ? [] : [child(former, 'domain'), child(former, 'inactiveDomain')];
	const bare = without(xml, 'active', 'revertDisks');
	domain.snapshots.set(name, {...bare, children: [...bare.children, ...kept.filter(part => part !== undefined)]});
	if (call.options.flags.has('current')) {
		domain.currentSnapshot = name;
	}

	return say('');
}

function agentProblem(domain: DemoDomain): string | undefined {
	const state = readAgentState(domain.live);
	if (state === undefined) {
		return 'argument unsupported: QEMU guest agent is not configured';
	}

	return state === 'connected' ? undefined : 'Guest agent is not responding: QEMU guest agent is not connected';
}

function create(call: VirshCall, domain: DemoDomain, xml: XmlNode): Answer | Copying {
	const {world, options: {flags}} = call;
	if (domain.job) {
		return virshError('Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainSnapshotCreateXML)');
	}

	const wish = decideSnapshot({world, domain, xml, flags});
	if ('refusal' in wish) {
		return virshError(wish.refusal);
	}

	if (!domain.live && domain.checkpoints.size > 0) {
		return virshError(checkpointRefusal);
	}

	const silent = flags.has('quiesce') && domain.live ? agentProblem(domain) : undefined;
	if (silent !== undefined) {
		return virshError(silent);
	}

	const end = () => {
		takeSnapshot(world, domain, wish);
		if (flags.has('halt')) {
			stopDomain(world, domain);
		}

		return say('');
	};

	return wish.memory.mode === 'no' ? withManualDisks(call, domain, wish, end) : saveMemory(call, domain, {wish, end});
}

/** Where a person has to do something about a disk, the guest is left paused. */
function withManualDisks({world}: VirshCall, domain: DemoDomain, wish: NewSnapshot, end: () => Answer): Answer {
	if (domain.live && [...wish.disks.values()].some(({mode}) => mode === 'manual')) {
		suspendDomain(world, domain);
	}

	return end();
}

function saveMemory({world, options: {flags}}: VirshCall, domain: DemoDomain, given: {wish: NewSnapshot; end: () => Answer}): Copying {
	const {memory, disks} = given.wish;
	const stateBefore = domain.state;
	const bytes = memoryBytesOf(domain);
	const job = createJob('Snapshot', bytes);
	const wasThere = memory.mode === 'external' && world.files.has(memory.path);
	const file = memory.mode === 'external' ? addFile(world, {...world.files.get(memory.path), path: memory.path, kind: 'empty', format: 'raw', allocatedBytes: 0, mode: 0o600}) : undefined;
	if (!flags.has('live')) {
		suspendDomain(world, domain);
	}

	const goOn = (isLeftPaused: boolean) => {
		domain.job = undefined;
		if (stateBefore === 'running' && !isLeftPaused && domain.state === 'paused') {
			resumeDomain(world, domain);
		}
	};

	domain.job = job;
	return {
		bytes,
		advance(doneBytes) {
			job.doneBytes = doneBytes;
			if (file) {
				file.allocatedBytes = doneBytes;
			}
		},
		finish() {
			// The record tells of the state in which the memory was.
			const answer = asIn(domain, stateBefore, given.end);
			goOn([...disks.values()].some(({mode}) => mode === 'manual'));
			return answer;
		},
		abortable: {
			signal: job.abort.signal,
			stop() {
				if (file && wasThere) {
					file.allocatedBytes = 0;
				} else if (file) {
					world.files.delete(file.path);
				}

				goOn(false);
				return virshError('operation aborted: job \'snapshot\' canceled by client');
			},
		},
	};
}

function asIn(domain: DemoDomain, state: DemoDomain['state'], act: () => Answer): Answer {
	const saved = domain.state;
	domain.state = state;
	const answer = act();
	if (domain.state === state) {
		domain.state = saved;
	}

	return answer;
}
