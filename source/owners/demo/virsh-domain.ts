/**
virsh commands about one domain: its state, its XML, its disks, and starting and stopping it.
*/
import {say, virshError, type Answer} from './answer.ts';
import {readDisks, printXml} from './domain-xml.ts';
import {
	resumeDomain, startDomain, stopDomain, suspendDomain, type Refusal,
} from './lifecycle.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCommand} from './virsh-call.ts';
import type {DemoDomain} from './world.ts';
import {textAt} from './xml-node.ts';

const stateWords = {running: 'running', paused: 'paused', shutoff: 'shut off'};
const onDomain = specifyOptions('domain!');

export const domainCommands: Record<string, VirshCommand> = {
	domstate: {options: specifyOptions('domain!', '--reason'), runOnDomain: (_, domain) => say(`${stateWords[domain.state]}\n`)},
	dominfo: {options: onDomain, runOnDomain: (_, domain) => say(formatInfo(domain))},
	domuuid: {options: onDomain, runOnDomain: (_, domain) => say(`${domain.uuid}\n`)},
	domname: {options: onDomain, runOnDomain: (_, domain) => say(`${domain.name}\n`)},

	dumpxml: {
		options: specifyOptions('domain!', '--inactive', '--security-info', '--update-cpu', '--migratable'),
		runOnDomain({options, isReadOnly}, domain) {
			const isSecret = options.flags.has('security-info');
			if (isSecret && isReadOnly) {
				return virshError('operation forbidden: virDomainGetXMLDesc with secure flag');
			}

			const xml = options.flags.has('inactive') ? domain.definition : domain.live ?? domain.definition;
			return say(printXml(xml, isSecret));
		},
	},

	domblklist: {
		options: specifyOptions('domain!', '--inactive', '--details'),
		runOnDomain({options}, domain) {
			const disks = readDisks(options.flags.has('inactive') ? domain.definition : domain.live ?? domain.definition);
			return say(formatTable(disks.map(disk => [...(options.flags.has('details') ? ['file', disk.device] : []), disk.target, disk.path ?? '-'])));
		},
	},

	start: {
		options: specifyOptions('domain!', '--paused', '--console', '--force-boot', '--reset-nvram', '--autodestroy', '--bypass-cache'),
		forbiddenReadOnly: {call: 'virDomainCreateWithFlags', prefix: 'Failed to start domain'},
		runOnDomain({world, options}, domain) {
			if (domain.live) {
				return virshError('Domain is already active');
			}

			domain.hasManagedSave = false;
			return settle(domain, 'start', startDomain(world, domain, {isPaused: options.flags.has('paused'), how: 'Booted'}));
		},
	},

	destroy: {
		options: specifyOptions('domain!', '--graceful', '--remove-logs'),
		forbiddenReadOnly: {call: 'virDomainDestroyFlags', prefix: 'Failed to destroy domain'},
		runOnDomain: ({world}, domain) => settle(domain, 'destroy', stopDomain(world, domain)),
	},

	shutdown: {
		options: specifyOptions('domain!', 'mode'),
		forbiddenReadOnly: {call: 'virDomainShutdown', prefix: 'Failed to shutdown domain'},
		runOnDomain: ({world}, domain) => settle(domain, 'shutdown', stopDomain(world, domain)),
	},

	suspend: {
		options: onDomain,
		forbiddenReadOnly: {call: 'virDomainSuspend', prefix: 'Failed to suspend domain'},
		runOnDomain: ({world}, domain) => settle(domain, 'suspend', suspendDomain(world, domain)),
	},

	resume: {
		options: onDomain,
		forbiddenReadOnly: {call: 'virDomainResume', prefix: 'Failed to resume domain'},
		runOnDomain: ({world}, domain) => settle(domain, 'resume', resumeDomain(world, domain)),
	},

	'managedsave-remove': {
		options: onDomain,
		forbiddenReadOnly: {call: 'virDomainManagedSaveRemove', prefix: 'Failed to remove managed save image for domain'},
		runOnDomain(_, domain) {
			domain.hasManagedSave = false;
			return say('');
		},
	},
};

function settle(domain: DemoDomain, verb: string, refusal: Refusal): Answer {
	return refusal === undefined ? say('') : virshError(`Failed to ${verb} domain '${domain.name}'`, refusal);
}

function formatInfo(domain: DemoDomain): string {
	const memory = textAt(domain.definition, 'memory') ?? '0';
	const rows: Array<[string, string]> = [
		['Id', domain.id === undefined ? '-' : String(domain.id)],
		['Name', domain.name],
		['UUID', domain.uuid],
		['OS Type', 'hvm'],
		['State', stateWords[domain.state]],
		['CPU(s)', textAt(domain.definition, 'vcpu') ?? '1'],
		['Max memory', `${memory} KiB`],
		['Used memory', `${memory} KiB`],
		['Persistent', 'yes'],
		['Autostart', 'enable'],
		['Managed save', domain.hasManagedSave ? 'yes' : 'no'],
		['Security model', 'none'],
		['Security DOI', '0'],
	];
	return rows.map(([key, value]) => `${`${key}:`.padEnd(16)}${value}\n`).join('');
}

/** virsh's table without its header: a blank in front, three between. */
function formatTable(rows: string[][]): string {
	const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]!.length))) ?? [];
	return rows.map(row => ` ${row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column]!)).join('   ')}\n`).join('');
}
