/**
Which ways out of an unfinished action are open, and what stands against the others: the world is compared with the journal before anything is touched.
*/
import {posix} from 'node:path';
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {madeFiles, readTouched} from '../run/made-files.ts';
import type {Owner, UnfinishedAction} from '../ports.ts';
import {
	defaultDirection, lookAtRemovals, mergesBack, progressOf, stateOf, type Direction, type Progress,
} from '../run/progress.ts';
import {readMissingSteps, readOvertaken} from './missing-steps.ts';
import {
	describeMeanwhile, findMeanwhile, isSwitchedBack, liveOnNew,
} from './compare-journal.ts';

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
type Look = {plan: Plan; progress: Progress; details: DomainDetails; touched: string[]};

const listed = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');

/** Why a way is closed, in a sentence; `lead`: what opens it. */
type Against = {reason: string; lead?: string};

function againstBack({plan, progress, details, touched}: Look): Against | undefined {
	if (progress.hasRemoved) {
		return {reason: 'It can no longer be put back: images have been removed, or merged into others.'};
	}

	if (!progress.hasSwitched) {
		return undefined;
	}

	const meanwhile = describeMeanwhile(findMeanwhile(plan, details));
	if (meanwhile.length > 0) {
		return {reason: `${meanwhile.join(' ')} Going back would take the domain off what was written since.`};
	}

	const start = plan.steps.find(step => step.startsDomain);
	const isOurStart = start !== undefined && stateOf(progress.states, start) !== 'untouched';
	const live = isOurStart ? [] : liveOnNew(plan, details);
	const isWaitingForOff = details.domain.liveDefinition !== undefined && !isOurStart && plan.steps.some(step => step.undoWhileOff && stateOf(progress.states, step) !== 'untouched');
	if (plan.steps.some(step => mergesBack(step))) {
		return live.length > 0 && isWaitingForOff
			? {
				reason: `Somebody has started the domain on its new disks since (${listed(live)}), and what it writes can only be merged back while it is off.`,
				lead: 'Shut it down, then put everything back: vsnap-tui recover --roll-back.',
			}
			: undefined;
	}

	if (touched.length > 0) {
		return {reason: `The disks of this action have been written to since (${listed(touched)}): what was written would be lost.`};
	}

	if (live.length > 0) {
		return {reason: `Somebody has started the domain on its new disks since (${listed(live)}): what it writes would be lost.`};
	}

	// Its firmware's variables would be written over while it works with them.
	return isWaitingForOff ? {reason: 'Somebody has started the domain since, and its firmware\'s variables have to be put back.'} : undefined;
}

/** Whether going forward means to put back what was made, and to plan the same again. */
export function startsAnew({hasRemoved, hasSwitched, wasGoingBack}: Progress): boolean {
	return !hasRemoved && (wasGoingBack || !hasSwitched);
}

/** A domain that was started between the steps of a merge, and what it wrote to an image that is to go. */
async function againstMerging(owner: Owner, {plan, records}: UnfinishedAction, {progress, details}: Look): Promise<Result<Against | undefined>> {
	const overtaken = await readOvertaken(owner, {plan, records}, progress);
	if (!overtaken.ok) {
		return overtaken;
	}

	for (const {step, paths} of overtaken.value) {
		const doneWhen = await owner.observe(step.doneWhen);
		if (!doneWhen.ok || doneWhen.value) {
			return doneWhen.ok
				? succeed({
					reason: `Somebody ran the domain on ${listed(paths)} since its content was merged into the image below, and the domain is on that one by now. What was written then stands in ${paths.join(', ')} alone.`,
					lead: 'Let the definition name that image again (virsh edit), and finish it: vsnap-tui recover --roll-forward.',
				})
				: doneWhen;
		}
	}

	for (const {id, pivot} of plan.steps) {
		const isUnsure = pivot !== undefined && details.domain.liveDefinition === undefined && progress.states.get(id) !== 'done'
			&& records.some(record => record.kind === 'pivoting' && record.step === id);
		const same = isUnsure ? await owner.observe({kind: 'reads-same', path: pivot.from, other: pivot.to, otherFormat: pivot.toFormat}) : succeed(true);
		if (!same.ok || !same.value) {
			return same.ok
				? succeed({
					reason: `The guest was about to go over from ${pivot!.from} to ${pivot!.to} when nothing more was heard of it, and it has ended since. The two differ, and nobody can tell on which it was last.`,
					lead: `Keep copies of both. If the later one is ${pivot!.from}, commit it (qemu-img commit -d -b ${pivot!.to} ${pivot!.from}); if it is ${pivot!.to}, take that for the disk. Then finish it.`,
				})
				: same;
		}
	}

	const missing = await readMissingSteps(owner, {plan, records}, progress);
	const waiting = missing.ok && details.domain.liveDefinition !== undefined ? plan.steps.find(step => step.needsOff && missing.value.has(step.id)) : undefined;
	return missing.ok
		? succeed(waiting && {
			reason: `Somebody has started the domain since, and "${waiting.title}" can only be done while it is off.`,
			lead: 'Shut it down, then finish it: vsnap-tui recover --roll-forward. What the guest has written is kept.',
		})
		: missing;
}

