/**
The moment when several domains go over: all guests that are to be frozen are frozen first, then each domain takes its first steps of the switch directly after the one before, then all
guests are thawed, whatever has happened in between.
*/
import type {Plan, Step} from '../../model/plan/plan.ts';
import {progressOf, stateOf} from '../run/progress.ts';
import {note} from '../run/run-steps.ts';
import {isGoing, runThese, type Begun} from './member.ts';

const freezeOf = ({steps}: Plan) => steps.find(({freezing}) => freezing === 'begins');
const thawOf = ({steps}: Plan) => steps.find(({freezing}) => freezing === 'ends');

/** The steps of the switch that are taken while the others wait: those before the thaw, or the first one where nothing is frozen. */
export function momentOf(plan: Plan): Set<Step> {
	const switching = plan.steps.filter(({phase}) => phase === 'switch');
	const thaw = switching.findIndex(({freezing}) => freezing === 'ends');
	return new Set(switching.slice(0, thaw === -1 ? 1 : thaw));
}

/** By the journal: a freeze that was begun counts, however it ended. */
function isFrozen({plan, work}: Begun): boolean {
	const [freeze, thaw] = [freezeOf(plan), thawOf(plan)];
	const {states} = progressOf(work);
	return freeze !== undefined && stateOf(states, freeze) !== 'untouched' && (thaw === undefined || stateOf(states, thaw) !== 'done');
}

/** Thaws by the way back of the freeze, which the journal then counts as never begun: what is put back later has nothing to thaw. */
async function undoFreeze({plan, work}: Begun): Promise<void> {
	const freeze = freezeOf(plan)!;
	for (const command of freeze.undo ?? []) {
		const wanted = command.onlyIf === undefined ? undefined : await work.host.observe(command.onlyIf);
		// What cannot be observed is thawed all the same.
		const result = wanted?.ok && !wanted.value ? wanted : await work.host.run(command, {timeoutMs: freeze.timeoutMs});
		if (!result.ok) {
			// The journal tells of the freeze still, so the way back, or recovery, thaws once more.
			return;
		}
	}

	const noted = await note(work, {kind: 'undone', step: freeze.id});
	if (noted.ok) {
		work.onEvent({kind: 'step-undone', step: freeze.id});
	}
}

async function thaw(member: Begun): Promise<void> {
	const moment = momentOf(member.plan);
	const {states} = progressOf(member.work);
	// The step itself belongs to the switch: it is taken only by those that have gone over.
	if (isGoing(member) && [...moment].every(step => stateOf(states, step) === 'done')) {
		await runThese(member, step => step.freezing === 'ends');
	}

	if (isFrozen(member)) {
		await undoFreeze(member);
	}
}

type Rules = {isInterrupted: () => boolean; /** One that fails stops the others. */ stopsAll: boolean};

/** Ends with no guest frozen that could be thawed; whoever failed has `stopped`. */
export async function goOver(members: readonly Begun[], {isInterrupted, stopsAll}: Rules): Promise<void> {
	const ends = () => stopsAll && members.some(member => !isGoing(member));
	try {
		await Promise.all(members.filter(member => isGoing(member)).map(async member => runThese(member, step => step.freezing === 'begins', isInterrupted)));
		// From the first step of the switch on, an interruption waits: a half of them would be worth nothing.
		const isOver = isInterrupted();
		for (const member of members) {
			if (isOver && isGoing(member)) {
				member.stopped = {kind: 'interrupted'};
			}

			if (isOver || ends()) {
				continue;
			}

			const moment = momentOf(member.plan);
			await (isGoing(member) ? runThese(member, step => moment.has(step)) : undefined);
		}
	} finally {
		await Promise.all(members.filter(member => isFrozen(member)).map(async member => thaw(member)));
	}
}
