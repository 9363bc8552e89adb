/**
virsh commands about the whole host: uri, version, list, domstats, define, restore …
*/
import {say, textOf, virshError} from './answer.ts';
import {printXml, readName} from './domain-xml.ts';
import {startDomain} from './lifecycle.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCommand} from './virsh-call.ts';
import {announce, type DemoDomain, type DemoWorld} from './world.ts';
import {parseXml, textAt} from './xml-node.ts';

const version = [
	'Compiled against library: libvirt 9.0.0',
	'Using library: libvirt 9.0.0',
	'Using API: QEMU 9.0.0',
	'Running hypervisor: QEMU 7.2.22',
	'Running against daemon: 9.0.0',
];

/** libvirt's numbers of states and of the usual reasons. */
const stateNumbers = {running: '1', paused: '3', shutoff: '5'};

export const hostCommands: Record<string, VirshCommand> = {
	echo: {options: [], run: ({options}) => say(options.values.get('text') ?? '')},
	uri: {options: [], run: () => say('qemu:///system\n')},
	hostname: {options: [], run: () => say('kvm-demo\n')},
	version: {options: specifyOptions('--daemon'), run: ({options}) => say(version.slice(0, options.flags.has('daemon') ? 5 : 4).map(line => `${line}\n`).join(''))},

	list: {
		options: specifyOptions('--all', '--inactive', '--uuid', '--name', '--id', '--state-running'),
		run: ({world, options}) => say(listDomains(world)
			.filter(domain => options.flags.has('all') || domain.id !== undefined)
			.map(domain => [options.flags.has('uuid') ? domain.uuid : '', options.flags.has('name') ? domain.name : ''].filter(Boolean).join(' '))
			.map(line => `${line}\n`).join('')),
	},

	domstats: {
		options: specifyOptions('--state', '--block', '--backing', '--nowait', '--raw', '--enforce', 'domain'),
		run: ({world, options}) => say(listDomains(world)
			.filter(domain => [undefined, domain.name, domain.uuid].includes(options.values.get('domain')))
			.map(domain => `Domain: '${domain.name}'\n  state.state=${stateNumbers[domain.state]}\n  state.reason=1\n`).join('\n')),
	},

	'vol-path': {
		options: specifyOptions('vol!', 'pool'),
		run({world, options}) {
			const [pool, volume] = [options.values.get('pool') ?? '', options.values.get('vol')!];
			const folder = world.pools.get(pool);
			if (folder === undefined) {
				return virshError(`failed to get pool '${pool}'`, `Storage pool not found: no storage pool with matching name '${pool}'`);
			}

			return world.files.has(`${folder}/${volume}`)
				? say(`${folder}/${volume}\n`)
				: virshError(`failed to get vol '${volume}'`, `Storage volume not found: no storage vol with matching path '${volume}'`);
		},
	},

	define: {
		options: specifyOptions('file!', '--validate'),
		forbiddenReadOnly: {call: 'virDomainDefineXMLFlags'},
		run({world, options, files, isReadOnly}) {
			const path = options.values.get('file')!;
			const text = textOf(files, path);
			if (text === undefined) {
				return virshError(`Failed to open file '${path}': No such file or directory`);
			}

			const xml = parseXml(text, 'domain');
			const refuse = (reason: string) => virshError(`Failed to define domain from ${path}`, reason);
			if (isReadOnly) {
				return refuse('operation forbidden: read only access prevents virDomainDefineXMLFlags');
			}

			if (!xml) {
				return refuse('(domain_definition):1: Extra content at the end of the document');
			}

			const domain = world.domains.get(textAt(xml, 'uuid') ?? '');
			if (!domain) {
				return refuse('internal error: the demo host makes no new domains');
			}

			if (domain.name !== readName(xml)) {
				return refuse(`operation failed: domain '${domain.name}' is already defined with uuid ${domain.uuid}`);
			}

			const {id: _, ...attributes} = xml.attributes;
			domain.definition = {...xml, attributes};
			announce(world, domain, 'Defined Updated');
			return say('');
		},
	},

	'save-image-dumpxml': {
		options: specifyOptions('file!', '--security-info', 'xpath', '--wrap'),
		run({world, options}) {
			const path = options.values.get('file')!;
			const memory = world.files.get(path)?.memory;
			return memory
				? say(printXml(memory, options.flags.has('security-info')))
				: virshError(world.files.has(path)
					? 'operation failed: image magic is incorrect'
					: `Failed to open file '${path}': No such file or directory`);
		},
	},

	restore: {
		options: specifyOptions('file!', '--bypass-cache', 'xml', '--running', '--paused', '--reset-nvram'),
		forbiddenReadOnly: {call: 'virDomainRestoreFlags'},
		run({world, options, files, isReadOnly}) {
			const path = options.values.get('file')!;
			const refuse = (reason: string) => virshError(`Failed to restore domain from ${path}`, reason);
			const memory = world.files.get(path)?.memory;
			if (isReadOnly) {
				return refuse('operation forbidden: read only access prevents virDomainRestoreFlags');
			}

			if (!memory) {
				return refuse(world.files.has(path) ? 'operation failed: image magic is incorrect' : `Failed to open file '${path}': No such file or directory`);
			}

			const xmlPath = options.values.get('xml');
			const text = xmlPath === undefined ? undefined : textOf(files, xmlPath);
			if (xmlPath !== undefined && text === undefined) {
				return refuse(`Failed to open file '${xmlPath}': No such file or directory`);
			}

			const xml = text === undefined ? memory : parseXml(text, 'domain');
			const domain = world.domains.get(textAt(memory, 'uuid') ?? '');
			if (!xml || !domain) {
				return refuse('XML error: the saved domain and the given one do not fit');
			}

			if (domain.live) {
				return refuse(`Requested operation is not valid: domain '${domain.name}' is already active`);
			}

			return {
				bytes: world.files.get(path)?.allocatedBytes ?? 0,
				finish() {
					const refusal = startDomain(world, domain, {xml, isPaused: options.flags.has('paused'), how: 'Restored'});
					return refusal === undefined ? say('') : refuse(refusal);
				},
			};
		},
	},
};

/** Running ones by number, then the others by name, as virsh sorts them. */
function listDomains(world: DemoWorld): DemoDomain[] {
	return [...world.domains.values()].sort((a, b) =>
		(a.id ?? Number.POSITIVE_INFINITY) - (b.id ?? Number.POSITIVE_INFINITY) || (a.name < b.name ? -1 : 1));
}
