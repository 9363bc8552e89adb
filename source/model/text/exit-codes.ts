/**
The exit codes, the same with and without a screen, and what the help says of each.
*/
import type {Failure} from '../failure.ts';
import {unreachable} from '../result.ts';

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
	failed: 'failed and everything is as it was',
	usage: 'wrong usage',
	refused: 'refused and nothing touched',
	halfWay: 'stopped half-way (vsnap-tui recover)',
	unreachable: 'host not reachable',
	busy: 'busy',
	hostChanged: 'the host changed since the plan was made',
	findings: 'the doctor found something',
	interrupted: 'interrupted',
};

/** The code that a failure ends with. */
export function exitCodeOf(failure: Failure): number {
	switch (failure.kind) {
		case 'usage': {
			return exitCodes.usage;
		}

		case 'domain-not-found':
		case 'snapshot-not-found':
		case 'read-only':
		case 'files-elsewhere':
		case 'state-folder-unsafe':
		case 'recovery-refused': {
			return exitCodes.refused;
		}

		case 'refused': {
			// A job that runs is all that stands in the way: who waits for it may try again.
			return failure.blockers.every(({kind}) => kind === 'job-running') ? exitCodes.busy : exitCodes.refused;
		}

		case 'host-unreachable':
		case 'host-not-understood':
		case 'monitor-failed': {
			return exitCodes.unreachable;
		}

		case 'busy': {
			return exitCodes.busy;
		}

		case 'host-changed': {
			return exitCodes.hostChanged;
		}

		case 'interrupted': {
			return failure.rolledBack ? exitCodes.interrupted : exitCodes.halfWay;
		}

		case 'step-failed':
		case 'not-proven': {
			return failure.rolledBack ? exitCodes.failed : exitCodes.halfWay;
		}

		case 'file-stays':
		case 'not-as-before':
		case 'request-kept': {
			return exitCodes.halfWay;
		}

		case 'tool-failed':
		case 'qmp-failed':
		case 'unreadable':
		case 'put-back-but-off':
		case 'state-folder': {
			return exitCodes.failed;
		}

		default: {
			return unreachable(failure);
		}
	}
}
