/**
The end of a backup job of libvirt's: the job goes on after `backup-begin` has answered, and a small one is over before anybody can ask.
*/
import {setTimeout} from 'node:timers/promises';
import {fail, succeed, type Result} from '../../model/result.ts';
import {parseFields} from './read/read-host.ts';
import {isUnreachable, type Virsh} from './virsh.ts';

/** A small backup takes a fraction of a second, a large one hours. */
const firstPollMs = 20;
const lastPollMs = 500;
/** A libvirtd that is started again knows its jobs. */
const patienceMs = 60_000;

const statistics = ['--completed', '--keep-completed', '--anystats', '--rawstats'];

/** `virsh domjobinfo` of 9.0 to 12.8, raw: 3 is a job that has come to its end, 4 one that failed, 5 one that was cancelled; `success` and `errmsg` say how. 0 says a libvirtd that was started after the end. */
function judge(text: string): Result<void> {
	const fields = parseFields(text);
	const [kind, reason] = [fields.get('Job type'), fields.get('errmsg')];
	return kind?.startsWith('3') && fields.get('success') !== '0' && reason === undefined
		? succeed(undefined)
		: fail({kind: 'unreadable', what: 'The backup job', reason: reason ?? (kind === undefined || kind.startsWith('0') ? 'libvirt does not say how it ended' : `it ended with the state ${kind}`)});
}

/** Fails where the job did not end well, where the domain has ended, and where libvirt cannot be asked for a minute. */
export async function waitForBackup(virsh: Virsh, uuid: string, {timeoutMs}: {timeoutMs: number | undefined}): Promise<Result<void>> {
	const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : performance.now() + timeoutMs;
	let lostAt: number | undefined;
	let pollMs = firstPollMs;
	let isFirst = true;
	const question = ['domjobinfo', '--domain', uuid];
	for (;;) {
		// The command of the plan first, as it stands there. From then on how it ended is asked along: that is a process less.
		const answers: Result<Array<Result<string>>> = isFirst ? succeed([await virsh.askOne(question, {isStep: true})]) : await virsh.ask([question, [...question, ...statistics]]);
		isFirst = false;
		const job = answers.ok ? answers.value[0]! : answers;
		if (!job.ok) {
			lostAt ??= performance.now();
			if (!(job.failure.kind === 'host-unreachable' || isUnreachable(job.failure)) || performance.now() - lostAt > patienceMs) {
				return job;
			}
		} else if (parseFields(job.value).get('Job type') === 'None') {
			const ended = answers.ok && answers.value[1] !== undefined ? answers.value[1] : await virsh.askOne([...question, ...statistics]);
			return ended.ok ? judge(ended.value) : ended;
		} else {
			lostAt = undefined;
		}

		if (performance.now() > deadline) {
			return fail({kind: 'unreadable', what: 'The backup job', reason: 'it takes too long'});
		}

		await setTimeout(pollMs);
		pollMs = Math.min(pollMs * 1.5, lastPollMs);
	}
}
