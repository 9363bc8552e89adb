/**
Which ways out of an unfinished action are open, and what stands against the others: the world is compared with the journal before anything is touched.
*/
import {posix} from 'node:path';
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import {buildImageGraph, isWholeChain} from '../../model/images/image-graph.ts';
import {isDenied} from '../../model/images/image.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Standing} from '../../model/text/describe-standing.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {madeFiles, readTouched} from '../run/made-files.ts';
import type {Host, UnfinishedAction} from '../ports.ts';
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
	now: Standing;
	/** Undefined: open. */
	back: Obstacle | undefined;
	forward: Obstacle | undefined;
	/** The way that fits, if it is open; else another that is. */
	advice: Direction;
};

/** What was read for it. */
type Look = {plan: Plan; progress: Progress; details: DomainDetails; touched: string[]};

const listed = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');

/** Why a way is closed, in a sentence; `remedy`: what opens it. */
type Against = {reason: string; remedy?: string};

function againstBack({plan, progress, details, touched}: Look): Against | undefined {
	if (progress.hasRemoved) {
		return {reason: 'It can no longer be rolled back: images have been removed or merged into others.'};
	}

	if (!progress.hasSwitched) {
		return undefined;
	}

	const meanwhile = describeMeanwhile(findMeanwhile(plan, details));
	if (meanwhile.length > 0) {
		return {reason: `${meanwhile.join(' ')} Rolling back would discard what was written since.`};
	}

	const start = plan.steps.find(step => step.startsDomain);
	const isOurStart = start !== undefined && stateOf(progress.states, start) !== 'untouched';
	const live = isOurStart ? [] : liveOnNew(plan, details);
	const isWaitingForOff = details.domain.liveDefinition !== undefined && !isOurStart && plan.steps.some(step => step.undoWhileOff && stateOf(progress.states, step) !== 'untouched');
	if (plan.steps.some(step => mergesBack(step))) {
		return live.length > 0 && isWaitingForOff
			? {
				reason: `The domain was started on its new disks since (${listed(live)}), and what it writes can be merged back only while it is off.`,
				remedy: 'Shut it down, then roll back: vsnap-tui recover --roll-back.',
			}
			: undefined;
	}

	if (touched.length > 0) {
		return {reason: `The new disks have been written to since (${listed(touched)}): that would be lost.`};
	}

	if (live.length > 0) {
		return {reason: `The domain was started on its new disks since (${listed(live)}): what it writes would be lost.`};
	}

	// Its firmware's variables would be written over while it works with them.
	return isWaitingForOff ? {reason: 'The domain was started since, and its firmware variables have to be restored.'} : undefined;
}

function standingOf({domain, images, filesElsewhere}: DomainDetails): Standing {
	const graph = buildImageGraph(images, []);
	const incomplete = headDisks(domain)
		.filter(disk => isWritableMedium(disk) && disk.sourcePath !== undefined && !isWholeChain(graph, disk.sourcePath))
		.map(({target}) => target);
	const isLookedAt = filesElsewhere === undefined && !images.some(({problems}) => problems.some(problem => isDenied(problem)));
	return {state: domain.state, incomplete: isLookedAt ? incomplete : undefined};
}

/** Whether going forward means to put back what was made, and to plan the same again. */
export function startsAnew({hasRemoved, hasSwitched, wasGoingBack}: Progress): boolean {
	return !hasRemoved && (wasGoingBack || !hasSwitched);
}

/** A domain that was started between the steps of a merge, and what it wrote to an image that is to go. */
async function againstMerging(host: Host, {plan, records}: UnfinishedAction, {progress, details}: Look): Promise<Result<Against | undefined>> {
	const overtaken = await readOvertaken(host, {plan, records}, progress);
	if (!overtaken.ok) {
		return overtaken;
	}

	for (const {step, paths} of overtaken.value) {
		const doneWhen = await host.observe(step.doneWhen);
		if (!doneWhen.ok || doneWhen.value) {
			return doneWhen.ok
				? succeed({
					reason: `The domain ran on ${listed(paths)} after its content was merged into the image below, and is on that image now. What was written in between is only in ${paths.join(', ')}.`,
					remedy: 'Point the VM definition at that image again (virsh edit), and finish it: vsnap-tui recover --roll-forward.',
				})
				: doneWhen;
		}
	}

	for (const {id, pivot} of plan.steps) {
		const isUnsure = pivot !== undefined && details.domain.liveDefinition === undefined && progress.states.get(id) !== 'done'
			&& records.some(record => record.kind === 'pivoting' && record.step === id);
		const same = isUnsure ? await host.observe({kind: 'reads-same', path: pivot.from, other: pivot.to, otherFormat: pivot.toFormat}) : succeed(true);
		if (!same.ok || !same.value) {
			return same.ok
				? succeed({
					reason: `The guest was about to switch from ${pivot!.from} to ${pivot!.to} when contact was lost, and it has ended since. The two differ, and it is not known which one it used last.`,
					remedy: `Keep copies of both. If the later one is ${pivot!.from}, commit it (qemu-img commit -d -b ${quoteForShell(pivot!.to)} ${quoteForShell(pivot!.from)}); if it is ${pivot!.to}, use that one. Then finish it.`,
				})
				: same;
		}
	}

	const missing = await readMissingSteps(host, {plan, records}, progress);
	const waiting = missing.ok && details.domain.liveDefinition !== undefined ? plan.steps.find(step => step.needsOff && missing.value.has(step.id)) : undefined;
	return missing.ok
		? succeed(waiting && {
			reason: `The domain was started since, and "${waiting.title}" can be done only while it is off.`,
			remedy: 'Shut it down, then finish it: vsnap-tui recover --roll-forward. What the guest has written is kept.',
		})
		: missing;
}

