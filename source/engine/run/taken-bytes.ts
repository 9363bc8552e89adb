/**
What the files of a plan take on the host, before and after it: what was freed is measured, not computed.
*/
import {filesOf} from '../../planner/storage/space.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Outcome, Host} from '../ports.ts';

/** Undefined where the plan says nothing of room, or where the host cannot be asked. */
export async function readTakenBytes(host: Host, plan: Plan): Promise<number | undefined> {
	const stamps = plan.space === undefined ? undefined : await host.readFileStamps(filesOf(plan));
	return stamps?.ok ? stamps.value.reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0) : undefined;
}

/** A plan that is done, with what was measured. `before`: undefined where that is not known. */
export async function withTaken(host: Host, plan: Plan, {before, outcome}: {before: number | undefined; outcome: Outcome}): Promise<Outcome> {
	const after = before === undefined || outcome.kind !== 'done' ? undefined : await readTakenBytes(host, plan);
	return after === undefined || outcome.kind !== 'done' ? outcome : {...outcome, takenBytes: after - before!};
}
