/**
The planner of any action. All of them are pure: the world, the time and the id come in.
*/
import type {PlanArguments} from '../planner/context.ts';
import {planContext} from '../planner/plan-context.ts';
import {encryptPlan} from '../planner/encryption/encrypt-plan.ts';
import {guardWrites} from '../planner/guard-writes.ts';
import {describeSpace, spaceOf} from '../planner/storage/space.ts';
import {throughPools} from '../planner/pools/through-pools.ts';
import {joinPermissions} from '../planner/checks/permissions.ts';
import type {Action} from '../model/plan/request.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Blocker} from '../model/failure.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {plannerOf} from './planners.ts';
import {commandWithRights} from './with-rights.ts';

/** The first that more rights would answer names the command that does the same with them. */
function nameCommand(blockers: readonly Blocker[], action: Action, {host}: Inventory): Blocker[] {
	const first = blockers.findIndex(({needsRights}) => needsRights);
	const command = first === -1 ? undefined : commandWithRights(action, host.uri);
	return blockers.map((blocker, index) => index === first && command !== undefined ? {...blocker, remedy: [...(blocker.remedy === undefined ? [] : [blocker.remedy]), `As root: ${command}`].join(' ')} : blocker);
}

/** Fails with `refused` and every reason at once, with `snapshot-not-found`, or with `unreadable` where a document cannot be changed. */
export function planAction(action: Action, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const plan = completePlan(action, inventory, given);
	return !plan.ok && plan.failure.kind === 'refused' ? fail({...plan.failure, blockers: nameCommand(joinPermissions(plan.failure.blockers), action, inventory)}) : plan;
}

function completePlan(action: Action, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const plan = plannerOf(action).plan(action, inventory, given);
	if (!plan.ok) {
		return plan;
	}

	const context = planContext(inventory, given);
	const space = spaceOf(plan.value, inventory, context.graph);
	const withSpace: Plan = space === undefined ? plan.value : {...plan.value, space, consequences: [...plan.value.consequences, describeSpace(space)]};
	const guarded = guardWrites(context, withSpace);
	const reached = guarded.ok ? throughPools(context, guarded.value) : guarded;
	const encrypted = reached.ok && context.can.opensEncrypted ? encryptPlan(context, reached.value) : reached;
	return encrypted.ok ? succeed(context.hypervisor.complete(encrypted.value)) : encrypted;
}
