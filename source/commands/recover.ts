/**
`vsnap-tui recover` without a screen: finishes, puts back or gives up what a crash left half-way, for all domains or for one.
*/
import {listNames} from '../model/text/list-names.ts';
import {formatWritten} from '../model/text/format.ts';
import {defaultDirection, type Direction} from '../engine/run/progress.ts';
import {recover} from '../engine/recover/recover.ts';
import {withUnknownSteps} from '../engine/recover/unknown-steps.ts';
import {readWays, type Obstacle, type Ways} from '../engine/recover/ways.ts';
import {prepareAction} from '../engine/prepare.ts';
import type {Outcome, UnfinishedAction} from '../engine/ports.ts';
import {goneWith} from '../model/plan/plan.ts';
import {requestOf, type Action} from '../model/plan/request.ts';
import {describeAction, describeDone} from '../actions/registry.ts';
import {describeStanding} from '../model/text/describe-standing.ts';
import {succeed} from '../model/result.ts';
import {exitCodes} from '../model/text/exit-codes.ts';
import {reportEvents, reportOutcome} from './act.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {sayForeignClaims, sayTroubles} from './journal-troubles.ts';

type RecoverOptions = {
	/** Name or UUID; undefined: every domain. */
	domain: string | undefined;
	/** Undefined: the way that fits how far each action got. */
	direction: Direction | undefined;
	mode: 'run' | 'show';
};

const flags: Record<Direction, string> = {back: 'roll-back', forward: 'roll-forward', 'give-up': 'give-up'};

const nothingWords = (troublesExitCode: number) => troublesExitCode === 0 ? 'No action was interrupted.' : 'No other action was interrupted.';

function doneWords(action: Action, direction: Direction, outcome: Outcome): string {
	const {name} = action.domain;
	return {
		back: outcome.kind === 'done' && outcome.remarks !== undefined ? `Done: "${name}" is rolled back.` : `Done: "${name}" is as it was before.`,
		forward: `Finished and verified. ${describeDone(action)}`,
		'give-up': `Given up: nothing of "${name}" was touched, and other actions are possible. vsnap-tui doctor says what is left to fix.`,
	}[direction];
}

/** What stands against a way, for programs. */
const possible = (obstacle: Obstacle | undefined) => obstacle === undefined ? {possible: true} : {possible: false, reason: obstacle.reason};

/** The ways as this connection sees them; undefined where the domain is of another host, or cannot be read. */
async function waysOf(context: CommandContext, action: UnfinishedAction): Promise<Ways | undefined> {
	const {host} = context.world;
	const facts = await host.readHost();
	const known = facts.ok && facts.value.uri === action.plan.uri ? await withUnknownSteps(host, action) : undefined;
	const ways = known?.ok ? await readWays(host, known.value) : undefined;
	return ways?.ok ? ways.value : undefined;
}

async function show(context: CommandContext, actions: UnfinishedAction[], troublesExitCode: number): Promise<number> {
	const entries = [];
	for (const action of actions) {
		const {domain} = action.plan.action;
		const ways = await waysOf(context, action);
		entries.push({
			domain,
			uri: action.plan.uri,
			plannedAt: action.plan.plannedAt,
			action: describeAction(action.plan.action),
			advice: flags[ways?.advice ?? defaultDirection(action)],
			now: ways && describeStanding(ways.now),
			...(ways && {'roll-back': possible(ways.back), 'roll-forward': possible(ways.forward)}),
			damage: action.damage,
			others: action.plan.others,
			isUnderWay: await context.world.store.isDomainLocked(domain.uuid),
		});
	}

	if (context.isJson) {
		sayJson(context, entries);
	} else {
		sayLines(context, entries.length === 0
			? [nothingWords(troublesExitCode)]
			: entries.flatMap(entry => [
				`${entry.domain.name} on ${entry.uri}: ${entry.action} (planned ${formatWritten(entry.plannedAt)}); ${entry.isUnderWay ? 'another process is working on it' : `best recovered with --${entry.advice}`}${entry.damage === undefined ? '' : `. Its journal is damaged: ${entry.damage}`}`,
				...(entry.now === undefined ? [] : [`  ${entry.now}`]),
				...(entry.others === undefined ? [] : [`  One action with ${listNames(entry.others.map(({name}) => name), 8)}: recover them the same way, so that they belong together.`]),
				...(['roll-back', 'roll-forward'] as const).flatMap(way => entry[way]?.possible === false ? [`  --${way} is not possible: ${entry[way].reason}`] : []),
			]));
	}

	return entries.length === 0 ? troublesExitCode : exitCodes.halfWay;
}

/** Gives the exit code: the highest of all actions. */
export async function recoverActions(context: CommandContext, options: RecoverOptions): Promise<number> {
	const unfinished = await context.world.store.readUnfinished();
	if (!unfinished.ok) {
		return sayFailure(context, unfinished.failure);
	}

	const troublesExitCode = sayTroubles(context, await context.world.store.readJournalTroubles());
	await sayForeignClaims(context, unfinished.value);
	const actions = unfinished.value.filter(({plan: {action: {domain}}}) => options.domain === undefined || options.domain === domain.name || options.domain === domain.uuid);
	if (options.mode === 'show') {
		return show(context, actions, troublesExitCode);
	}

	if (context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	let exitCode = troublesExitCode;
	for (const action of actions) {
		const known = options.direction === undefined ? await withUnknownSteps(context.world.host, action) : succeed(action);
		if (!known.ok) {
			exitCode = Math.max(exitCode, sayFailure(context, known.failure));
			continue;
		}

		const direction = options.direction ?? defaultDirection(known.value);
		const outcome = await recover(context.world, action, {
			direction,
			planAnew: async (again, replaces) => prepareAction(context.planning, requestOf(again), {replaces}),
			onEvent: reportEvents(context), interrupt: context.interrupt,
		});
		exitCode = Math.max(exitCode, reportOutcome(context, outcome, {
			done: doneWords(action.plan.action, direction, outcome), gone: direction === 'forward' ? goneWith(action.plan) : [], isRecovery: true,
		}));
	}

	if (actions.length === 0 && !context.isJson) {
		sayLines(context, [nothingWords(troublesExitCode)]);
	}

	return exitCode;
}
