/**
virsh commands about one domain: its state, its XML, its disks, and starting and stopping it.
*/
import {readDisks, printXml} from '../domain-xml.ts';
import {resumeDomain, startDomain, stopDomain, suspendDomain, type Refusal} from '../lifecycle.ts';
import {say} from '../program.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {textAt, type XmlNode} from '../xml-node.ts';
import {virshError, type VirshCommand} from './command.ts';

const stateWords = {running: 'running', paused: 'paused', shutoff: 'shut off'};

export const domainCommands: Record<string, VirshCommand> = {
	domstate: {options: 'domain! --reason', run: ({domain}) => say(`${stateWords[domain.state]}\n`)},
	dominfo: {options: 'domain!', run: ({domain}) => say(formatInfo(domain))},

	dumpxml: {
		options: 'domain! --inactive --security-info',
		secret: 'virDomainGetXMLDesc',
		run: ({flags, domain}) => say(printXml(definitionOf(flags, domain), flags.has('security-info'))),
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
