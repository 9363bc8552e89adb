/**
What was done here, and whether and how it can be taken back: by another action, planned like any other from the host as it is now. The audit log holds what was
asked for; nothing else has to be kept.
*/
import {titleOfAction, undoOf} from '../actions/registry.ts';
import type {Given, Undo} from '../actions/spec.ts';
import type {Undoing} from '../actions/undo.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import {describeFailure} from '../model/text/describe-failure.ts';
import {formatMoment} from '../model/text/format.ts';
import {succeed, type Result} from '../model/result.ts';
import type {AuditEntry} from './ports.ts';
import {prepareEach, type Planning} from './prepare.ts';
import type {World} from './world.ts';

/** An action that was carried out, with what it was asked to do. */
export type DoneAction = AuditEntry & Required<Pick<AuditEntry, 'id' | 'request'>>;

/** `title`: what was done. */
export type Undoable = {action: DoneAction; title: string; undo: Undoing};

/** A clock of the host may differ from ours by so much. */
const clockSkewSeconds = 120;

/** Carried out on this host, the newest first. One that was recovered counts where it was finished. */
function doneActions(entries: readonly AuditEntry[], uri: string): DoneAction[] {
	const isCarriedOut = ({outcome, isFinished}: AuditEntry) => outcome === 'done' || (outcome === 'recovered' && isFinished === true);
	return entries.filter((entry): entry is DoneAction => entry.uri === uri && entry.id !== undefined && entry.request !== undefined && isCarriedOut(entry)).reverse();
}

/** Why what the action made is not there any longer; undefined: it is. By its time, because somebody may have given the name to another one since. */
function whyNotThere({at, plannedAt}: DoneAction, names: Exclude<Undo, {never: string}>['names'], details: DomainDetails): string | undefined {
	if (names === undefined) {
		return undefined;
	}

	const [name, made] = 'snapshot' in names
		? [names.snapshot, details.snapshots.find(candidate => candidate.name === names.snapshot)]
		: [names.checkpoint, details.checkpoints.find(candidate => candidate.name === names.checkpoint)];
	const seconds = (time: string) => Date.parse(time) / 1000;
	if (made === undefined) {
		return `"${name}" is gone`;
	}

	const isOurs = made.createdAt >= seconds(plannedAt ?? at) - clockSkewSeconds && made.createdAt <= seconds(at) + clockSkewSeconds;
	return isOurs ? undefined : `another one is called "${name}" now, made ${formatMoment(made.createdAt)}`;
}

async function undoDomain(world: World, planning: Planning, actions: readonly DoneAction[], signal: AbortSignal): Promise<Map<string, Undoing>> {
	const {uuid} = actions[0]!.domain;
	const details = await world.host.readDetails(uuid, {withForeignPins: false});
	const found = new Map<string, Undoing>();
	if (!details.ok) {
		const reason = describeFailure(details.failure).message;
		return new Map(actions.map(({id}) => [id, {kind: 'never', reason}]));
	}

	const asked: Array<{id: string; given: Given; text: string}> = [];
	for (const action of actions) {
		const undo = undoOf(action.request, details.value);
		if ('never' in undo) {
			found.set(action.id, {kind: 'never', reason: undo.never});
			continue;
		}

		const reason = whyNotThere(action, undo.names, details.value);
		if (reason === undefined) {
			asked.push({id: action.id, given: undo.given, text: undo.text});
		} else {
			found.set(action.id, {kind: 'refused', text: undo.text, reason});
		}
	}

	if (asked.length > 0) {
		await prepareEach(planning, asked.map(({given}) => ({...given, uuid})), {
			signal,
			onPlan(index, plan) {
				const {id, given, text} = asked[index]!;
				found.set(id, plan.ok ? {kind: 'possible', given, text} : {kind: 'refused', text, reason: describeFailure(plan.failure).message});
			},
		});
	}

	return found;
}

/** The newest first. Fails where the log or the host cannot be read. An abort ends it early, with what is known by then. */
export async function readUndo(world: World, planning: Planning, {limit, uuid, signal}: {limit: number; uuid?: string; signal: AbortSignal}): Promise<Result<Undoable[]>> {
	const log = await world.store.readAudit();
	const facts = await world.host.readHost();
	if (!log.ok || !facts.ok) {
		return log.ok ? facts as Extract<typeof facts, {ok: false}> : log;
	}

	const actions = doneActions(log.value.entries, facts.value.uri).filter(({domain}) => uuid === undefined || domain.uuid === uuid).slice(0, limit);
	const undone = new Map<string, Undoing>();
	for (const domain of new Set(actions.map(action => action.domain.uuid))) {
		for (const [id, undo] of await undoDomain(world, planning, actions.filter(action => action.domain.uuid === domain), signal)) {
			undone.set(id, undo);
		}
	}

	return succeed(actions.flatMap(action => {
		const undo = undone.get(action.id);
		return undo === undefined ? [] : [{action, title: titleOfAction(action.request), undo}];
	}));
}
