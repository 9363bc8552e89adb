import test from 'ava';
import {copiedSoFar, speedOf} from '../../../source/app/run/copied.ts';
import {followRun} from '../../../source/app/run/update-run.ts';
import type {Run} from '../../../source/app/state.ts';
import type {RunEvent} from '../../../source/engine/ports.ts';
import type {Plan, Step} from '../../../source/model/plan/plan.ts';

const gib = 1024 ** 3;
const step = (id: string, more: Partial<Step> = {}): Step => ({
	id, title: id, phase: 'create', command: {tool: 'file', argv: ['true'], files: []}, undo: [], doneWhen: {kind: 'never'}, whenStopped: '', ...more,
});
const job = {kind: 'block-job', uuid: 'u', target: 'vda'} as const;

function runOf(steps: Step[]): Run {
	const plan: Pick<Plan, 'steps'> = {steps};
	return {
		plan: plan as Plan, kind: 'execute', startedMs: 0, steps: {}, current: undefined, copied: undefined, copying: undefined, sinceMs: 0, activity: 'looking',
		stop: 'no', commands: [], notLogged: undefined, journey: undefined, undo: undefined,
	};
}

/** Each event with the second in which it comes. */
function after(steps: Step[], ...events: Array<[number, RunEvent]>): Run {
	let run = runOf(steps);
	for (const [second, event] of events) {
		run = followRun(event, run, second * 1000);
	}

	return run;
}

const begins = (id: string): RunEvent => ({kind: 'step-started', step: id, title: id, index: 0, of: 3});
const ends = (id: string): RunEvent => ({kind: 'step-done', step: id, index: 0, of: 3, durationMs: 0});
const copies = (id: string, doneBytes: number, totalBytes: number): RunEvent => ({kind: 'step-progress', step: id, doneBytes, totalBytes});

const merge = [step('check'), step('vda', {progress: job, copyBytes: 3 * gib}), step('flush'), step('vdb', {progress: job, copyBytes: gib})];

test('the whole action counts, in what is really copied, whatever the size is that the job speaks of', t => {
	const half = after(merge, [0, begins('vda')], [5, copies('vda', 50 * gib, 100 * gib)]);
	t.deepEqual(copiedSoFar(half), {doneBytes: 1.5 * gib, totalBytes: 4 * gib});
	const later = after(merge, [0, begins('vda')], [9, ends('vda')], [9, begins('flush')]);
	t.deepEqual(copiedSoFar(later), {doneBytes: 3 * gib, totalBytes: 4 * gib});
	const last = after(merge, [0, begins('vda')], [9, ends('vda')], [9, begins('vdb')], [10, copies('vdb', 1, 4)]);
	t.deepEqual(copiedSoFar(last), {doneBytes: 3.25 * gib, totalBytes: 4 * gib});
});

test('before anything is copied nothing is shown', t => {
	t.is(copiedSoFar(after(merge, [0, begins('check')])), undefined);
	t.is(copiedSoFar(after([step('a')], [0, begins('a')])), undefined);
});

test('what the plan does not know beforehand is told by its own step', t => {
	const steps = [step('old', {progress: job})];
	t.deepEqual(copiedSoFar(after(steps, [0, begins('old')], [1, copies('old', 2, 8)])), {doneBytes: 2, totalBytes: 8});
});

test('what was done stays done, also when a job finds more to do', t => {
	const run = after(merge, [0, begins('vda')], [1, copies('vda', 60, 100)], [2, copies('vda', 50, 100)]);
	t.is(copiedSoFar(run)?.doneBytes, 0.6 * 3 * gib);
});

test('speed and time left are those of this run alone, and come once they say something', t => {
	const early = after(merge, [10, begins('vda')], [11, copies('vda', 1, 3)]);
	t.is(speedOf(early, 11_000), undefined);
	t.deepEqual(speedOf(early, 14_000), {bytesPerSecond: gib / 4, leftMs: 12_000});
	// An earlier run had done the first disk.
	const again = {...runOf(merge), steps: {vda: 'done' as const}};
	const run = followRun(copies('vdb', 1, 2), followRun(begins('vdb'), again, 10_000), 12_000);
	t.deepEqual(speedOf(run, 12_000), {bytesPerSecond: gib / 4, leftMs: 2000});
});
