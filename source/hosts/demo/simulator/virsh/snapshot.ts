/**
virsh's snapshot commands on the demo host, as libvirt 9.0 does them: reading records, the current one, and reverting, which it refuses for external ones.
What creating and deleting do is in files of their own.
*/
import {printXml} from '../domain-xml.ts';
import {startDomain, stopDomain} from '../lifecycle.ts';
import {say, type Answer} from '../program.ts';
import {announce, type DemoDomain} from '../world.ts';
import {child, children, element, textAt, textElement, type XmlNode} from '../xml-node.ts';
import {onDocument, virshError, type VirshCall, type VirshCommand} from './command.ts';
import {frozenBy, listCommand, onMoment} from './moments.ts';
import {checkpointProblem, create, redefine} from './snapshot-create.ts';
import {remove} from './snapshot-delete.ts';

const createFlags = '--no-metadata --halt --disk-only --reuse-external --quiesce --atomic --live';

export const snapshotCommands: Record<string, VirshCommand> = {
	'snapshot-list': listCommand('snapshot'),

	'snapshot-dumpxml': {
		options: 'domain! snapshotname! --security-info',
		secret: 'virDomainSnapshotGetXMLDesc',
		run: call => onMoment('snapshot', call, xml => say(printXml(xml, call.flags.has('security-info')))),
	},

	/** A snapshot that is named becomes the current one; else virsh tells which one is. */
	'snapshot-current': {
		options: 'domain! --name snapshotname',
		run(call) {
			const {domain, values, settle} = call;
			if (!values.has('snapshotname')) {
				return domain.currentSnapshot === undefined ? virshError(`domain '${domain.name}' has no current snapshot`) : say(domain.currentSnapshot);
			}

			return onMoment('snapshot', call, (_, name) => settle(checkpointProblem(domain), () => {
				domain.currentSnapshot = name;
			}));
		},
	},

	'snapshot-create': {
		options: `domain! xmlfile! --redefine --current ${createFlags}`,
		forbidden: 'virDomainSnapshotCreateXML',
		run: call => onDocument(call, 'xmlfile', 'domainsnapshot', xml => (call.flags.has('redefine') ? redefine : create)(call, xml)),
	},

	'snapshot-create-as': {
		options: `domain! name ${createFlags}`,
		forbidden: 'virDomainSnapshotCreateXML',
		run: call => create(call, element('domainsnapshot', {}, [textElement('name', call.values.get('name'))])),
	},

	'snapshot-delete': {
		options: 'domain! snapshotname! --children --children-only --metadata',
		forbidden: 'virDomainSnapshotDelete',
		failure: 'Failed to delete snapshot {snapshotname}',
		run: call => onMoment('snapshot', call, (_, name) => remove(call, name)),
	},

	'snapshot-revert': {
		options: 'domain! snapshotname! --running --paused',
		forbidden: 'virDomainRevertToSnapshot',
		failure: 'Failed to revert snapshot {snapshotname}',
		run: call => onMoment('snapshot', call, (xml, name) => revert(call, xml, name)),
	},
};

function revert({world, flags, refuse, settle, domain}: VirshCall, xml: XmlNode, name: string): Answer {
	const disks = children(child(xml, 'disks'), 'disk');
	if ([child(xml, 'memory'), ...disks].some(part => part?.attributes.snapshot === 'external')) {
		return refuse('unsupported configuration: revert to external snapshot not supported yet');
	}

	stopDomain(world, domain);
	for (const {path} of frozenBy(xml, 'internal')) {
		const image = world.files.get(path ?? '');
		const tagged = image?.tags.find(({tag}) => tag === name);
		if (!tagged) {
			return refuse('An error occurred, but the cause is unknown');
		}

		image!.writes = [...tagged.writes];
	}

	domain.definition = {...child(xml, 'inactiveDomain') ?? child(xml, 'domain')!, name: 'domain'};
	domain.currentSnapshot = name;
	announce(world, domain, 'Defined Snapshot');
	const recorded = textAt(xml, 'state') as DemoDomain['state'];
	const state = flags.has('running') ? 'running' : (flags.has('paused') ? 'paused' : recorded);
	return settle(state === 'shutoff' ? undefined : startDomain(world, domain, {isPaused: state === 'paused'}));
}
