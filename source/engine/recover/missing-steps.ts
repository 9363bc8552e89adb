/**
What is still to be done on the way forward. A step whose content was taken over from images counts as done only as long as nobody has written to them since: a
domain that was started in the midst may have gone on in one of them.
*/
import type {Plan, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import {isUntouched} from '../run/made-files.ts';
import type {
	FileStamp, JournalRecord, Host, UnfinishedAction,
} from '../ports.ts';
import {stateOf, type Progress} from '../run/progress.ts';

/** How the images were when their content had been taken over, by the last run of the step. None where a job of QEMU did it, which closes them when it likes. */
function stampsOf(step: Step, records: readonly JournalRecord[]): FileStamp[] {
	const done = records.findLast(record => record.kind === 'done' && record.step === step.id);
	const stamps = done?.kind === 'done' && Array.isArray(done.stamps) ? done.stamps : [];
	return stamps.filter(({path}) => step.takenOver?.includes(path));
}

/** Images whose content was taken over, as far as they are there and somebody has written to them since. `isMeant`: those that are asked about. */
export async function readWrittenSince(host: Host, {plan, records}: {plan: Plan; records: readonly JournalRecord[]}, isMeant: (path: string, step: Step) => boolean): Promise<Result<string[]>> {
	const taken = plan.steps.flatMap(step => stampsOf(step, records).filter(({path}) => isMeant(path, step)));
	const now = taken.length === 0 ? succeed([]) : await host.readFileStamps(taken.map(({path}) => path));
	return now.ok ? succeed(now.value.filter(found => taken.some(stamp => stamp.path === found.path && !isUntouched(stamp, found))).map(({path}) => path)) : now;
}

/** A step that is done, and whose images somebody has written to since. */
type Overtaken = {step: Step; paths: string[]};

export async function readOvertaken(host: Host, {plan, records}: UnfinishedAction, {states}: Progress): Promise<Result<Overtaken[]>> {
	const overtaken: Overtaken[] = [];
	for (const step of plan.steps.filter(({id, takenOver}) => takenOver !== undefined && states.get(id) === 'done')) {
		const paths = await readWrittenSince(host, {plan, records}, (_path, {id}) => id === step.id);
		if (!paths.ok) {
			return paths;
		}

		if (paths.value.length > 0) {
			overtaken.push({step, paths: paths.value});
		}
	}

	return succeed(overtaken);
}

/** Ids of the steps from the switch on that have to be run. Those that may have happened are looked at first, so that nothing is done twice that must not be. */
export async function readMissingSteps(host: Host, action: UnfinishedAction, progress: Progress): Promise<Result<Set<string>>> {
	const missing = new Set<string>();
	const overtaken = await readOvertaken(host, action, progress);
	if (!overtaken.ok) {
		return overtaken;
	}

	for (const step of action.plan.steps) {
		const isDone = stateOf(progress.states, step) === 'done' && !overtaken.value.some(one => one.step === step);
		if (isDone || step.phase === 'check' || step.phase === 'create') {
			continue;
		}

		const doneWhen = await host.observe(step.doneWhen);
		if (!doneWhen.ok) {
			return doneWhen;
		}

		if (!doneWhen.value) {
			missing.add(step.id);
		}
	}

	return succeed(missing);
}
