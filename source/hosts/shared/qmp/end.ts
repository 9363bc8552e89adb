/**
What is known of the end of a QMP command's work, whichever kind of work it is.
*/
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {fail, type Result} from '../../../model/result.ts';
import type {QmpEvent} from './qmp.ts';

export type Ask = (execute: string, parameters?: Record<string, unknown>) => Promise<Result<unknown>>;

/** One look: true when the end is reached, false when it is to be waited for; a failure is a bad end. */
type Look = () => Promise<Result<boolean>>;

export type End = {
	/** Before the command is sent: whether an earlier run of it, cut off by a crash, has begun the work or ended it. */
	wasBegun?: () => Promise<Result<boolean>>;
	look: Look;
	/** Told every event of the monitor from before the command is sent. */
	onEvent?: (event: QmpEvent) => void;
	/** Ends the work where it takes too long, so that it does not go on behind the back of whoever puts things back. */
	stop?: {execute: string; parameters: Record<string, unknown>};
};

/** A bad end, as QEMU describes it. */
export function failure(command: QmpCommand, description: string, kind = 'GenericError'): Result<never> {
	return fail({kind: 'qmp-failed', command: command.execute, class: kind, description});
}
