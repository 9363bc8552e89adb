/**
What is going on with a domain at this moment, in words for people: block jobs, backups, migrations, saves. What cannot be told counts as a job.
*/
import {headDisks, type Disk, type Domain} from '../../../model/domain/domain.ts';
import type {Job} from '../../../model/domain/inventory.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {quoteForTerminal} from '../../../model/text/shell-quote.ts';
import {reasonOf} from '../../shared/read-answers.ts';
import {isMissingDomain, isNotRunning, isNotSupported, type Answer, type Virsh} from '../virsh.ts';
import {parseFields} from './read-host.ts';

const wait = 'Wait until it has ended';

/** Nothing runs where libvirt says that the domain is off or gone, and the test driver has no jobs at all. */
function saysNothing(answer: Answer): boolean {
	return !answer.ok && (isNotRunning(answer.failure) || isMissingDomain(answer.failure) || isNotSupported(answer.failure));
}

/** It has a block job for each disk, which are ended with it and not by themselves. */
const isBackup = (answer: Answer | undefined): boolean => answer?.ok === true && parseFields(answer.value).get('Operation') === 'Backup';

/**
A job on the whole domain. Any other error is one, too: while libvirt deletes a snapshot live, virsh fails with "invalid job statistics type", and an abort is
answered with success and ignored (libvirt 11.3, 12.8).
*/
function domainJobs(domain: string, answer: Answer): Job[] {
	if (!answer.ok) {
		return saysNothing(answer) ? [] : [{text: `a job about which libvirt gives no details (${reasonOf(answer.failure)})`, remedy: `${wait}; it cannot be aborted.`}];
	}

	const fields = parseFields(answer.value);
	const kind = fields.get('Job type');
	const abort = `virsh domjobabort ${quoteForTerminal(domain)}`;
	const remedy = isBackup(answer) ? `${wait}, or end it (${abort}): an export goes on until somebody does, also where its vsnap-tui was killed.` : `${wait}, or abort it (${abort}).`;
	return kind === undefined || kind === 'None' ? [] : [{text: `${fields.get('Operation') ?? 'a job'} (${kind.toLowerCase()})`, remedy}];
}

/** A commit writes into the frozen image from its beginning on, and giving it up takes nothing back (seen on 9.0). */
const leftByCommit = 'what it has copied stays in the image below, so the state of a snapshot that froze that image is lost';

/** Copies and commits that are done wait for somebody to switch the disk over. */
function readyJob(domain: string, {target, mirror, sourcePath}: Disk): Job {
	const isCommit = mirror?.job === 'active-commit';
	const command = `virsh blockjob ${quoteForTerminal(domain)} ${target}`;
	const to = mirror?.path ?? 'the copy';
	return {
		text: isCommit ? `an active commit of ${target} that is complete and waits to be ended` : `a copy of ${target} that is complete and waits to be ended`,
		remedy: `End it with ${command} --pivot (${target} continues on ${to}), or cancel it with ${command} --abort (${target} stays on ${sourcePath ?? 'its image'}${isCommit ? `; ${leftByCommit}` : ''}).`,
	};
}

/**
`--raw`, because without it virsh writes the progress to stderr, and nothing but a bandwidth limit to stdout. A `<mirror>` is a job whose end QEMU leaves to
libvirt.
*/
function blockJobs(domain: string, disk: Disk, answer: Answer | undefined): Job[] {
	const type = answer?.ok ? /^ *type=(.+)$/m.exec(answer.value)?.[1] : undefined;
	const command = `virsh blockjob ${quoteForTerminal(domain)} ${disk.target}`;
	const isCommit = /commit/i.test(type ?? '') || disk.mirror?.job === 'active-commit';
	const remedy = `${wait}, or abort it (${command} --abort${isCommit ? `; ${leftByCommit}` : ''}).`;
	if (disk.mirror?.isReady) {
		return [readyJob(domain, disk)];
	}

	if (type !== undefined) {
		return [{text: `${type} on ${disk.target}`, remedy}];
	}

	if (disk.mirror) {
		return [{text: `${disk.mirror.job === 'active-commit' ? 'an active commit' : 'a copy'} of ${disk.target}`, remedy}];
	}

	return answer?.ok === false && !saysNothing(answer) ? [{text: `perhaps a job on ${disk.target}, about which libvirt gives no details (${reasonOf(answer.failure)})`, remedy: `See what "${command}" says.`}] : [];
}

/** Nothing runs on a domain that is off. */
export async function readJobs(virsh: Virsh, domain: Domain): Promise<Result<Job[]>> {
	if (domain.liveDefinition === undefined) {
		return succeed([]);
	}

	const disks = headDisks(domain).filter(disk => disk.device === 'disk' && disk.sourceType !== 'vhostuser' && (disk.sourcePath !== undefined || disk.sourceType !== 'file'));
	const answers = await virsh.ask([
		['domjobinfo', '--domain', domain.uuid],
		...disks.map(disk => ['blockjob', '--domain', domain.uuid, '--path', disk.target, '--raw']),
	]);
	if (!answers.ok) {
		return answers;
	}

	const [domainJob, ...answersOfDisks] = answers.value;
	return succeed([
		...domainJobs(domain.name, domainJob!),
		...disks.flatMap((disk, index) => blockJobs(domain.name, disk, answersOfDisks[index]).filter(({text}) => !(isBackup(domainJob) && text === `Backup on ${disk.target}`))),
	]);
}
