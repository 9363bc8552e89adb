/**
Running work in a folder of backups: step by step, and back where one fails before something was replaced.
*/
import {fail, mapResult, succeed, type Result} from '../../model/result.ts';
import type {Failure} from '../../model/failure.ts';
import type {Command, ProgramCommand} from '../../model/plan/plan.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import type {FolderPlan, FolderStep} from '../../planner/folder/folder-plan.ts';
import {withCommandLog} from '../run/command-log.ts';
import type {World} from '../world.ts';

type FolderRun = {
	onStep: (step: FolderStep, place: {index: number; of: number}) => void;
	/** Its reason is the name of the signal. */
	interrupt: AbortSignal;
	/** What leads on past the point from which there is no way back; undefined: there is always one. */
	advice?: string;
};

type End = {rolledBack: boolean; notUndone: string[]; hasJournal: false; advice?: string};

/** One whose condition does not hold is left out. */
export async function runCommand({host}: Pick<World, 'host'>, command: Command): Promise<Result<void>> {
	const condition = command.onlyIf === undefined ? succeed(true) : await host.observe(command.onlyIf);
	const ran = condition.ok && condition.value ? await host.run(command) : condition;
	return ran.ok ? succeed(undefined) : ran;
}

/** What could not be undone, and the commands that failed. */
async function undoAll(world: World, done: readonly FolderStep[]): Promise<{notUndone: string[]; failed: ProgramCommand[]}> {
	const notUndone: string[] = [];
	const failed: ProgramCommand[] = [];
	for (const {title, undo} of [...done].reverse()) {
		for (const command of undo ?? []) {
			const ran = await runCommand(world, command);
			failed.push(...(ran.ok ? [] : [command]));
		}

		if (undo?.some(command => failed.includes(command))) {
			notUndone.push(title);
		}
	}

	return {notUndone, failed};
}

/** Such work has no journal, so `recover` knows nothing of it. */
const undoAdvice = (failed: readonly ProgramCommand[]): string => `Once the cause is gone, undo them yourself: ${failed.map(command => formatCommand(command)).join('; ')}`;

async function runSteps(world: World, {steps}: FolderPlan, {onStep, interrupt, advice}: FolderRun): Promise<Result<void>> {
	const done: FolderStep[] = [];
	const goBack = async (failure: (end: End) => Failure): Promise<Result<void>> => {
		if (done.some(({undo}) => undo === null)) {
			return fail(failure({rolledBack: false, notUndone: ['what was replaced or removed'], hasJournal: false, ...(advice !== undefined && {advice})}));
		}

		const {notUndone, failed} = await undoAll(world, done);
		return fail(failure({rolledBack: notUndone.length === 0, notUndone, hasJournal: false, ...(failed.length > 0 && {advice: undoAdvice(failed)})}));
	};

	for (const [index, step] of steps.entries()) {
		// Past the point from which there is only the way forward, forward is the shorter one.
		if (interrupt.aborted && !done.some(({undo}) => undo === null)) {
			return goBack(end => ({kind: 'interrupted', signal: String(interrupt.reason), ...end}));
		}

		onStep(step, {index, of: steps.length});
		const ran = await runCommand(world, step.command);
		if (!ran.ok) {
			return goBack(end => ({
				kind: 'step-failed', step: String(index + 1), title: step.title, cause: ran.failure, ...end,
			}));
		}

		done.push(step);
	}

	return succeed(undefined);
}

/** Undefined where the host cannot be asked. */
async function readTaken({host}: World, {files}: FolderPlan): Promise<number | undefined> {
	const stamps = await host.readFileStamps(files);
	return stamps.ok ? stamps.value.reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0) : undefined;
}

/** Fails with `busy` where somebody works on the domain, with `step-failed` or `interrupted`. */
export async function runFolderPlan(silent: World, plan: FolderPlan, run: FolderRun): Promise<Result<{takenBytes: number | undefined}>> {
	const world = withCommandLog(silent, {id: plan.id, steps: []}, () => undefined);
	const lock = await world.store.lockDomain(plan.domain.uuid, plan.title);
	if (!lock.ok) {
		return lock;
	}

	const startedAt = performance.now();
	try {
		const before = await readTaken(world, plan);
		const result = await runSteps(world, plan, run);
		const facts = await world.host.readHost();
		// As with actions: what was done stays done where the log cannot be written.
		await world.store.appendAudit({
			id: plan.id,
			at: world.clock.now().toISOString(),
			user: world.person.user,
			from: world.person.from,
			uri: facts.ok ? facts.value.uri : '',
			domain: plan.domain,
			action: plan.title,
			outcome: result.ok ? 'done' : ('rolledBack' in result.failure && !result.failure.rolledBack ? 'half-way' : 'rolled-back'),
			detail: undefined,
			durationMs: Math.round(performance.now() - startedAt),
		});
		const after = await readTaken(world, plan);
		return mapResult(result, () => ({takenBytes: before === undefined || after === undefined ? undefined : after - before}));
	} finally {
		await world.store.removeJournal(plan.id);
		await lock.value.release();
	}
}
