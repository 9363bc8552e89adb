/**
What the files of a plan take on the host, before and after it: what was freed is measured, not computed.
*/
import {filesOf} from '../../planner/storage/space.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {FileStamp, Outcome, Host} from '../ports.ts';

/** Undefined where the plan changes no file and foretells nothing, or where the host cannot be asked. */
export async function readTaken(host: Host, plan: Plan): Promise<FileStamp[] | undefined> {
	const files = filesOf(plan);
	const stamps = files.length === 0 && plan.space === undefined ? undefined : await host.readFileStamps(files);
	return stamps?.ok ? stamps.value : undefined;
}

const total = (stamps: readonly FileStamp[]) => stamps.reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0);

/** A plan that is done, with what was measured. `before`: undefined where that is not known. */
export async function withTaken(host: Host, plan: Plan, {before, outcome}: {before: FileStamp[] | undefined; outcome: Outcome}): Promise<Outcome> {
	const after = before === undefined || outcome.kind !== 'done' ? undefined : await readTaken(host, plan);
	if (after === undefined || outcome.kind !== 'done') {
		return outcome;
	}

	// A file that has another name is still there when one of them has gone.
	const remaining = before!.filter(({path, hasOtherNames}) => hasOtherNames && !after.some(stamp => stamp.path === path));
	return {...outcome, takenBytes: total(after) + total(remaining) - total(before!)};
}
