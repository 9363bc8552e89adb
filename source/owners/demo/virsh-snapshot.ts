/**
virsh's snapshot commands on the demo host, as libvirt 9.0 does them: it knows every record, and refuses to revert to an external one.
*/
import {
	say, textOf, virshError, type Answer,
} from './answer.ts';
import {printXml} from './domain-xml.ts';
import {startDomain, stopDomain} from './lifecycle.ts';
import {takeSnapshot} from './snapshots.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCall, VirshCommand} from './virsh.ts';
import {announce, type DemoDomain} from './world.ts';
import {
	child, children, element, formatXml, parseXml, textAt, without, type XmlNode,
} from './xml-node.ts';

export const snapshotCommands: Record<string, VirshCommand> = {
	'snapshot-list': {
		options: specifyOptions('domain!', '--name', '--topological', '--tree', '--parent', '--metadata'),
		runOnDomain: (_, domain) => say([...domain.snapshots.keys()].sort().map(name => `${name}\n`).join('')),
	},

	'snapshot-dumpxml': {
		options: specifyOptions('domain!', 'snapshotname!', '--security-info'),
		runOnDomain(call, domain) {
			const isSecret = call.options.flags.has('security-info');
			if (isSecret && call.isReadOnly) {
				return virshError('operation forbidden: virDomainSnapshotGetXMLDesc with secure flag');
			}

			return onSnapshot(call, domain, (_, xml) => say(printXml(xml, isSecret)));
		},
	},

	'snapshot-current': {
		options: specifyOptions('domain!', '--name', '--security-info', 'snapshotname'),
		runOnDomain(call, domain) {
			if (call.options.values.has('snapshotname')) {
				return onSnapshot(call, domain, name => refuseChange(call, domain) ?? makeCurrent(domain, name));
			}

			const current = domain.currentSnapshot;
			if (current === undefined) {
				return virshError(`domain '${domain.name}' has no current snapshot`);
			}

			return call.options.flags.has('name') ? say(current) : say(printXml(domain.snapshots.get(current)!, false));
		},
	},

	'snapshot-create': {
		options: specifyOptions('domain!', 'xmlfile', '--redefine', '--current', '--no-metadata', '--halt', '--disk-only', '--reuse-external', '--quiesce', '--atomic', '--live', '--validate'),
		forbiddenReadOnly: {call: 'virDomainSnapshotCreateXML'},
		runOnDomain(call, domain) {
			const path = call.options.values.get('xmlfile') ?? '';
			const text = textOf(call.files, path);
			const xml = text === undefined ? undefined : parseXml(text, 'domainsnapshot');
			if (text === undefined) {
				return virshError(`Failed to open file '${path}': No such file or directory`);
			}

			if (!xml) {
				return virshError('(domain_snapshot):1: Extra content at the end of the document');
			}

			return call.options.flags.has('redefine')
				? redefine(call, domain, xml)
				: create(call, domain, {name: textAt(xml, 'name'), description: textAt(xml, 'description')});
		},
	},

	'snapshot-create-as': {
		options: specifyOptions('domain!', 'name', 'description', '--no-metadata', '--halt', '--disk-only', '--reuse-external', '--quiesce', '--atomic', '--live', 'memspec', 'diskspec'),
		forbiddenReadOnly: {call: 'virDomainSnapshotCreateXML'},
		runOnDomain: (call, domain) => create(call, domain, {name: call.options.values.get('name'), description: call.options.values.get('description')}),
	},

	'snapshot-delete': {
		options: specifyOptions('domain!', 'snapshotname', '--current', '--children', '--children-only', '--metadata'),
		forbiddenReadOnly: {call: 'virDomainSnapshotDelete'},
		runOnDomain: (call, domain) => onSnapshot(call, domain, (name, xml) => {
			const externals = children(child(xml, 'disks'), 'disk').filter(disk => disk.attributes.snapshot === 'external').length;
			if (!call.options.flags.has('metadata') && externals > 0) {
				return virshError(`Failed to delete snapshot ${name}`, `unsupported configuration: deletion of ${externals} external disk snapshots not supported yet`);
			}

			forget(call, domain, name, call.options.flags.has('metadata'));
			return say('');
		}),
	},

	'snapshot-revert': {
		options: specifyOptions('domain!', 'snapshotname', '--current', '--running', '--paused', '--force', '--reset-nvram'),
		forbiddenReadOnly: {call: 'virDomainRevertToSnapshot'},
		runOnDomain: (call, domain) => onSnapshot(call, domain, (name, xml) => revert(call, domain, name, xml)),
	},
};

