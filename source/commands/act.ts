/**
An action without a screen, whichever it is: its plan is shown (`--dry-run`), given as a script, or run (`--yes`).
*/
import {readFile} from 'node:fs/promises';
import {takenNames} from '../actions/names.ts';
import {describeDone, specOf, titleOfAction} from '../actions/registry.ts';
import type {Given} from '../actions/spec.ts';
import {executePlan} from '../engine/run/execute.ts';
import {formatShellScript} from '../planner/script/shell-script.ts';
import {prepareAction} from '../engine/prepare.ts';
import type {Outcome, RunEvent} from '../engine/ports.ts';
import {goneWith} from '../model/plan/plan.ts';
import {describeTaken} from '../model/text/format.ts';
import {exitCodes} from '../model/text/exit-codes.ts';
import {describeFailure} from '../model/text/describe-failure.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {formatJson} from '../model/text/visible-text.ts';
import {
	sayFailure, sayJson, sayLines, sayWarning, type CommandContext,
} from './context.ts';
import {findDomain} from './find-domain.ts';
import {describePlan} from './show-plan.ts';

export type ActOptions = {
	domain: string;
	/** As far as it was said; the rest gets its defaults. */
	given: Given;
	/** A file that says what is left open. */
	documentPath?: string;
	/** `run` changes the host; the others only show. */
	mode: 'run' | 'show' | 'shell';
};

/** One JSON event a line, or a line of text for each step. `domain`: which of several it is about. */
export function reportEvents(context: CommandContext, domain?: {uuid: string; name: string}): (event: RunEvent) => void {
	const about = domain === undefined ? '' : `${domain.name}: `;
	return event => {
		// What its commands printed is told by `log ID`, and names files of others.
		if (event.kind === 'command-ran') {
			return;
		}

		if (context.isJson) {
			context.writeOut(`${formatJson({...event, ...(domain && {domain})})}\n`);
			return;
		}

		switch (event.kind) {
			case 'step-started': {
				sayLines(context, [`${about}${String(event.index + 1).padStart(2)}/${event.of} ${event.title}`]);
				break;
			}

			case 'rolling-back': {
				sayLines(context, [`${about}Rolling back …`]);
				break;
			}

			case 'step-left-out': {
				sayLines(context, [`${about}${event.reason}`]);
				break;
			}

			case 'proving': {
				sayLines(context, [`${about}Verifying the result …`]);
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
			case 'step-not-done':
			case 'finished': {
				break;
			}

			default: {
				event satisfies never;
			}
		}
	};
}

/** Gives the exit code. */
export function reportOutcome(context: CommandContext, outcome: Outcome, {done, gone, isRecovery = false}: {done: string; gone: readonly string[]; isRecovery?: boolean}): number {
	if (outcome.kind !== 'done') {
		const exitCode = sayFailure(context, outcome.failure);
		return outcome.kind === 'half-way' && exitCode === exitCodes.failed ? exitCodes.halfWay : exitCode;
	}

	if (!context.isJson) {
		sayLines(context, [done, ...gone, ...outcome.takenBytes === undefined ? [] : [describeTaken(outcome.takenBytes, isRecovery)], ...outcome.remarks ?? []]);
	}

	return 0;
}

/** What the document asks for. Fails with `usage`, or as the reading of the domain does. */
async function readDocument({world: {host}}: CommandContext, uuid: string, {given, documentPath}: ActOptions): Promise<Result<Given>> {
	const document = specOf(given).cli?.document;
	if (documentPath === undefined || document === undefined) {
		return succeed(given);
	}

	let text: string;
	try {
		text = await readFile(documentPath, 'utf8');
	} catch (error) {
		return fail({kind: 'usage', message: `${documentPath} cannot be read: ${error instanceof Error ? error.message : String(error)}`});
	}

	const details = await host.readDetails(uuid, {withForeignPins: false});
	return details.ok ? document.read(text, given, takenNames(details.value)) : details;
}

/** Gives the exit code. */
export async function actOnDomain(context: CommandContext, options: ActOptions): Promise<number> {
	const domain = await findDomain(context.world.host, options.domain);
	if (!domain.ok) {
		return sayFailure(context, domain.failure);
	}

	if (options.mode === 'run' && context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	const {uuid} = domain.value;
	const given = await readDocument(context, uuid, options);
	const plan = given.ok ? await prepareAction(context.planning, {...given.value, uuid}) : given;
	if (!plan.ok) {
		return sayFailure(context, plan.failure);
	}

	if (options.mode === 'shell') {
		const remoteArgv = await context.readRemoteArgv();
		if (!remoteArgv.ok) {
			return sayFailure(context, remoteArgv.failure);
		}

		context.writeOut(formatShellScript(plan.value, {remoteArgv: remoteArgv.value, title: titleOfAction(plan.value.action)}));
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

	if (!context.isJson) {
		sayLines(context, ['Checking that nothing has changed since the plan was made …']);
	}

	const outcome = await executePlan(context.world, plan.value, {onEvent: reportEvents(context), interrupt: context.interrupt});
	return reportOutcome(context, outcome, {done: `Done: ${describeDone(plan.value.action)}`, gone: goneWith(plan.value)});
}