async function againstForward(owner: Owner, action: UnfinishedAction, look: Look): Promise<Result<Against | undefined>> {
	const {plan, progress, details, touched} = look;
	const meanwhile = describeMeanwhile(findMeanwhile(plan, details));
	// Each removal proves by itself that nobody needs the image, and the proof comes before it.
	const isDoneButRemovals = plan.steps.every(step => step.phase === 'remove' || stateOf(progress.states, step) === 'done');
	if (meanwhile.length > 0 && !isDoneButRemovals) {
		return succeed({reason: `${meanwhile.join(' ')} What this action has still to do was planned without that.`});
	}

	if (isSwitchedBack(plan, details, progress)) {
		return succeed({reason: 'Somebody has put the definition of the domain back to other disks since.'});
	}

	for (const step of plan.steps.filter(candidate => candidate.countsOnlyIfLogged && stateOf(progress.states, candidate) === 'untouched')) {
		const doneWhen = await owner.observe(step.doneWhen);
		if (!doneWhen.ok) {
			return doneWhen;
		}

		if (doneWhen.value || touched.length > 0) {
			return succeed({
				reason: doneWhen.value
					? `Somebody has started the domain since, but not from the memory of the snapshot ("${step.title}" was still to come).`
					: `The disks have been written to since (${listed(touched)}), so the memory of the snapshot no longer fits them.`,
			});
		}
	}

	return againstMerging(owner, action, look);
}

function remedyFor(plan: Plan, leads: ReadonlyArray<string | undefined>): string {
	const name = quoteForShell(plan.action.domain.name);
	const giveUp = `vsnap-tui recover --give-up ${name}`;
	const other = leads.filter(lead => lead !== undefined).join(' Or: ');
	return other === ''
		? `Leave everything as it is: ${giveUp}. It touches nothing, and other actions are possible again; vsnap-tui doctor ${name} then says what is left.`
		: `${other} Or leave everything as it is, and forget this action: ${giveUp}.`;
}

/** Fails where the domain cannot be read. */
export async function readWays(owner: Owner, action: UnfinishedAction): Promise<Result<Ways>> {
	const {plan, records} = action;
	const details = await owner.readDetails(plan.action.domain.uuid, {withForeignPins: false});
	const touched = await readTouched(owner, madeFiles(plan, records), targetOf(plan).expected.heads.map(({path}) => path));
	if (!details.ok) {
		return details;
	}

	if (!touched.ok) {
		return touched;
	}

	const progress = await lookAtRemovals(owner, plan, progressOf(action));
	const look = {plan, progress, details: details.value, touched: touched.value};
	const back = againstBack(look);
	// Going forward by doing it anew begins with the way back, and then plans from the world as it is.
	const forward = startsAnew(progress) ? succeed(back) : await againstForward(owner, action, look);
	if (!forward.ok) {
		return forward;
	}

	const fits = defaultDirection(action);
	const isOpen = {back: back === undefined, forward: forward.value === undefined};
	const otherWay = fits === 'back' ? 'forward' : 'back';
	return succeed({
		back: back === undefined
			? undefined
			: {reason: back.reason, remedy: remedyFor(plan, [isOpen.forward ? 'Finish it, which keeps what was written: vsnap-tui recover --roll-forward.' : undefined, back.lead])},
		forward: forward.value === undefined
			? undefined
			: {reason: forward.value.reason, remedy: remedyFor(plan, [isOpen.back ? 'Put everything back: vsnap-tui recover --roll-back.' : undefined, forward.value.lead])},
		advice: isOpen[fits] ? fits : (isOpen[otherWay] ? otherWay : 'give-up'),
	});
}