function onSnapshot(call: VirshCall, domain: DemoDomain, act: (name: string, xml: XmlNode) => Answer): Answer {
	const name = call.options.values.get('snapshotname') ?? domain.currentSnapshot ?? '';
	const xml = domain.snapshots.get(name);
	return xml ? act(name, xml) : virshError(`Domain snapshot not found: no domain snapshot with matching name '${name}'`);
}

/** What stands against any change of the records. */
function refuseChange(call: VirshCall, domain: DemoDomain): Answer | undefined {
	if (call.isReadOnly) {
		return virshError('operation forbidden: read only access prevents virDomainSnapshotCreateXML');
	}

	return domain.checkpoints.size > 0
		? virshError('Operation not supported: cannot perform block operations while checkpoint exists')
		: undefined;
}

function makeCurrent(domain: DemoDomain, name: string): Answer {
	domain.currentSnapshot = name;
	return say('');
}

function redefine(call: VirshCall, domain: DemoDomain, xml: XmlNode): Answer {
	const name = textAt(xml, 'name') ?? '';
	const parent = textAt(xml, 'parent', 'name');
	const uuid = textAt(xml, 'domain', 'uuid');
	const refusal = refuseChange(call, domain);
	if (refusal) {
		return refusal;
	}

	if (uuid !== undefined && uuid !== domain.uuid) {
		return virshError(`invalid argument: definition for snapshot ${name} must use uuid ${domain.uuid}`);
	}

	for (let above = parent; above !== undefined; above = textAt(domain.snapshots.get(above)!, 'parent', 'name')) {
		if (above === name) {
			return virshError(`invalid argument: parent ${parent} would create cycle to ${name}`);
		}

		if (!domain.snapshots.has(above)) {
			return virshError(`invalid argument: parent ${above} for snapshot ${name} not found`);
		}
	}

	// Accepted and dropped, like libvirt does.
	domain.snapshots.set(name, without(xml, 'active', 'revertDisks'));
	if (call.options.flags.has('current')) {
		domain.currentSnapshot = name;
	}

	return say('');
}

function create(call: VirshCall, domain: DemoDomain, wish: {name: string | undefined; description: string | undefined}): Answer {
	const atMs = call.world.now().getTime();
	const name = wish.name ?? String(Math.floor(atMs / 1000));
	if (domain.snapshots.has(name)) {
		return virshError(`operation failed: domain moment ${name} already exists`);
	}

	const isExternal = call.options.flags.has('disk-only');
	if (!isExternal && domain.live) {
		return virshError('operation failed: Failed to take snapshot: the demo host saves no memory');
	}

	takeSnapshot(call.world, domain, {name, description: wish.description, atMs, kind: isExternal ? 'disks' : 'internal'});
	return say('');
}

function forget(call: VirshCall, domain: DemoDomain, name: string, isMetadataOnly: boolean): void {
	const gone = domain.snapshots.get(name)!;
	const parent = child(gone, 'parent');
	domain.snapshots.delete(name);
	for (const [other, xml] of domain.snapshots) {
		if (textAt(xml, 'parent', 'name') === name) {
			domain.snapshots.set(other, {...xml, children: xml.children.flatMap(part => part.name === 'parent' ? (parent ? [parent] : []) : [part])});
		}
	}

	if (domain.currentSnapshot === name) {
		domain.currentSnapshot = textAt(element('gone', {}, [parent]), 'parent', 'name');
	}

	if (!isMetadataOnly) {
		for (const file of call.world.files.values()) {
			file.tags = file.tags.filter(({tag}) => tag !== name);
		}
	}
}

function revert(call: VirshCall, domain: DemoDomain, name: string, xml: XmlNode): Answer {
	const refuse = (reason: string) => virshError(`Failed to revert snapshot ${name}`, reason);
	if (child(xml, 'memory')?.attributes.snapshot === 'external' || children(child(xml, 'disks'), 'disk').some(disk => disk.attributes.snapshot === 'external')) {
		return refuse('unsupported configuration: revert to external snapshot not supported yet');
	}

	stopDomain(call.world, domain);
	domain.definition = {...child(xml, 'inactiveDomain') ?? child(xml, 'domain')!, name: 'domain'};
	domain.currentSnapshot = name;
	announce(call.world, domain, 'Defined Snapshot');
	const {flags} = call.options;
	if (!flags.has('running') && !flags.has('paused') && textAt(xml, 'state') === 'shutoff') {
		return say('');
	}

	const refusal = startDomain(call.world, domain, {isPaused: flags.has('paused') || (!flags.has('running') && textAt(xml, 'state') === 'paused'), how: 'Booted'});
	return refusal === undefined ? say('') : refuse(refusal);
}
