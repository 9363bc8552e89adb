/**
virsh's checkpoint commands on the demo host.
*/
import {
	say, textOf, virshError, type Answer,
} from './answer.ts';
import {printXml} from './domain-xml.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCall, VirshCommand} from './virsh.ts';
import type {DemoDomain} from './world.ts';
import {
	child, children, formatXml, parseXml, textAt, without, type XmlNode,
} from './xml-node.ts';

export const checkpointCommands: Record<string, VirshCommand> = {
	'checkpoint-list': {
		options: specifyOptions('domain!', '--name', '--topological', '--tree', '--parent'),
		runOnDomain: (_, domain) => say([...domain.checkpoints.keys()].sort().map(name => `${name}\n`).join('')),
	},

	'checkpoint-dumpxml': {
		options: specifyOptions('domain!', 'checkpointname!', '--security-info', '--no-domain', '--size'),
		runOnDomain: (call, domain) => onCheckpoint(call, domain, (_, xml) => {
			const shown = call.options.flags.has('no-domain') ? without(xml, 'domain') : xml;
			return say(printXml(shown, call.options.flags.has('security-info')));
		}),
	},

	'checkpoint-delete': {
		options: specifyOptions('domain!', 'checkpointname!', '--children', '--children-only', '--metadata'),
		forbiddenReadOnly: {call: 'virDomainCheckpointDelete'},
		runOnDomain: (call, domain) => onCheckpoint(call, domain, (name, xml) => {
			if (!call.options.flags.has('metadata')) {
				return virshError(`Failed to delete checkpoint ${name}`, 'unsupported configuration: the demo host only forgets checkpoints (--metadata)');
			}

			const parent = child(xml, 'parent');
			domain.checkpoints.delete(name);
			for (const [other, otherXml] of domain.checkpoints) {
				if (textAt(otherXml, 'parent', 'name') === name) {
					domain.checkpoints.set(other, {...otherXml, children: otherXml.children.flatMap(part => part.name === 'parent' ? (parent ? [parent] : []) : [part])});
				}
			}

			return say('');
		}),
	},

	'checkpoint-create': {
		options: specifyOptions('domain!', 'xmlfile', '--redefine', '--redefine-validate', '--quiesce'),
		forbiddenReadOnly: {call: 'virDomainCheckpointCreateXML'},
		runOnDomain(call, domain) {
			const path = call.options.values.get('xmlfile') ?? '';
			const text = textOf(call.files, path);
			const xml = text === undefined ? undefined : parseXml(text, 'domaincheckpoint');
			if (text === undefined) {
				return virshError(`Failed to open file '${path}': No such file or directory`);
			}

			if (!xml || !call.options.flags.has('redefine')) {
				return virshError(xml ? 'unsupported configuration: the demo host only redefines checkpoints (--redefine)' : '(domain_checkpoint):1: Extra content at the end of the document');
			}

			return redefine(domain, xml);
		},
	},
};

function onCheckpoint(call: VirshCall, domain: DemoDomain, act: (name: string, xml: XmlNode) => Answer): Answer {
	const name = call.options.values.get('checkpointname')!;
	const xml = domain.checkpoints.get(name);
	return xml ? act(name, xml) : virshError(`Domain checkpoint not found: no domain checkpoint with matching name '${name}'`);
}

function redefine(domain: DemoDomain, xml: XmlNode): Answer {
	const name = textAt(xml, 'name') ?? '';
	const parent = textAt(xml, 'parent', 'name');
	if (parent !== undefined && !domain.checkpoints.has(parent)) {
		return virshError(`invalid argument: parent ${parent} for checkpoint ${name} not found`);
	}

	if (children(child(xml, 'disks'), 'disk').length === 0) {
		return virshError('XML error: no disks in the checkpoint');
	}

	domain.checkpoints.set(name, xml);
	return say('');
}
