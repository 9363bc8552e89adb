/**
One action on several domains without a screen: all plans are shown (`--dry-run`), given as a script, or run together (`--yes`), with a table of results.
*/
import {describeGroup, reasonOfEnd, wordOfEnd} from '../actions/group-words.ts';
import {titleOfAction} from '../actions/registry.ts';
import type {Given} from '../actions/spec.ts';
import {executeGroup, type GroupEnd, type GroupOptions} from '../engine/group/execute-group.ts';
import {prepareGroup} from '../engine/group/prepare-group.ts';
import type {DomainSummary} from '../model/domain/domain.ts';
import type {Plan} from '../model/plan/plan.ts';
import {succeed, type Result} from '../model/result.ts';
import {exitCodeOf, exitCodes} from '../model/text/exit-codes.ts';
import {formatJson} from '../model/text/visible-text.ts';
import {formatGroupScript} from '../planner/script/group-script.ts';
import {actOnDomain, reportEvents, type ActOptions} from './act.ts';
import {
	sayFailure, sayJson, sayLines, type CommandContext,
} from './context.ts';
import {findDomain} from './find-domain.ts';
import {describePlan} from './show-plan.ts';
import {formatTable} from './table.ts';

type GroupActOptions = {
	domains: readonly string[];
	given: Given;
	ifOneFails: GroupOptions['ifOneFails'];
	mode: 'run' | 'show' | 'shell';
};

const tableOf = (ends: GroupEnd): string[] => formatTable([
	['DOMAIN', 'OUTCOME', 'REASON'],
	...ends.map(end => [end.plan.action.domain.name, wordOfEnd(end.outcome), reasonOfEnd(end.plan, end.outcome)]),
]);

function exitCodeOfEnd({outcome}: GroupEnd[number]): number {
	if (outcome.kind === 'done') {
		return exitCodes.done;
	}

	const code = exitCodeOf(outcome.failure);
	return outcome.kind === 'half-way' && code === exitCodes.failed ? exitCodes.halfWay : code;
}

/** What needs a person first; then the cause; what only follows from it counts least. */
function worstOf(ends: GroupEnd): number {
	const rank = ({outcome}: GroupEnd[number]) => {
		if (outcome.kind === 'done') {
			return 0;
		}

		const isOwn = outcome.failure.kind !== 'other-failed';
		return outcome.kind === 'half-way' ? 3 : (isOwn ? 2 : 1);
	};

	const [worst] = [...ends].sort((one, other) => rank(other) - rank(one));
	return exitCodeOfEnd(worst!);
}

async function findDomains({world: {host}}: CommandContext, names: readonly string[]): Promise<Result<DomainSummary[]>> {
	const found = new Map<string, DomainSummary>();
	for (const name of names) {
		const domain = await findDomain(host, name);
		if (!domain.ok) {
			return domain;
		}

		// Named twice, it is meant once.
		found.set(domain.value.uuid, domain.value);
	}

	return succeed([...found.values()]);
}

async function showGroup(context: CommandContext, plans: readonly Plan[], {mode, ifOneFails}: GroupActOptions): Promise<number> {
	if (mode === 'shell') {
		const remoteArgv = await context.readRemoteArgv();
		if (!remoteArgv.ok) {
			return sayFailure(context, remoteArgv.failure);
		}

		context.writeOut(formatGroupScript(plans.map(plan => ({plan, title: titleOfAction(plan.action)})), remoteArgv.value));
	} else if (context.isJson) {
		sayJson(context, plans);
	} else {
		sayLines(context, [...plans.flatMap(plan => [...describePlan(plan), '']), ...describeGroup(plans, ifOneFails)]);
	}

	return exitCodes.done;
}

function reportEnds(context: CommandContext, ends: GroupEnd): number {
	if (context.isJson) {
		const results = ends.map(({plan: {id, action: {domain}}, outcome}) => ({id, domain, outcome}));
		context.writeOut(`${formatJson({kind: 'results', results})}\n`);
	} else {
		sayLines(context, ['', ...tableOf(ends)]);
	}

	for (const {plan, outcome} of ends) {
		if (outcome.kind !== 'done' && !(outcome.failure.kind === 'other-failed' && outcome.failure.rolledBack)) {
			sayFailure(context, outcome.failure, plan.action.domain.name);
		}
	}

	return worstOf(ends);
}

/** Gives the exit code: the worst of all. */
async function actOnGroup(context: CommandContext, options: GroupActOptions): Promise<number> {
	const {given, ifOneFails, mode} = options;
	const domains = await findDomains(context, options.domains);
	if (!domains.ok) {
		return sayFailure(context, domains.failure);
	}

	if (mode === 'run' && context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	const results = await prepareGroup(context.planning, domains.value.map(({uuid}) => ({...given, uuid})));
	const plans = results.flatMap(result => result.ok ? [result.value] : []);
	if (plans.length < results.length) {
		const codes = results.flatMap((result, index) => result.ok ? [] : [sayFailure(context, result.failure, domains.value[index]!.name)]);
		return codes[0]!;
	}

	if (mode !== 'run') {
		return showGroup(context, plans, options);
	}

	if (!context.isJson) {
		sayLines(context, [...describeGroup(plans, ifOneFails), 'Checking that nothing has changed since the plans were made …']);
	}

	const ends = await executeGroup(context.world, plans, {
		ifOneFails,
		interrupt: context.interrupt,
		onEvent(event, plan) {
			reportEvents(context, plan.action.domain)(event);
		},
	});
	return reportEnds(context, ends);
}

/** On one domain, or on several at once. Gives the exit code. */
export async function actOnDomains(context: CommandContext, {group, ...options}: ActOptions & {group?: {others: readonly string[]; ifOneFails: GroupOptions['ifOneFails']}}): Promise<number> {
	return group === undefined ? actOnDomain(context, options) : actOnGroup(context, {...options, domains: [options.domain, ...group.others], ifOneFails: group.ifOneFails});
}
