/**
virsh commands about the whole host: uri, version, list, domstats, define, restore …
*/
import {printXml} from '../domain-xml.ts';
import {startDomain} from '../lifecycle.ts';
import {firstOf, say, type Answer, type Copying} from '../program.ts';
import {addDomain, announce, type DemoDomain, type DemoWorld} from '../world.ts';
import {textAt, withAttributes, type XmlNode} from '../xml-node.ts';
import {onDocument, type VirshCall, type VirshCommand} from './command.ts';

const version = 'Using library: libvirt 9.0.0\nUsing API: QEMU 9.0.0\nRunning hypervisor: QEMU 7.2.22\nRunning against daemon: 9.0.0\n';

/** libvirt's numbers of states and of the usual reasons. */
const stateNumbers = {running: '1', paused: '3', shutoff: '5'};

export const hostCommands: Record<string, VirshCommand> = {
	echo: {options: 'text', run: ({values}) => say(values.get('text'))},
	uri: {options: '', run: () => say('qemu:///system\n')},
	hostname: {options: '', run: () => say('kvm-demo\n')},
	version: {options: '--daemon', run: () => say(version)},
	list: {options: '--all --uuid --name', run: ({world}) => say(listDomains(world).map(({uuid, name}) => `${uuid} ${name}\n`).join(''))},

	domstats: {
		options: '--state',
		run: ({world}) => say(listDomains(world)
			.map(domain => `Domain: '${domain.name}'\n  state.state=${stateNumbers[domain.state]}\n  state.reason=1\n`).join('\n')),
	},

	'vol-dumpxml': {
		options: 'vol! pool!',
		failure: 'failed to get vol \'{vol}\'',
		run({world, values, refuseFirst}) {
			const pool = values.get('pool')!;
			const path = `${world.pools.get(pool)}/${values.get('vol')}`;
			return refuseFirst(
				[!world.pools.has(pool), `Storage pool not found: no storage pool with matching name '${pool}'`],
				[!world.files.has(path), `Storage volume not found: no storage vol with matching path '${values.get('vol')}'`],
			) ?? say(`<volume type='file'><name>${values.get('vol')!}</name><target><path>${path}</path></target></volume>\n`);
		},
	},

	define: {
		options: 'file!',
		forbidden: 'virDomainDefineXMLFlags',
		failure: 'Failed to define domain from {file}',
		run: call => onDocument(call, 'file', 'domain', xml => define(call, xml)),
	},

	'save-image-dumpxml': {
		options: 'file! --security-info',
		run: call => onMemory(call, memory => say(printXml(memory, call.flags.has('security-info')))),
	},

	restore: {
		options: 'file! xml --running --paused',
		forbidden: 'virDomainRestoreFlags',
		failure: 'Failed to restore domain from {file}',
		run: call => onMemory(call, memory => call.values.has('xml') ? onDocument(call, 'xml', 'domain', xml => restore(call, memory, xml)) : restore(call, memory, memory)),
	},
};

function define({world, settle}: VirshCall, xml: XmlNode): Answer {
	const [uuid, name] = [textAt(xml, 'uuid') ?? '', textAt(xml, 'name') ?? ''];
	const domain = world.domains.get(uuid);
	const namesake = [...world.domains.values()].find(known => known.name === name && known !== domain);
	const problem = firstOf(
		[domain !== undefined && domain.name !== name, `operation failed: domain '${domain?.name}' is already defined with uuid ${domain?.uuid}`],
		[namesake !== undefined, `operation failed: domain '${name}' already exists with uuid ${namesake?.uuid}`],
	);
	return settle(problem, () => {
		const definition = withAttributes(xml, {id: undefined});
		const defined = domain ?? addDomain(world, {uuid, name, definition});
		defined.definition = definition;
		announce(world, defined, domain ? 'Defined Updated' : 'Defined Added');
	});
}

/** Acts on the domain in a memory file. */
function onMemory<T>({world, values, refuse}: VirshCall, act: (memory: XmlNode) => T): Answer | T {
	const path = values.get('file')!;
	const file = world.files.get(path);
	return file?.memory ? act(file.memory) : refuse(file ? 'operation failed: image magic is incorrect' : `Failed to open file '${path}': No such file or directory`);
}

function restore({world, values, flags, refuseFirst, settle}: VirshCall, memory: XmlNode, xml: XmlNode): Answer | Copying {
	const domain = world.domains.get(textAt(memory, 'uuid')!)!;
	return refuseFirst([domain.live !== undefined, `Requested operation is not valid: domain '${domain.name}' is already active`]) ?? {
		bytes: world.files.get(values.get('file')!)!.allocatedBytes,
		finish: () => settle(startDomain(world, domain, {xml, isPaused: flags.has('paused')})),
	};
}

/** Running ones by number, then the others by name, as virsh sorts them. */
function listDomains(world: DemoWorld): DemoDomain[] {
	return [...world.domains.values()].sort((a, b) =>
		(a.id ?? Number.POSITIVE_INFINITY) - (b.id ?? Number.POSITIVE_INFINITY) || (a.name < b.name ? -1 : 1));
}
