/**
virsh's snapshot commands on the demo host, as libvirt 9.0 does them: reading records, the current one, and reverting, which it refuses for external ones.
Creating and deleting stand in files of their own.
*/
import {say, virshError, type Answer} from './answer.ts';
import {printXml, readDisks} from './domain-xml.ts';
import {startDomain, stopDomain} from './lifecycle.ts';
import {listMoments, onMoment} from './moments.ts';
import {refuseChange, snapshotCreateCommands} from './virsh-snapshot-create.ts';
import {snapshotDeleteCommands} from './virsh-snapshot-delete.ts';
import {specifyOptions} from './virsh-words.ts';
import {type VirshCommand, type VirshCall} from './virsh-call.ts';
import {announce, type DemoDomain} from './world.ts';
import {
	child, children, textAt, type XmlNode,
} from './xml-node.ts';

export const snapshotCommands: Record<string, VirshCommand> = {
	...snapshotCreateCommands,
	...snapshotDeleteCommands,

	'snapshot-list': {
		options: specifyOptions('domain!', '--name', '--topological', '--tree', '--parent', '--metadata'),
		runOnDomain: (_, domain) => listMoments(domain.snapshots),
	},

	'snapshot-dumpxml': {
		options: specifyOptions('domain!', 'snapshotname!', '--security-info'),
		runOnDomain(call, domain) {
			const isSecret = call.options.flags.has('security-info');
			return isSecret && call.isReadOnly
				? virshError('operation forbidden: virDomainSnapshotGetXMLDesc with secure flag')
				: onMoment('snapshot', domain.snapshots, call.options.values.get('snapshotname')!, xml => say(printXml(xml, isSecret)));
		},
	},

	'snapshot-current': {
		options: specifyOptions('domain!', '--name', '--security-info', 'snapshotname'),
		runOnDomain(call, domain) {
			const wanted = call.options.values.get('snapshotname');
			if (wanted !== undefined) {
				return onMoment('snapshot', domain.snapshots, wanted, () => refuseChange(call, domain) ?? makeCurrent(domain, wanted));
			}

			const current = domain.currentSnapshot;
			if (current === undefined) {
				return virshError(`domain '${domain.name}' has no current snapshot`);
			}

			return call.options.flags.has('name') ? say(current) : say(printXml(domain.snapshots.get(current)!, false));
		},
	},

	'snapshot-revert': {
		options: specifyOptions('domain!', 'snapshotname', '--current', '--running', '--paused', '--force', '--reset-nvram'),
		forbiddenReadOnly: {call: 'virDomainRevertToSnapshot'},
		runOnDomain(call, domain) {
			const name = call.options.values.get('snapshotname') ?? domain.currentSnapshot ?? '';
			return onMoment('snapshot', domain.snapshots, name, xml => revert(call, domain, {name, xml}));
		},
	},
};

function makeCurrent(domain: DemoDomain, name: string): Answer {
	domain.currentSnapshot = name;
	return say('');
}

function revert({world, options: {flags}}: VirshCall, domain: DemoDomain, {name, xml}: {name: string; xml: XmlNode}): Answer {
	const refuse = (reason: string) => virshError(`Failed to revert snapshot ${name}`, reason);
	const disks = children(child(xml, 'disks'), 'disk');
	if (child(xml, 'memory')?.attributes.snapshot === 'external' || disks.some(disk => disk.attributes.snapshot === 'external')) {
		return refuse('unsupported configuration: revert to external snapshot not supported yet');
	}

	stopDomain(world, domain);
	const frozen = readDisks(child(xml, 'domain'));
	for (const disk of disks.filter(({attributes}) => attributes.snapshot === 'internal')) {
		const image = world.files.get(frozen.find(({target}) => target === disk.attributes.name)?.path ?? '');
		const tagged = image?.tags.find(({tag}) => tag === name);
		if (!tagged) {
			return refuse('An error occurred, but the cause is unknown');
		}

		image!.writes = [...tagged.writes];
	}

	domain.definition = {...child(xml, 'inactiveDomain') ?? child(xml, 'domain')!, name: 'domain'};
	domain.currentSnapshot = name;
	announce(world, domain, 'Defined Snapshot');
	const state = textAt(xml, 'state');
	if (!flags.has('running') && !flags.has('paused') && state === 'shutoff') {
		return say('');
	}

	const refusal = startDomain(world, domain, {isPaused: flags.has('paused') || (!flags.has('running') && state === 'paused'), how: 'Booted'});
	return refusal === undefined ? say('') : refuse(refusal);
}
