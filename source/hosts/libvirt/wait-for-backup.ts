/**
The end of a backup job of libvirt's: the job goes on after `backup-begin` has answered, and a small one is over before anybody can ask.
*/
import {setTimeout} from 'node:timers/promises';
import {fail, succeed, type Result} from '../../model/result.ts';
import {parseFields} from './read/read-host.ts';
import {isUnreachable, type Virsh} from './virsh.ts';

/** A small backup takes a fraction of a second, a large one hours: it is waited for a twentieth longer than it takes, and at most for this. */
const shortestPauseMs = 5;
const longestPauseMs = 500;
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
	const startedAt = performance.now();
	const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : startedAt + timeoutMs;
	let lostAt: number | undefined;
	const question = ['domjobinfo', '--domain', uuid];
	for (;;) {
		// How it ended is asked along: it is of use only after an answer that it has.
		const answers = await virsh.ask([question, [...question, ...statistics]]);
		const job = answers.ok ? answers.value[0]! : answers;
		if (!job.ok) {
			lostAt ??= performance.now();
			if (!(job.failure.kind === 'host-unreachable' || isUnreachable(job.failure)) || performance.now() - lostAt > patienceMs) {
				return job;
			}
		} else if (parseFields(job.value).get('Job type') === 'None') {
			const ended = answers.ok ? answers.value[1]! : answers;
			return ended.ok ? judge(ended.value) : ended;
		} else {
			lostAt = undefined;
		}

		if (performance.now() > deadline) {
			return fail({kind: 'unreadable', what: 'The backup job', reason: 'it takes too long'});
		}

		await setTimeout(Math.min(Math.max((performance.now() - startedAt) / 20, shortestPauseMs), longestPauseMs));
	}
}