async function againstForward(host: Host, action: UnfinishedAction, look: Look): Promise<Result<Against | undefined>> {
	const {plan, progress, details, touched} = look;
	const meanwhile = describeMeanwhile(findMeanwhile(plan, details));
	// Each removal proves by itself that nobody needs the image, and the proof comes before it.
	const isDoneButRemovals = plan.steps.every(step => step.phase === 'remove' || stateOf(progress.states, step) === 'done');
	if (meanwhile.length > 0 && !isDoneButRemovals) {
		return succeed({reason: `${meanwhile.join(' ')} The rest of this action was planned without that.`});
	}

	if (isSwitchedBack(plan, details, progress)) {
		return succeed({reason: 'The VM definition was changed to other disks since.'});
	}

	for (const step of plan.steps.filter(candidate => candidate.countsOnlyIfLogged && stateOf(progress.states, candidate) === 'untouched')) {
		const doneWhen = await host.observe(step.doneWhen);
		if (!doneWhen.ok) {
			return doneWhen;
		}

		if (doneWhen.value || touched.length > 0) {
			return succeed({
				reason: doneWhen.value
					? `The domain was started since, but not from the memory of the snapshot ("${step.title}" was still to come).`
					: `The disks have been written to since (${listed(touched)}), so the memory of the snapshot no longer matches them.`,
			});
		}
	}

	return againstMerging(host, action, look);
}

function remedyFor(plan: Plan, leads: ReadonlyArray<string | undefined>): string {
	const name = quoteForShell(plan.action.domain.name);
	const giveUp = `vsnap-tui recover --give-up ${name}`;
	const other = leads.filter(lead => lead !== undefined).join(' Or: ');
	return other === ''
		? `Leave everything unchanged: ${giveUp}. It touches nothing, and other actions become possible again; vsnap-tui doctor ${name} then says what is left.`
		: `${other} Or leave everything unchanged and forget this action: ${giveUp}.`;
}

/** Fails where the domain cannot be read. */
export async function readWays(host: Host, action: UnfinishedAction): Promise<Result<Ways>> {
	const {plan, records} = action;
	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false});
	const touched = await readTouched(host, madeFiles(plan, records), targetOf(plan).expected.heads.map(({path}) => path));
	if (!details.ok) {
		return details;
	}

	if (!touched.ok) {
		return touched;
	}

	const progress = await lookAtRemovals(host, plan, progressOf(action));
	const look = {plan, progress, details: details.value, touched: touched.value};
	const back = againstBack(look);
	// Going forward by doing it anew begins with the way back, and then plans from the world as it is.
	const forward = startsAnew(progress) ? succeed(back) : await againstForward(host, action, look);
	if (!forward.ok) {
		return forward;
	}

	const fits = defaultDirection(action);
	const isOpen = {back: back === undefined, forward: forward.value === undefined};
	const otherWay = fits === 'back' ? 'forward' : 'back';
	return succeed({
		now: standingOf(details.value),
		back: back === undefined
			? undefined
			: {reason: back.reason, remedy: remedyFor(plan, [isOpen.forward ? 'Finish it, which keeps what was written: vsnap-tui recover --roll-forward.' : undefined, back.remedy])},
		forward: forward.value === undefined
			? undefined
			: {reason: forward.value.reason, remedy: remedyFor(plan, [isOpen.back ? 'Roll back: vsnap-tui recover --roll-back.' : undefined, forward.value.remedy])},
		advice: isOpen[fits] ? fits : (isOpen[otherWay] ? otherWay : 'give-up'),
	});
}
