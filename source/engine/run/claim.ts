/**
One action at a time on a domain, for all users of its host: beside the lock in the private folder, which only runs of one user see, a mark that the host
keeps. It is there from the checks on until the action is over; where that ends half-way it stays, for it tells the others.
*/
import process from 'node:process';
import {describeClaim, remedyFor, type Claim, type FoundClaim} from '../../model/plan/claim.ts';
import {describeAction} from '../../actions/registry.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {World} from '../world.ts';
import type {
	Claims, Outcome, Host, StateStore,
} from '../ports.ts';

function claimOf({store, clock, person}: World, plan: Plan, stage: Claim['stage']): Claim {
	return {
		planId: plan.id,
		domain: plan.action.domain,
		user: person.user,
		host: '',
		space: '',
		pid: process.pid,
		since: clock.now().toISOString(),
		what: describeAction(plan.action),
		statePath: store.workPath(''),
		stage,
	};
}

/** What another's mark means for somebody who wants to begin. Fails with `busy`, or with `refused` where its process has gone. */
function refuseForClaim(found: FoundClaim, domain: Plan['action']['domain']): Result<never> {
	const name = found.claim?.domain.name ?? domain.name;
	const remedy = remedyFor(found);
	return found.life === 'gone'
		? fail({
			kind: 'refused',
			blockers: [{kind: 'unfinished-action', text: `An action on this domain was interrupted: ${describeClaim(found)}.`, remedy}],
		})
		: fail({
			kind: 'busy', what: `The domain "${name}"`, holder: describeClaim(found), ...(found.life === 'unknown' && {remedy: `Wait until it has ended. ${remedy}`}),
		});
}

type OwnJournals = Pick<StateStore, 'workPath' | 'readUnfinishedPlan'>;

/** Of a mark whose process has gone: it had changed nothing yet, or it is our own and its journal says that it is over. */
async function isVoid(store: OwnJournals, {claim, life}: FoundClaim): Promise<boolean> {
	if (claim === undefined || life !== 'gone') {
		return false;
	}

	if (claim.stage === 'checking') {
		return true;
	}

	const journal = claim.statePath === store.workPath('') ? await store.readUnfinishedPlan(claim.planId) : undefined;
	return journal?.ok === true && journal.value === undefined;
}

async function take(world: World, claims: Claims, plan: Plan, stage: Claim['stage']): Promise<Result<void>> {
	const claim = claimOf(world, plan, stage);
	const taken = await claims.take(claim);
	if (!taken.ok || taken.value === undefined) {
		return taken.ok ? succeed(undefined) : taken;
	}

	if (!await isVoid(world.store, taken.value)) {
		return refuseForClaim(taken.value, plan.action.domain);
	}

	const cleared = await claims.clear(taken.value);
	const again = cleared.ok ? await claims.take(claim) : cleared;
	return again.ok && again.value !== undefined ? refuseForClaim(again.value, plan.action.domain) : (again.ok ? succeed(undefined) : again);
}

/**
Before anything is planned: whether another user is at work on this domain, or stopped half-way. What this user left is told by its own journal. Fails as the
beginning would, and where the marks cannot be read.
*/
export async function checkOthers({host, store}: {host: Host; store: OwnJournals}, domain: Plan['action']['domain']): Promise<Result<void>> {
	const found = await host.claims?.read(domain.uuid);
	if (found === undefined || !found.ok || found.value === undefined) {
		return found === undefined || found.ok ? succeed(undefined) : found;
	}

	const isOwn = found.value.life !== 'unknown' && found.value.claim?.statePath === store.workPath('');
	return isOwn || await isVoid(store, found.value) ? succeed(undefined) : refuseForClaim(found.value, domain);
}

/** For who gives an action up, his own or another's: takes away whatever mark the domain has. Nothing else is touched. */
export async function giveUpClaim({host}: Pick<World, 'host'>, domainUuid: string): Promise<Result<void>> {
	const found = await host.claims?.read(domainUuid);
	return found === undefined || (found.ok && found.value === undefined) ? succeed(undefined) : (found.ok ? host.claims!.clear(found.value!) : found);
}

/** Works while the domain is marked as ours. `hasJournal`: something may have been changed already. `markBegun` is to be called before the first change. */
export async function underClaim(world: World, plan: Plan, options: {hasJournal: boolean}, act: (markBegun: () => Promise<Result<void>>) => Promise<Outcome>): Promise<Outcome> {
	const {claims} = world.host;
	if (claims === undefined) {
		return act(async () => succeed(undefined));
	}

	const taken = await take(world, claims, plan, options.hasJournal ? 'running' : 'checking');
	if (!taken.ok) {
		return {kind: 'rolled-back', failure: taken.failure};
	}

	const outcome = await act(async () => take(world, claims, plan, 'running'));
	if (outcome.kind !== 'half-way') {
		await claims.release(plan.id);
	}

	return outcome;
}
