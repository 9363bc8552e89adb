/**
What a damaged journal is worth: its plan is whole, and records are missing, so of no step it is known whether it happened. Each is looked at in the world,
and those that may have happened count as begun, which is what recovery already knows how to handle: it asks before it repeats or undoes them.
*/
import {createdPaths, targetOf, type Step, type Target} from '../../model/plan/plan.ts';
import type {Failure} from '../../model/failure.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {JournalRecord, Host, UnfinishedAction} from '../ports.ts';

function isOffItsHeads({before}: Target, {domain}: DomainDetails): boolean {
	const definitions = [domain.definition, ...(domain.liveDefinition ? [domain.liveDefinition] : [])];
	return before.heads.some(({target, path}) => definitions.some(({disks}) => {
		const source = disks.find(disk => disk.target === target)?.sourcePath;
		return source !== undefined && source !== path;
	}));
}

function isOffItsRecords({before}: Target, {snapshots, currentSnapshot}: DomainDetails): boolean {
	const names = new Set(snapshots.map(({name}) => name));
	return currentSnapshot !== before.currentSnapshot || names.size !== before.snapshotNames.length || before.snapshotNames.some(name => !names.has(name));
}

/** By id: the steps of which the world, or a record that is whole, says that they happened. */
async function readTraces(host: Host, {plan, records}: UnfinishedAction): Promise<Result<Set<string>>> {
	const traced = new Set(records.flatMap(record => 'step' in record ? [record.step] : []));
	for (const step of plan.steps) {
		const doneWhen = traced.has(step.id) || step.phase === 'check' ? succeed(false) : await host.observe(step.doneWhen);
		if (!doneWhen.ok) {
			return doneWhen;
		}

		if (doneWhen.value) {
			traced.add(step.id);
		}
	}

	return succeed(traced);
}

/**
The same action with records that claim no more than what can be known. Of a step that leaves no trace of its own (`never`): one that makes files may have
happened; one of the switch, or one that cannot be undone, may have if anything shows that the switch was begun. Fails where the world cannot be asked.
*/
export async function withUnknownSteps(host: Host, action: UnfinishedAction): Promise<Result<UnfinishedAction>> {
	if (action.damage === undefined) {
		return succeed(action);
	}

	const {plan, records} = action;
	const traces = await readTraces(host, action);
	if (!traces.ok) {
		return traces;
	}

	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false});
	if (!details.ok) {
		return details;
	}

	const isTraced = (step: Step) => traces.value.has(step.id);
	const hasSwitched = isOffItsHeads(targetOf(plan), details.value) || isOffItsRecords(targetOf(plan), details.value)
		|| plan.steps.some(step => (step.phase === 'switch' || step.phase === 'remove') && isTraced(step));
	const mayHaveHappened = (step: Step) => isTraced(step)
		|| step.phase === 'create'
		|| (step.doneWhen.kind === 'never' && hasSwitched && (step.phase === 'switch' || (step.phase === 'remove' && step.undo !== null)));
	const unsure = plan.steps.filter(step => mayHaveHappened(step)).map((step): JournalRecord => ({at: plan.plannedAt, kind: 'begin', step: step.id}));
	return succeed({...action, records: [...records.filter(record => record.kind !== 'undone'), ...unsure]});
}

/**
The images of a plan that was put back and that are there all the same: a damaged journal does not tell whether the action made them, so they stay. None where
the journal is whole. Fails where the world cannot be asked.
*/
export async function readUnprovenFiles(host: Host, {plan, damage}: UnfinishedAction): Promise<Result<string[]>> {
	const there: string[] = [];
	for (const path of damage === undefined ? [] : createdPaths(plan)) {
		const exists = await host.observe({kind: 'file-exists', path});
		if (!exists.ok) {
			return exists;
		}

		if (exists.value) {
			there.push(path);
		}
	}

	return succeed(there);
}

/** What to say of such files. */
export function describeUnproven(paths: readonly string[]): Failure {
	return {
		kind: 'not-proven',
		findings: paths.map(path => `${path} still exists, and the damaged journal does not say whether this action created it. Check its content, move it away, and recover again.`),
		rolledBack: false,
	};
}
