/**
virsh on the demo host about jobs on a whole domain (saving memory, backups), and about the agent inside the guest.
*/
import {agentProblem, readWritableDisks} from '../domain-xml.ts';
import {notRunning} from '../lifecycle.ts';
import {say, type Answer} from '../program.ts';
import type {CopyJob, DemoDomain} from '../world.ts';
import type {VirshCall, VirshCommand} from './command.ts';

/** libvirt's numbers of operations. */
const operations: Record<string, string> = {Snapshot: '6', Backup: '9'};
const gibibyte = 1024 ** 3;

export const jobCommands: Record<string, VirshCommand> = {
	domjobinfo: {
		options: 'domain! --rawstats --completed --keep-completed --anystats',
		run({flags, refuse, domain: {live, job, lastJob}}) {
			if (!live) {
				return refuse(notRunning);
			}

			return say(flags.has('completed') ? formatEnded(lastJob) : (flags.has('rawstats') ? formatRaw(job) : formatJob(job)));
		},
	},

	domjobabort: {
		options: 'domain!',
		forbidden: 'virDomainAbortJob',
		run({settle, domain: {live, job}}) {
			job?.abort.abort();
			return settle(job ? undefined : (live ? 'Requested operation is not valid: no job is active on the domain' : notRunning));
		},
	},

	domtime: {
		options: 'domain!',
		run: call => onAgent(call, `Time: ${Math.floor(call.world.now().getTime() / 1000)}\n`),
	},

	domfsfreeze: {
		options: 'domain!',
		forbidden: 'virDomainFSFreeze',
		failure: 'Unable to freeze filesystems',
		run: call => onAgent(call, `Froze ${readWritableDisks(call.domain.live).length} filesystem(s)\n`),
	},

	domfsthaw: {
		options: 'domain!',
		forbidden: 'virDomainFSThaw',
		failure: 'Unable to thaw filesystems',
		run: call => onAgent(call, `Thawed ${readWritableDisks(call.domain.live).length} filesystem(s)\n`),
	},
};

function onAgent({refuse, domain: {live}}: VirshCall, answer: string): Answer {
	const problem = live ? agentProblem(live) : notRunning;
	return problem === undefined ? say(answer) : refuse(problem);
}

/** As `--rawstats` gives it. */
function formatRaw(job: CopyJob | undefined): string {
	const what = job?.type === 'Backup' ? 'disk' : 'data';
	return job
		? `Job type: 2\n\noperation: ${operations[job.type]}\n${what}_total: ${job.totalBytes}\n${what}_processed: ${job.doneBytes}\n${what}_remaining: ${job.totalBytes - job.doneBytes}\n`
		: 'Job type: 0\n\n';
}

/** The last backup: 3 is done, 5 was cancelled. */
function formatEnded(job: DemoDomain['lastJob']): string {
	return job
		? [
			`Job type: ${job.error === undefined ? 3 : 5}`,
			'',
			`operation: ${operations.Backup}`,
			`disk_total: ${job.totalBytes}`,
			`disk_processed: ${job.doneBytes}`,
			`disk_remaining: ${job.totalBytes - job.doneBytes}`,
			`success: ${job.error === undefined ? 1 : 0}`,
			...(job.error === undefined ? [] : [`errmsg: ${job.error}`]),
			'',
		].join('\n')
		: 'Job type: 0\n\n';
}

function formatJob(job: CopyJob | undefined): string {
	const inGib = (bytes: number) => `${(bytes / gibibyte).toFixed(3)} GiB`;
	const rows = job
		? {'Job type': 'Unbounded   ', Operation: job.type, 'Data processed': inGib(job.doneBytes), 'Data total': inGib(job.totalBytes)}
		: {'Job type': 'None        '};
	return Object.entries(rows).map(([key, value]) => `${`${key}:`.padEnd(17)} ${value}\n`).join('');
}
