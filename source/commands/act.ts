/**
An action without a screen, whichever it is: its plan is shown (`--dry-run`), given as a script, or run (`--yes`).
*/
import {executePlan} from '../engine/execute.ts';
import {formatShellScript} from '../engine/plan/shell-script.ts';
import {prepareAction} from '../engine/prepare.ts';
import type {Outcome, RunEvent} from '../engine/ports.ts';
import type {Wish} from '../model/action.ts';
import {describeDone} from '../model/describe-action.ts';
import {takenNames, type Naming} from '../model/defaults.ts';
import {describeFailure} from '../model/describe-failure.ts';
import {succeed, type Result} from '../model/result.ts';
import {formatJson} from '../model/visible-text.ts';
import {
	sayFailure, sayJson, sayLines, sayWarning, type CommandContext,
} from './context.ts';
import {findDomain} from './find-domain.ts';
import {describePlan} from './show-plan.ts';

/** `readNaming`: what proposed names depend on; only read where something has to be proposed. */
export type Completing = {uuid: string; readNaming: () => Promise<Result<Naming>>};

export type ActOptions = {
	domain: string;
	/** The wish, as soon as the domain's UUID is known. What it leaves open is completed by the defaults. */
	wishFor: (completing: Completing) => Promise<Result<Wish>>;
	/** `run` changes the host; the others only show. */
	mode: 'run' | 'show' | 'shell';
};

/** One JSON event a line, or a line of text for each step. */
export function reportEvents(context: CommandContext): (event: RunEvent) => void {
	return event => {
		if (context.isJson) {
			context.writeOut(`${formatJson(event)}\n`);
			return;
		}

		switch (event.kind) {
			case 'step-started': {
				sayLines(context, [`${String(event.index + 1).padStart(2)}/${event.of} ${event.title}`]);
				break;
			}

			case 'rolling-back': {
				sayLines(context, ['Putting everything back …']);
				break;
			}

			case 'step-left-out': {
				sayLines(context, [event.reason]);
				break;
			}

			case 'proving': {
				sayLines(context, ['Proving the result …']);
				break;
			}

			case 'not-logged': {
				sayWarning(context, 'not-logged', `The audit log could not be written. ${describeFailure(event.failure).message}`);
				break;
			}

			case 'started':
			case 'step-progress':
			case 'step-done':
			case 'step-failed':
			case 'step-undone':
			case 'finished': {
				break;
			}

			default: {
				event satisfies never;
			}
		}
	};
}

const halfWayExitCode = 4;

/** Gives the exit code. */
export function reportOutcome(context: CommandContext, outcome: Outcome, done: string): number {
	if (outcome.kind !== 'done') {
		const exitCode = sayFailure(context, outcome.failure);
		return outcome.kind === 'half-way' && exitCode === 1 ? halfWayExitCode : exitCode;
	}

	if (!context.isJson) {
		sayLines(context, [done, ...outcome.remarks ?? []]);
	}

	return 0;
}

async function readNaming({world: {owner, clock}}: CommandContext, uuid: string): Promise<Result<Naming>> {
	const picture = await owner.readPicture(uuid, {withForeignPins: false});
	return picture.ok ? succeed({nowMs: clock.now().getTime(), taken: takenNames(picture.value)}) : picture;
}

/** Gives the exit code. */
export async function actOnDomain(context: CommandContext, options: ActOptions): Promise<number> {
	const domain = await findDomain(context.world.owner, options.domain);
	if (!domain.ok) {
		return sayFailure(context, domain.failure);
	}

	if (options.mode === 'run' && context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	const {uuid} = domain.value;
	const wish = await options.wishFor({uuid, readNaming: async () => readNaming(context, uuid)});
	const plan = wish.ok ? await prepareAction(context.planning, wish.value) : wish;
	if (!plan.ok) {
		return sayFailure(context, plan.failure);
	}

	if (options.mode === 'shell') {
		const remoteArgv = await context.readRemoteArgv();
		if (!remoteArgv.ok) {
			return sayFailure(context, remoteArgv.failure);
		}

		context.writeOut(formatShellScript(plan.value, {remoteArgv: remoteArgv.value}));
		return 0;
	}

	if (options.mode === 'show') {
		if (context.isJson) {
			sayJson(context, plan.value);
		} else {
			sayLines(context, describePlan(plan.value));
		}

		return 0;
	}

	const outcome = await executePlan(context.world, plan.value, {onEvent: reportEvents(context), interrupt: context.interrupt});
	return reportOutcome(context, outcome, `Done: ${describeDone(plan.value.action)}`);
}
