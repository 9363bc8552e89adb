import {once} from 'node:events';
import test from 'ava';
import type {Copied, RunEvent} from '../../../source/engine/ports.ts';
import {runSteps, type Work} from '../../../source/engine/run/run-steps.ts';
import type {Failure} from '../../../source/model/failure.ts';
import type {ProgramCommand, Step} from '../../../source/model/plan/plan.ts';
import {fail, succeed} from '../../../source/model/result.ts';
import {fakeHost} from '../../helpers/fake-host.ts';
import {now, threeSnapshots} from '../../helpers/inventory.ts';

const command = (...argv: string[]): ProgramCommand => ({tool: 'virsh', argv, files: []});
const aborted: Failure = {kind: 'tool-failed', cause: {argv: ['copy'], exitCode: 1, timedOut: false, stderr: 'aborted', durationMs: 0}};

const copying: Step = {
	id: 'copy',
	title: 'Copy',
	phase: 'create',
	command: command('copy'),
	undo: [],
	doneWhen: {kind: 'never'},
	whenStopped: 'Nothing.',
	progress: {kind: 'block-job', uuid: 'u', target: 'vda'},
	cancel: [command('abort')],
};

/** A copy that lasts until it is aborted, or until its progress was asked `asks` times. */
function copyingWork(step: Step, asks: number) {
	const events: RunEvent[] = [];
	const ran: string[] = [];
	const interrupt = new AbortController();
	const asked = new AbortController();
	const cancelled = new AbortController();
	let count = 0;
	const work: Work = {
		plan: {steps: [step, {...step, id: 'next', command: command('next')}]} as unknown as Work['plan'],
		clock: {now: () => now},
		journal: {append: async () => succeed(undefined)},
		records: [],
		onEvent: event => events.push(event),
		interrupt: interrupt.signal,
		host: {
			...fakeHost(threeSnapshots()).host,
			async readProgress(): Promise<Copied | undefined> {
				count++;
				if (count >= asks) {
					asked.abort();
				}

				return count === 1 ? undefined : {doneBytes: count, totalBytes: 10};
			},
			async run({argv}: ProgramCommand) {
				ran.push(argv.join(' '));
				if (argv[0] === 'abort') {
					cancelled.abort();
				}

				if (argv[0] !== 'copy') {
					return succeed({stdout: '', stderr: '', durationMs: 0});
				}

				const isCancelled = await Promise.race([once(asked.signal, 'abort').then(() => false), once(cancelled.signal, 'abort').then(() => true)]);
				return isCancelled ? fail(aborted) : succeed({stdout: '', stderr: '', durationMs: 0});
			},
		},
	};
	return {work, events, ran, interrupt};
}

test('a step that copies tells how far it has come while it runs, and no longer', async t => {
	const {work, events, ran} = copyingWork(copying, 3);
	t.deepEqual(await runSteps(work, {isWanted: step => step.id === 'copy', isInterrupted: () => false}), {kind: 'all-done', stays: []});
	t.deepEqual(ran, ['copy']);
	const kinds = events.map(event => event.kind === 'step-progress' ? event.doneBytes : event.kind);
	t.deepEqual(kinds, ['step-started', 2, 3, 'step-done'], 'the first answer was that nothing is known');
});

test('an interruption cancels a step that can be cancelled, and nothing after it runs', async t => {
	const {work, events, ran, interrupt} = copyingWork(copying, Number.POSITIVE_INFINITY);
	work.onEvent = event => {
		events.push(event);
		if (event.kind === 'step-progress') {
			interrupt.abort('SIGINT');
		}
	};

	t.deepEqual(await runSteps(work, {isWanted: () => true, isInterrupted: () => interrupt.signal.aborted}), {kind: 'interrupted'});
	t.deepEqual(ran, ['copy', 'abort']);
});

test('an interruption ends the program of a step that may be killed, and of no other', async t => {
	const {cancel: _, progress: __, ...plain} = copying;
	for (const [step, expected] of [[{...plain, mayBeKilled: true}, {kind: 'interrupted'}], [plain, {kind: 'failed', failure: aborted}]] as const) {
		const {work, interrupt} = copyingWork(step, 1);
		const signals: Array<AbortSignal | undefined> = [];
		work.host = {...work.host, async run(_command, options) {
			signals.push(options?.signal);
			interrupt.abort('SIGINT');
			return fail(aborted);
		}};
		t.like(await runSteps(work, {isWanted: () => true, isInterrupted: () => interrupt.signal.aborted}), expected);
		t.deepEqual(signals, [step === plain ? undefined : interrupt.signal]);
	}
});

test('a step without a way to cancel it is waited for', async t => {
	const {cancel: _, ...domainCheck} = copying;
	const {work, ran, interrupt} = copyingWork(domainCheck, 3);
	interrupt.abort('SIGINT');
	t.deepEqual(await runSteps(work, {isWanted: step => step.id === 'copy', isInterrupted: () => false}), {kind: 'all-done', stays: []});
	t.deepEqual(ran, ['copy']);
});

test('a step that fails by itself has failed, cancellable or not', async t => {
	const {work} = copyingWork({...copying, phase: 'switch'}, 1);
	work.host = {...work.host, run: async () => fail(aborted)};
	const end = await runSteps(work, {isWanted: () => true, isInterrupted: () => false});
	t.like(end, {kind: 'failed', step: {id: 'copy'}});
});

for (const holds of [true, false]) {
	test(`a step whose command runs only if something holds is ${holds ? 'run' : 'left out, with what that means, and the rest goes on'}`, async t => {
		const {progress: _, cancel: __, ...plain} = copying;
		const {work, events, ran} = copyingWork({...plain, command: {...command('prove'), onlyIf: {kind: 'same-content', path: '/a', other: '/b'}}, skippedNote: 'It has changed.'}, 1);
		work.host = {...work.host, observe: async () => succeed(holds)};
		t.deepEqual(await runSteps(work, {isWanted: () => true, isInterrupted: () => false}), {kind: 'all-done', stays: []});
		t.deepEqual(ran, holds ? ['prove', 'next'] : ['next']);
		t.deepEqual(events.flatMap(event => event.kind === 'step-left-out' ? [event.reason] : []), holds ? [] : ['It has changed.']);
	});
}

test('files that are complete begin to be measured with their step, and no longer than steps are run', async t => {
	const {work} = copyingWork({...copying, progress: undefined, cancel: undefined, command: command('own'), measured: ['/b/image']}, 1);
	const begun: Array<{paths: readonly string[]; signal: AbortSignal; wasGivenUp: boolean}> = [];
	work.host = {
		...work.host,
		measureAhead(paths, signal) {
			begun.push({paths, signal, wasGivenUp: signal.aborted});
		},
	};
	await runSteps(work, {isWanted: step => step.id === 'copy', isInterrupted: () => false});
	t.deepEqual(begun.map(({paths, wasGivenUp}) => ({paths, wasGivenUp})), [{paths: ['/b/image'], wasGivenUp: false}]);
	t.true(begun[0]!.signal.aborted);
});
