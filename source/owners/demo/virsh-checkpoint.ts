/**
virsh's checkpoint commands on the demo host.
*/
import {say, textOf, virshError} from './answer.ts';
import {printXml, readDisks} from './domain-xml.ts';
import {
	dropMoment, listMoments, onMoment, redefineProblem,
} from './moments.ts';
import type {DemoDomain, DemoWorld} from './world.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCommand} from './virsh-call.ts';
import {
	child, children, mapXml, parseXml, textAt, without, type XmlNode,
} from './xml-node.ts';

/** A disk whose image has no such bitmap has no size. */
function withSizes(world: DemoWorld, domain: DemoDomain, xml: XmlNode): XmlNode {
	const files = new Map(readDisks(domain.live).map(({target, path}) => [target, path === undefined ? undefined : world.files.get(path)]));
	return mapXml(xml, node => {
		const isWhole = node.name === 'disk' && files.get(node.attributes.name ?? '')?.bitmaps.includes(node.attributes.bitmap ?? '');
		return isWhole ? {...node, attributes: {...node.attributes, size: '65536'}} : node;
	}) ?? xml;
}

export const checkpointCommands: Record<string, VirshCommand> = {
	'checkpoint-list': {
		options: specifyOptions('domain!', '--name', '--topological', '--tree', '--parent'),
		runOnDomain: (_, domain) => listMoments(domain.checkpoints),
	},

	'checkpoint-dumpxml': {
		options: specifyOptions('domain!', 'checkpointname!', '--security-info', '--no-domain', '--size'),
		runOnDomain: ({world, options: {flags, values}}, domain) => onMoment('checkpoint', domain.checkpoints, values.get('checkpointname')!, xml => {
			if (flags.has('size') && domain.live === undefined) {
				return virshError('Requested operation is not valid: domain is not running');
			}

			const measured = flags.has('size') ? withSizes(world, domain, xml) : xml;
			return say(printXml(flags.has('no-domain') ? without(measured, 'domain') : measured, flags.has('security-info')));
		}),
	},

	'checkpoint-delete': {
		options: specifyOptions('domain!', 'checkpointname!', '--children', '--children-only', '--metadata'),
		forbiddenReadOnly: {call: 'virDomainCheckpointDelete'},
		runOnDomain({options: {flags, values}}, domain) {
			const name = values.get('checkpointname')!;
			return onMoment('checkpoint', domain.checkpoints, name, () => {
				if (!flags.has('metadata')) {
					return virshError(`Failed to delete checkpoint ${name}`, 'unsupported configuration: the demo host only forgets checkpoints (--metadata)');
				}

				dropMoment(domain.checkpoints, name);
				return say('');
			});
		},
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

			const problem = redefineProblem('checkpoint', domain.checkpoints, xml);
			if (problem !== undefined) {
				return virshError(problem);
			}

			if (children(child(xml, 'disks'), 'disk').length === 0) {
				return virshError('XML error: no disks in the checkpoint');
			}

			domain.checkpoints.set(textAt(xml, 'name')!, xml);
			return say('');
		},
	},
};
