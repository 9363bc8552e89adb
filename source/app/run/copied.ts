/**
How far an action at work has come with all that it copies.
*/
import type {Copied} from '../../engine/ports.ts';
import type {Step} from '../../model/plan/plan.ts';
import type {Run} from '../state.ts';

const bytesOf = (steps: readonly Step[]) => steps.reduce((sum, {copyBytes}) => sum + (copyBytes ?? 0), 0);

/** What is behind it once all steps that are done are counted whole, and the current one by its share. */
function doneBytesOf({plan, steps, current, copied}: Pick<Run, 'plan' | 'steps' | 'current' | 'copied'>): number {
	const share = copied === undefined || copied.totalBytes === 0 ? 0 : Math.min(1, copied.doneBytes / copied.totalBytes);
	const present = plan.steps.find(({id}) => id === current);
	return bytesOf(plan.steps.filter(({id}) => steps[id] === 'done')) + (share * (present?.copyBytes ?? 0));
}

/**
In bytes that are really copied, not in the size that the guest sees. What the plan does not know beforehand is told by the current step alone. Undefined: it copies
nothing, or has not begun to.
*/
export function copiedSoFar(run: Run): Copied | undefined {
	const totalBytes = bytesOf(run.plan.steps);
	const present = run.plan.steps.find(({id}) => id === run.current);
	if (totalBytes === 0 || (present?.progress !== undefined && present.copyBytes === undefined)) {
		return run.copied;
	}

	const doneBytes = doneBytesOf(run);
	return doneBytes > 0 || (present?.copyBytes ?? 0) > 0 ? {doneBytes, totalBytes} : undefined;
}

/** The run with the moment noted when its first copying step begins. */
export function noteCopying(run: Run, nowMs: number): Run {
	const present = run.plan.steps.find(({id}) => id === run.current);
	return run.copying !== undefined || present?.progress === undefined
		? run
		: {...run, copying: {sinceMs: nowMs, fromBytes: copiedSoFar(run)?.doneBytes ?? 0}};
}

/** Before that the speed says little. */
const leastMs = 2000;

/** Bytes a second, and how long the rest takes at this speed; undefined as long as that says little. */
export function speedOf(run: Run, nowMs: number): {bytesPerSecond: number; leftMs: number} | undefined {
	const copied = copiedSoFar(run);
	if (copied === undefined || run.copying === undefined) {
		return undefined;
	}

	const takenMs = nowMs - run.copying.sinceMs;
	const madeBytes = copied.doneBytes - run.copying.fromBytes;
	return takenMs < leastMs || madeBytes <= 0 || copied.doneBytes >= copied.totalBytes
		? undefined
		: {bytesPerSecond: madeBytes / takenMs * 1000, leftMs: (copied.totalBytes - copied.doneBytes) / madeBytes * takenMs};
}
