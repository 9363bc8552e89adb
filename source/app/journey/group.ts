/**
A guided action for several domains at once: one page with a plan for each, confirmed once.
*/
import {ifOneFailsWords, type IfOneFails} from '../../actions/group-words.ts';
import type {Field} from '../../actions/question.ts';
import {specOf} from '../../actions/registry.ts';
import type {Given} from '../../actions/spec.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Request} from '../../model/plan/request.ts';
import {fail, succeed, type Result} from '../../model/result.ts';

/** `given`: what is asked of this domain, where it is not what is asked of the first. */
export type Other = {uuid: string; name: string; given?: Given};

export type Group = {
	others: readonly Other[];
	ifOneFails: IfOneFails;
	/** Those of the last answer, that of the first domain first. */
	plans: readonly Plan[];
};

export const newGroup = (others: readonly Other[]): Group => ({others, ifOneFails: 'roll-back', plans: []});

export type AskedOfGroup = Array<{name: string; request: Given & {uuid: string}}>;

/** What is asked of each domain, the first one first. */
export function askedOf({others}: Group, {domain, request, details}: {domain: string; request: Request; details: DomainDetails | undefined}): AskedOfGroup {
	const spec = specOf(request);
	const together = <G extends Given>(given: G): G => (spec.cli?.together?.(given) ?? given) as unknown as G;
	const shared = details === undefined ? undefined : spec.share?.(request, details);
	const {uuid, ...own} = request;
	return [
		{name: domain, request: {...together(own as Given), uuid}},
		...others.map(other => ({name: other.name, request: {...together(other.given ?? shared ?? own as Given), uuid: other.uuid}})),
	];
}

/** All of them, or every reason against it with the domain that it concerns. */
export function combine(results: ReadonlyArray<Result<Plan>>, names: readonly string[]): {result: Result<Plan>; plans: Plan[]} {
	const plans = results.flatMap(result => result.ok ? [result.value] : []);
	if (plans.length === results.length) {
		return {result: succeed(plans[0]!), plans};
	}

	const other = results.find(result => !result.ok && result.failure.kind !== 'refused');
	const blockers = results.flatMap((result, index) => result.ok || result.failure.kind !== 'refused'
		? []
		: result.failure.blockers.map(blocker => ({...blocker, text: `${names[index]!}: ${blocker.text}`})));
	return {result: other ?? fail({kind: 'refused', blockers}), plans: []};
}

export function groupField({ifOneFails}: Group): Field {
	const choice = (id: IfOneFails) => ({id, label: ifOneFailsWords[id], change: {ifOneFails: id}});
	const {label, question} = ifOneFailsWords;
	return {
		kind: 'choice', id: 'if-one-fails', label, question, chosen: ifOneFails, choices: [choice('roll-back'), choice('keep')],
	};
}
