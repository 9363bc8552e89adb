/**
virsh commands about one domain: its state, its XML, its disks, and starting and stopping it.
*/
import {readDisks, printXml} from '../domain-xml.ts';
import {notRunning, resumeDomain, startDomain, stopDomain, suspendDomain, type Refusal} from '../lifecycle.ts';
import {say} from '../program.ts';
import {definitionOf as definitionForMemory, memoryBytesOf} from '../snapshots.ts';
import {addFile, type DemoDomain, type DemoWorld} from '../world.ts';
import {
	child, element, parseXml, textAt, without, type XmlNode,
} from '../xml-node.ts';
import {virshError, type VirshCommand} from './command.ts';
import {saveMemory} from './save-memory.ts';

const stateWords = {running: 'running', paused: 'paused', shutoff: 'shut off'};

export const domainCommands: Record<string, VirshCommand> = {
	domstate: {options: 'domain! --reason', run: ({domain}) => say(`${stateWords[domain.state]}\n`)},
	dominfo: {options: 'domain!', run: ({domain}) => say(formatInfo(domain))},

	dumpxml: {
		options: 'domain! --inactive --security-info',
		secret: 'virDomainGetXMLDesc',
		run: ({flags, domain}) => say(printXml(definitionOf(flags, domain), flags.has('security-info'))),
	},

	/** One element for each namespace, as libvirt keeps them; the demo has but those of the domain that runs. */
	metadata: {
		options: 'domain! uri! key set --remove --live',
		forbidden: 'virDomainSetMetadata',
		run({domain, values, flags, settle}) {
			const {live} = domain;
			const [, name = '', attributes = ''] = /^<(\w+)\s*([^>]*?)\/>$/u.exec(values.get('set') ?? '') ?? [];
			return settle(live === undefined ? notRunning : undefined, () => {
				const key = values.get('key') ?? 'vsnap';
				const kept = child(live, 'metadata')?.children.filter(({attributes: given}) => given[`xmlns:${key}`] !== values.get('uri')) ?? [];
				const note = parseXml(`<note ${attributes}/>`, 'note')!;
				const notes = flags.has('remove') ? kept : [...kept, element(`${key}:${name}`, {[`xmlns:${key}`]: values.get('uri'), ...note.attributes})];
				const others = without(live!, 'metadata');
				domain.live = notes.length === 0 ? others : {...others, children: [...others.children, element('metadata', {}, notes)]};
			});
		},
	},

	/** virsh's table without its header: a blank in front, three between. */
	domblklist: {
		options: 'domain! --inactive',
		run: ({flags, domain}) => say(readDisks(definitionOf(flags, domain)).map(({target, path}) => ` ${target}   ${path ?? '-'}\n`).join('')),
	},

	start: {
		options: 'domain! --paused',
		forbidden: 'virDomainCreateWithFlags',
		failure: 'Failed to start domain \'{domain}\'',
		run({world, flags, settle, domain}) {
			if (domain.live) {
				return virshError('Domain is already active');
			}

			domain.hasManagedSave = false;
			return settle(startDomain(world, domain, {isPaused: flags.has('paused')}));
		},
	},

	/** Its memory goes to a file, and the domain is off. */
	save: {
		options: 'domain! file!',
		forbidden: 'virDomainSave',
		failure: 'Failed to save domain \'{domain}\' to {file}',
		run(call) {
			const {world, domain, values, refuse} = call;
			if (domain.live === undefined) {
				return refuse(notRunning);
			}

			const path = values.get('file')!;
			const memory = definitionForMemory(domain);
			return saveMemory(call, {path, isLive: false, end() {
				addFile(world, {...world.files.get(path), path, kind: 'memory', allocatedBytes: memoryBytesOf(domain), modifiedAtMs: world.now().getTime(), memory});
				stopDomain(world, domain);
				return say();
			}});
		},
	},

	destroy: lifecycle('destroy', 'virDomainDestroyFlags', stopDomain),
	suspend: lifecycle('suspend', 'virDomainSuspend', suspendDomain),
	resume: lifecycle('resume', 'virDomainResume', resumeDomain),
};

function definitionOf(flags: ReadonlySet<string>, domain: DemoDomain): XmlNode {
	return flags.has('inactive') ? domain.definition : domain.live ?? domain.definition;
}

function lifecycle(verb: string, forbidden: string, act: (world: DemoWorld, domain: DemoDomain) => Refusal): VirshCommand {
	return {
		options: 'domain! --graceful', forbidden, failure: `Failed to ${verb} domain '{domain}'`, run: ({world, settle, domain}) => settle(act(world, domain)),
	};
}

function formatInfo({id, name, uuid, state, definition, hasManagedSave}: DemoDomain): string {
	const rows = {
		Id: id ?? '-', Name: name, UUID: uuid, State: stateWords[state], 'Max memory': `${textAt(definition, 'memory')} KiB`, Persistent: 'yes', 'Managed save': hasManagedSave ? 'yes' : 'no',
	};
	return Object.entries(rows).map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`).join('');
}
