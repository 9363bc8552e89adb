/**
Which ways out of an unfinished action are open, and what stands against the others: the world is compared with the journal before anything is touched.
*/
import {posix} from 'node:path';
import type {DomainPicture} from '../model/inventory.ts';
import type {Plan} from '../model/plan.ts';
import {succeed, type Result} from '../model/result.ts';
import {quoteForShell} from '../model/shell-quote.ts';
import {
	describeMeanwhile, findMeanwhile, isSwitchedBack, liveOnNew,
} from './compare-journal.ts';
import {madeFiles, readTouched} from './made-files.ts';
import type {Owner, UnfinishedAction} from './ports.ts';
import {
	defaultDirection, lookAtRemovals, progressOf, stateOf, type Direction, type Progress,
} from './progress.ts';

/** Why a way is closed, and what leads on. */
export type Obstacle = {reason: string; remedy: string};

export type Ways = {
	/** Undefined: open. */
	back: Obstacle | undefined;
	forward: Obstacle | undefined;
	/** The way that fits, if it is open; else another that is. */
	advice: Direction;
};

/** What was read for it. */
type Look = {plan: Plan; progress: Progress; picture: DomainPicture; touched: string[]};

const listed = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');

/** A plan that moved the running domain merges its overlays back: what was written to them since stays. */
function mergesBack(plan: Plan): boolean {
	return plan.steps.some(step => step.undo?.some(command => command.merges !== undefined));
}

/** Against going back, in a sentence. */
function reasonAgainstBack({plan, progress, picture, touched}: Look): string | undefined {
	if (progress.hasRemoved) {
		return 'It cannot be put back any more: images have been removed, or merged into others.';
	}

	if (!progress.hasSwitched) {
		return undefined;
	}

	const meanwhile = describeMeanwhile(findMeanwhile(plan, picture));
	if (meanwhile.length > 0) {
		return `${meanwhile.join(' ')} Going back would take the domain off what was written since.`;
	}

	if (mergesBack(plan)) {
		return undefined;
	}

	const start = plan.steps.find(step => step.id === 'start');
	const isOurStart = start !== undefined && stateOf(progress.states, start) !== 'untouched';
	const live = isOurStart ? [] : liveOnNew(plan, picture);
	if (touched.length > 0) {
		return `The disks of this action have been written to since (${listed(touched)}): what was written would be lost.`;
	}

	if (live.length > 0) {
		return `Somebody has started the domain on its new disks since (${listed(live)}): what it writes would be lost.`;
	}

	// Its firmware's variables would be written over while it works with them.
	const putsNvramBack = picture.domain.liveDefinition !== undefined && !isOurStart && plan.steps.some(step => step.undoWhileOff && stateOf(progress.states, step) !== 'untouched');
	return putsNvramBack ? 'Somebody has started the domain since, and its firmware\'s variables have to be put back.' : undefined;
}

/** Whether going forward means to put back what was made, and to plan the same again. */
export function startsAnew({hasRemoved, hasSwitched, wasGoingBack}: Progress): boolean {
	return !hasRemoved && (wasGoingBack || !hasSwitched);
}

async function reasonAgainstForward(owner: Owner, {plan, progress, picture, touched}: Look): Promise<Result<string | undefined>> {
	const meanwhile = describeMeanwhile(findMeanwhile(plan, picture));
	// Each removal proves by itself that nobody needs the image, and the proof comes before it.
	const isDoneButRemovals = plan.steps.every(step => step.phase === 'remove' || stateOf(progress.states, step) === 'done');
	if (meanwhile.length > 0 && !isDoneButRemovals) {
		return succeed(`${meanwhile.join(' ')} What this action has still to do was planned without that.`);
	}

	if (isSwitchedBack(plan, picture, progress)) {
		return succeed('Somebody has put the definition of the domain back to other disks since.');
	}

	for (const step of plan.steps.filter(candidate => candidate.mustBeOurs && stateOf(progress.states, candidate) === 'untouched')) {
		const happened = await owner.observe(step.happened);
		if (!happened.ok) {
			return happened;
		}

		if (happened.value || touched.length > 0) {
			return succeed(happened.value
				? `Somebody has started the domain since, but not from the memory of the snapshot ("${step.title}" was still to come).`
				: `The disks have been written to since (${listed(touched)}), so the memory of the snapshot does not fit them any more.`);
		}
	}

	return succeed(undefined);
}

function remedyFor(plan: Plan, other: string | undefined): string {
	const name = quoteForShell(plan.action.domain.name);
	const giveUp = `vsnap-tui recover --give-up ${name}`;
	return other === undefined
		? `Leave everything as it is: ${giveUp}. It touches nothing, and other actions are possible again; vsnap-tui doctor ${name} then says what is left.`
		: `${other} Or leave everything as it is, and forget this action: ${giveUp}.`;
}

/** Fails where the domain cannot be read. */
export async function readWays(owner: Owner, action: UnfinishedAction): Promise<Result<Ways>> {
	const {plan, records} = action;
	const picture = await owner.readPicture(plan.action.domain.uuid, {withForeignPins: false});
	const touched = await readTouched(owner, madeFiles(plan, records), plan.expected.heads.map(({path}) => path));
	if (!picture.ok) {
		return picture;
	}

	if (!touched.ok) {
		return touched;
	}

	const progress = await lookAtRemovals(owner, plan, progressOf(action));
	const look = {plan, progress, picture: picture.value, touched: touched.value};
	const back = reasonAgainstBack(look);
	// Going forward by doing it anew begins with the way back, and then plans from the world as it is.
	const forward = startsAnew(progress) ? succeed(back) : await reasonAgainstForward(owner, look);
	if (!forward.ok) {
		return forward;
	}

	const fits = defaultDirection(action);
	const isOpen = {back: back === undefined, forward: forward.value === undefined};
	const otherWay = fits === 'back' ? 'forward' : 'back';
	return succeed({
		back: back === undefined ? undefined : {reason: back, remedy: remedyFor(plan, isOpen.forward ? 'Finish it, which keeps what was written: vsnap-tui recover --roll-forward.' : undefined)},
		forward: forward.value === undefined ? undefined : {reason: forward.value, remedy: remedyFor(plan, isOpen.back ? 'Put everything back: vsnap-tui recover --roll-back.' : undefined)},
		advice: isOpen[fits] ? fits : (isOpen[otherWay] ? otherWay : 'give-up'),
	});
}
