/**
One action on several domains, as the screen asks for it.
*/
import type {Given} from '../../actions/spec.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import type {Planning} from '../prepare.ts';
import type {World} from '../world.ts';
import {executeGroup, type GroupEnd, type GroupOptions} from './execute-group.ts';
import {prepareGroup} from './prepare-group.ts';

export type GroupServices = {
	/** Plans the same for several domains, each by itself: a result for each. */
	planGroup(asked: ReadonlyArray<Given & {uuid: string}>): Promise<Array<Result<Plan>>>;
	/** Runs plans that a person has confirmed, as one action. */
	executeGroup(plans: readonly Plan[], options: GroupOptions): Promise<GroupEnd>;
};

export function groupOf(world: World, planning: Planning, isReadOnly: boolean): GroupServices {
	return {
		planGroup: async asked => prepareGroup(planning, asked),
		executeGroup: async (plans, options) => isReadOnly
			? plans.map(plan => ({plan, outcome: {kind: 'rolled-back', failure: {kind: 'read-only'}}}))
			: executeGroup(world, plans, options),
	};
}
