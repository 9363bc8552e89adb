/**
virsh on the demo host about jobs on a whole domain (saving memory, backups), and about the agent inside the guest.
*/
import {say, virshError, type Answer} from './answer.ts';
import type {CopyJob} from './copying.ts';
import {readAgentState, readDisks} from './domain-xml.ts';
import {notRunning} from './lifecycle.ts';
import {specifyOptions} from './virsh-words.ts';
import type {VirshCommand} from './virsh-call.ts';
import type {DemoDomain} from './world.ts';

/** libvirt's numbers of operations. */
const operations: Record<string, string> = {Snapshot: '6', Backup: '9'};
const gibibyte = 1024 ** 3;

export const jobCommands: Record<string, VirshCommand> = {
	domjobinfo: {
		options: specifyOptions('domain!', '--completed', '--keep-completed', '--anystats', '--rawstats'),
		runOnDomain({options: {flags}}, domain) {
			if (!domain.live) {
				return virshError(notRunning);
			}

			return say(flags.has('rawstats') ? formatRaw(domain.job) : formatJob(domain.job));
		},
	},

	domjobabort: {
		options: specifyOptions('domain!', '--postcopy'),
		forbiddenReadOnly: {call: 'virDomainAbortJob'},
		runOnDomain(_, domain) {
			if (!domain.live || !domain.job) {
				return virshError(domain.live ? 'Requested operation is not valid: no job is active on the domain' : notRunning);
			}

			domain.job.abort.abort();
			return say('');
		},
	},

	domtime: {
		options: specifyOptions('domain!', '--now', '--pretty', '--sync', 'time'),
		runOnDomain: ({world}, domain) => onAgent(domain, [], () => say(`Time: ${Math.floor(world.now().getTime() / 1000)}\n`)),
	},

	domfsthaw: {
		options: specifyOptions('domain!', 'mountpoint'),
		forbiddenReadOnly: {call: 'virDomainFSThaw', prefix: 'Unable to thaw filesystems'},
		runOnDomain: (_, domain) => onAgent(domain, ['Unable to thaw filesystems'], () =>
			say(`Thawed ${readDisks(domain.live).filter(({isWritable}) => isWritable).length} filesystem(s)\n`)),
	},
};

function onAgent(domain: DemoDomain, prefix: string[], act: () => Answer): Answer {
	const state = readAgentState(domain.live);
	if (!domain.live) {
		return virshError(...prefix, notRunning);
	}

	if (state === undefined) {
		return virshError(...prefix, 'argument unsupported: QEMU guest agent is not configured');
	}

	return state === 'connected' ? act() : virshError(...prefix, 'Guest agent is not responding: QEMU guest agent is not connected');
}

function formatRaw(job: CopyJob | undefined): string {
	return job === undefined
		? 'Job type: 0\n\n'
		: [
			'Job type: 2',
			'',
			`operation: ${operations[job.type] ?? '0'}`,
			`data_total: ${job.totalBytes}`,
			`data_processed: ${job.doneBytes}`,
			`data_remaining: ${job.totalBytes - job.doneBytes}`,
			'',
		].join('\n');
}

function formatJob(job: CopyJob | undefined): string {
	const rows: Array<[string, string]> = job === undefined
		? [['Job type', 'None        ']]
		: [
			['Job type', 'Unbounded   '],
			['Operation', job.type],
			['Data processed', inGib(job.doneBytes)],
			['Data remaining', inGib(job.totalBytes - job.doneBytes)],
			['Data total', inGib(job.totalBytes)],
		];
	return rows.map(([key, value]) => `${`${key}:`.padEnd(17)} ${value}\n`).join('');
}

function inGib(bytes: number): string {
	return `${(bytes / gibibyte).toFixed(3)} GiB`;
}
