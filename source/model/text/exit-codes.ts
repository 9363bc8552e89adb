/**
The exit codes, the same with and without a screen, and what the help says of each.
*/
import type {Failure} from '../failure.ts';

export const exitCodes = {
	done: 0,
	failed: 1,
	usage: 2,
	refused: 3,
	halfWay: 4,
	unreachable: 5,
	busy: 6,
	hostChanged: 7,
	findings: 10,
	/** A fault of the program itself; the journal is on disk already. */
	internal: 70,
	interrupted: 130,
} as const;

/** In the order of the codes; what a fault of the program gives is not for scripts. */
export const exitCodeWords: Record<Exclude<keyof typeof exitCodes, 'internal'>, string> = {
	done: 'done',
	failed: 'failed and rolled back',
	usage: 'wrong usage',
	refused: 'refused, nothing touched',
	halfWay: 'interrupted (vsnap-tui recover)',
	unreachable: 'host not reachable',
	busy: 'busy',
	hostChanged: 'the host changed since the plan was made',
	findings: 'the doctor or backup verify found something',
	interrupted: 'interrupted',
};

const codeNames: Readonly<Record<Failure['kind'], keyof typeof exitCodes>> = {
	usage: 'usage',
	'domain-not-found': 'refused',
	'snapshot-not-found': 'refused',
	'checkpoint-not-found': 'refused',
	'read-only': 'refused',
	'files-elsewhere': 'refused',
	'state-folder-unsafe': 'refused',
	'recovery-refused': 'refused',
	refused: 'refused',
	'host-unreachable': 'unreachable',
	'host-not-understood': 'unreachable',
	'monitor-failed': 'unreachable',
	busy: 'busy',
	'host-changed': 'hostChanged',
	interrupted: 'interrupted',
	'other-failed': 'failed',
	'step-failed': 'failed',
	'not-proven': 'failed',
	'file-stays': 'halfWay',
	'not-as-before': 'halfWay',
	'request-kept': 'halfWay',
	'tool-failed': 'failed',
	'qmp-failed': 'failed',
	unreadable: 'failed',
	'put-back-but-off': 'failed',
	'state-folder': 'failed',
};

/** The code that a failure ends with. */
export function exitCodeOf(failure: Failure): number {
	if ('rolledBack' in failure && !failure.rolledBack) {
		return exitCodes.halfWay;
	}

	// A job that runs is all that stands in the way: who waits for it may try again.
	const isOnlyJobs = failure.kind === 'refused' && failure.blockers.every(({kind}) => kind === 'job-running');
	return exitCodes[isOnlyJobs ? 'busy' : codeNames[failure.kind]];
}
