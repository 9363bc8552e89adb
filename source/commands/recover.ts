/**
`vsnap-tui recover` without a screen: finishes or puts back what a crash left half-way.
*/
import {defaultDirection, recover, type Direction} from '../engine/recover.ts';
import {prepareAction} from '../engine/prepare.ts';
import {withUnknownSteps} from '../engine/unknown-steps.ts';
import {wishOf} from '../model/action.ts';
import {describeAction} from '../model/describe-action.ts';
import {reportEvents, reportOutcome} from './act.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {sayForeignClaims, sayTroubles} from './journal-troubles.ts';

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

	const troublesExitCode = sayTroubles(context, await context.world.store.readJournalTroubles());
	await sayForeignClaims(context, unfinished.value);
	if (options.mode === 'show') {
		const entries = [];
		for (const action of unfinished.value) {
			entries.push({
				domain: action.plan.action.domain,
				uri: action.plan.uri,
				plannedAt: action.plan.plannedAt,
				action: describeAction(action.plan.action),
				advice: defaultDirection(action) === 'back' ? 'roll-back' : 'roll-forward',
				damage: action.damage,
				isUnderWay: await context.world.store.isDomainLocked(action.plan.action.domain.uuid),
			});
		}

		if (context.isJson) {
			sayJson(context, entries);
		} else {
			sayLines(context, entries.length === 0
				? (troublesExitCode === 0 ? ['Nothing is unfinished.'] : ['Nothing else is unfinished.'])
				: entries.map(entry =>
					`${entry.domain.name} on ${entry.uri}: ${entry.action} (planned ${entry.plannedAt}); ${entry.isUnderWay ? 'another process works on it now' : `best recovered with --${entry.advice}`}${entry.damage === undefined ? '' : `. Its journal is damaged: ${entry.damage}`}`));
		}

		return entries.length === 0 ? troublesExitCode : unfinishedExitCode;
	}

	if (context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	let exitCode = troublesExitCode;
	for (const action of unfinished.value) {
		const known = await withUnknownSteps(context.world.owner, action);
		if (!known.ok) {
			exitCode = Math.max(exitCode, sayFailure(context, known.failure));
			continue;
		}

		const direction = options.direction ?? defaultDirection(known.value);
		const {name} = action.plan.action.domain;

		const outcome = await recover(context.world, action, {
			direction,
			planAnew: async again => prepareAction(context.planning, wishOf(again)),
			onEvent: reportEvents(context), interrupt: context.interrupt,
		});
		exitCode = Math.max(exitCode, reportOutcome(context, outcome, `Done: "${name}" ${direction === 'back' ? 'is as it was before' : 'is finished'}.`));
	}

	if (unfinished.value.length === 0 && !context.isJson) {
		sayLines(context, [troublesExitCode === 0 ? 'Nothing is unfinished.' : 'Nothing else is unfinished.']);
	}

	return exitCode;
}
