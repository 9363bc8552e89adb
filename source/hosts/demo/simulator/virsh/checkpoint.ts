/**
virsh's checkpoint commands on the demo host.
*/
import {printXml, readDisks} from '../domain-xml.ts';
import {notRunning} from '../lifecycle.ts';
import {say} from '../program.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {child, mapXml, textAt, withAttributes, without, type XmlNode} from '../xml-node.ts';
import {onDocument, type VirshCommand} from './command.ts';
import {dropMoment, listCommand, onMoment, redefineProblem} from './moments.ts';

/** A disk whose image has no such bitmap has no size. */
function withSizes(world: DemoWorld, domain: DemoDomain, xml: XmlNode): XmlNode {
	const bitmaps = new Map(readDisks(domain.live).map(({target, path = ''}) => [target, world.files.get(path)?.bitmaps]));
	return mapXml(xml, node => {
		const {name = '', bitmap = ''} = node.attributes;
		return node.name === 'disk' && bitmaps.get(name)?.includes(bitmap) ? withAttributes(node, {size: '65536'}) : node;
	});
}

export const checkpointCommands: Record<string, VirshCommand> = {
	'checkpoint-list': listCommand('checkpoint'),

	'checkpoint-dumpxml': {
		options: 'domain! checkpointname! --security-info --no-domain --size',
		run: call => onMoment('checkpoint', call, xml => {
			const {world, domain, flags, refuseFirst} = call;
			const measured = flags.has('size') ? withSizes(world, domain, xml) : xml;
			return refuseFirst([flags.has('size') && !domain.live, notRunning])
				?? say(printXml(flags.has('no-domain') ? without(measured, 'domain') : measured, flags.has('security-info')));
		}),
	},

	'checkpoint-delete': {
		options: 'domain! checkpointname! --metadata',
		forbidden: 'virDomainCheckpointDelete',
		failure: 'Failed to delete checkpoint {checkpointname}',
		run: call => onMoment('checkpoint', call, (_, name) => {
			const problem = call.flags.has('metadata') ? undefined : 'unsupported configuration: the demo host only forgets checkpoints (--metadata)';
			return call.settle(problem, () => {
				dropMoment(call.domain.checkpoints, name);
			});
		}),
	},

	'checkpoint-create': {
		options: 'domain! xmlfile! --redefine',
		forbidden: 'virDomainCheckpointCreateXML',
		run: call => onDocument(call, 'xmlfile', 'domaincheckpoint', xml => {
			const problem = redefineProblem('checkpoint', call.domain, xml) ?? (child(xml, 'disks', 'disk') ? undefined : 'XML error: no disks in the checkpoint');
			return call.settle(problem, () => {
				call.domain.checkpoints.set(textAt(xml, 'name')!, xml);
			});
		}),
	},
};
