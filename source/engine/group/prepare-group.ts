/**
Planning for several domains at once: each by its own planner, then all beside each other.
*/
import type {Given} from '../../actions/spec.ts';
import {overlapsWith} from '../../model/plan/overlap.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {prepareAction, type Planning} from '../prepare.ts';

/** A result for each, in the given order: nothing is to begin where one of them failed. */
export async function prepareGroup(planning: Planning, asked: ReadonlyArray<Given & {uuid: string}>): Promise<Array<Result<Plan>>> {
	// At one time, so that a name made of it is the same everywhere.
	const now = planning.clock.now();
	const results: Array<Result<Plan>> = [];
	for (const given of asked) {
		results.push(await prepareAction({...planning, clock: {now: () => now}}, given));
	}

	const plans = results.flatMap(result => result.ok ? [result.value] : []);
	return results.map(result => {
		const blockers = result.ok ? overlapsWith(result.value, plans.filter(other => other !== result.value)) : [];
		if (!result.ok || blockers.length > 0) {
			return result.ok ? fail({kind: 'refused', blockers}) : result;
		}

		const others = plans.filter(other => other !== result.value).map(({action}) => action.domain);
		return succeed(others.length === 0 ? result.value : {...result.value, others});
	});
}
