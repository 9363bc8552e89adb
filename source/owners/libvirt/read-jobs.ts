/**
What is going on with a domain at this moment, in words for people: block jobs, backups, migrations, saves.
*/
import {headDisks, type Domain} from '../../model/domain.ts';
import {succeed, type Result} from '../../model/result.ts';
import {parseFields} from './read-host.ts';
import type {Virsh} from './virsh.ts';

/** Nothing runs on a domain that is off. */
export async function readJobs(virsh: Virsh, domain: Domain): Promise<Result<string[]>> {
	if (domain.liveDefinition === undefined) {
		return succeed([]);
	}

	const disks = headDisks(domain).filter(disk => disk.device === 'disk' && disk.sourcePath !== undefined);
	const answers = await virsh.ask([
		['domjobinfo', '--domain', domain.uuid],
		...disks.map(disk => ['blockjob', '--domain', domain.uuid, '--path', disk.target, '--info']),
	]);
	if (!answers.ok) {
		return answers;
	}

	const jobs: string[] = [];
	const [domainJob, ...blockJobs] = answers.value;
	const fields = parseFields(domainJob?.ok ? domainJob.value : '');
	const kind = fields.get('Job type');
	if (kind !== undefined && kind !== 'None') {
		jobs.push(`${fields.get('Operation') ?? 'a job'} (${kind.toLowerCase()})`);
	}

	for (const [index, disk] of disks.entries()) {
		const answer = blockJobs[index];
		const words = answer?.ok ? answer.value.trim() : '';
		if (words !== '' && !words.startsWith('No current block job')) {
			jobs.push(`${words.split('\n')[0]!} on ${disk.target}`);
		} else if (disk.hasMirror) {
			jobs.push(`a copy of ${disk.target} to another image`);
		}
	}

	return succeed(jobs);
}
