/**
`vsnap-tui recover` without a screen: finishes or puts back what a crash left half-way.
*/
import {describeAction} from '../engine/execute.ts';
import {defaultDirection, recover, type Direction} from '../engine/recover.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {reportEvents, reportOutcome} from './revert.ts';

export type RecoverOptions = {
	/** Undefined: the way that fits how far each action got. */
	direction: Direction | undefined;
	mode: 'run' | 'show';
};

const unfinishedExitCode = 4;

export async function recoverActions(context: CommandContext, options: RecoverOptions): Promise<number> {
	const unfinished = await context.world.store.readUnfinished();
	if (!unfinished.ok) {
		return sayFailure(context, unfinished.failure);
	}

	const host = await context.world.owner.readHost();
	if (!host.ok) {
		return sayFailure(context, host.failure);
	}

	const here = unfinished.value.filter(action => action.plan.uri === host.value.uri);
	const elsewhere = unfinished.value.filter(action => action.plan.uri !== host.value.uri);
	if (options.mode === 'show') {
		const entries = unfinished.value.map(action => ({
			domain: action.plan.action.domain,
			uri: action.plan.uri,
			plannedAt: action.plan.plannedAt,
			action: describeAction(action.plan),
			advice: defaultDirection(action) === 'back' ? 'roll-back' : 'roll-forward',
		}));
		if (context.isJson) {
			sayJson(context, entries);
		} else {
			sayLines(context, entries.length === 0
				? ['Nothing is unfinished.']
				: entries.map(entry =>
					`${entry.domain.name} on ${entry.uri}: ${entry.action} (planned ${entry.plannedAt}); best recovered with --${entry.advice}`));
		}

		return entries.length === 0 ? 0 : unfinishedExitCode;
	}

	if (context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	let exitCode = 0;
	for (const action of here) {
		const direction = options.direction ?? defaultDirection(action);
		const {name} = action.plan.action.domain;

		const outcome = await recover(context.world, action, {direction, onEvent: reportEvents(context), interrupt: context.interrupt});
		exitCode = Math.max(exitCode, reportOutcome(context, outcome, `Done: "${name}" ${direction === 'back' ? 'is as it was before' : 'is finished'}.`));
	}

	for (const action of elsewhere) {
		exitCode = Math.max(exitCode, sayFailure(context, {
			kind: 'recovery-refused',
			reason: `An action on "${action.plan.action.domain.name}" is unfinished on another host, ${action.plan.uri}.`,
			remedy: 'Recover it there: vsnap-tui recover --connect URI.',
		}));
	}

	if (unfinished.value.length === 0 && !context.isJson) {
		sayLines(context, ['Nothing is unfinished.']);
	}

	return exitCode;
}
