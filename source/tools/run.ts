/**
Running programs. The one place that starts a child process for an answer; what is run is always an argv array.
*/
import type {CommandFile} from '../model/plan.ts';
import type {Result} from '../model/result.ts';
import type {RunOutput} from '../engine/ports.ts';

export type RunRequest = {
	argv: string[];
	/** `here`: this machine. `host`: where the images are, which for qemu+ssh is the other end. */
	where: 'here' | 'host';
	/** Written (0600) before the program starts. */
	files?: CommandFile[];
	timeoutMs?: number;
	/** Changes something: such a child is detached, and finishes even if we are killed. */
	isMutating?: boolean;
};

/** Fails with `tool-failed` when the program cannot be started, ends with another code than 0, or takes too long. */
export type Runner = (request: RunRequest) => Promise<Result<RunOutput>>;

/** A program that goes on printing lines (`virsh event`). Gives the function that ends it. */
export type LineWatcher = (request: {argv: string[]; onLine: (line: string) => void; onEnd: () => void}) => () => void;
