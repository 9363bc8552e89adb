/**
The planner for `revert`: checks everything, chooses the way, and puts the plan together. Pure: the world, the time and the id come in.
*/
import type {RevertAction} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {formatMoment} from '../../model/text/format.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Consequence, Plan} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {refuseBusyDomain, requireFreeName, refuseUnreadable} from '../../planner/checks/blockers.ts';
import {planContext, type PlanArguments, type PlanContext} from '../../planner/context.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {planFrame} from '../../planner/frame.ts';
import {canStart} from '../../planner/steps/domain.ts';
import {lackOfDomain} from '../../planner/checks/recorded-domain.ts';
import {planExternalRevert, type RevertParts} from './external.ts';
import {planInternalRevert} from './internal.ts';

function describe(context: PlanContext, action: RevertAction, given: {snapshot: Snapshot; parts: RevertParts}): Consequence[] {
	const {snapshot, parts} = given;
	const {domain, currentSnapshot} = context.inventory.details;
	const consequences: Consequence[] = [{
		severity: 'info',
		text: `The disks go back to "${snapshot.name}" of ${formatMoment(snapshot.createdAt)}; so does the definition, with hardware changed since.`,
	}];
	if (action.currentState.kind === 'keep') {
		consequences.push({
			severity: 'info',
			text: `The current state is kept as snapshot "${action.currentState.name}"${currentSnapshot === undefined ? '' : `, after "${currentSnapshot}"`}: it can be reverted to.`,
		});
	}

	if (hasProcess(domain)) {
		consequences.push({severity: 'loss', text: 'The guest is running: it is powered off as by pulling the plug, and what is in its memory is lost.'});
	}

	if (hasProcess(domain) && !canStart(context, context.inventory.definitionXml)) {
		consequences.push({severity: 'warning', text: 'If something fails once it is off, it stays off: it is unknown how to start it again.'});
	}

	consequences.push(...parts.consequences);
	const resumes = parts.endState !== 'shutoff' && snapshot.memory.mode !== 'no';
	if (resumes) {
		consequences.push({
			severity: 'info',
			text: `The guest goes on ${parts.endState === 'paused' ? '(paused) ' : ''}with the memory that was saved; its clock and its connections are those of then.`,
		});
	} else {
		consequences.push({
			severity: 'info',
			text: parts.endState === 'shutoff' ? 'The domain is off afterwards.' : `The domain is started afterwards${parts.endState === 'paused' ? ', paused' : ''}.`,
		});
		if (['disk-snapshot', 'crashed'].includes(snapshot.state) || snapshot.memory.mode !== 'no') {
			consequences.push({severity: 'warning', text: 'The snapshot was taken of a running guest: it finds its disks as after a power cut.'});
		}
	}

	return consequences;
}

/**
Plans a revert. Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where an XML document cannot be changed.
*/
export function planRevert(action: RevertAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const {details} = inventory;
	const snapshot = details.snapshots.find(candidate => candidate.name === action.snapshot);
	if (snapshot === undefined) {
		return fail({kind: 'snapshot-not-found', domain: details.domain.name, name: action.snapshot, known: details.snapshots.map(candidate => candidate.name)});
	}

	const context = planContext(inventory, given);
	refuseBusyDomain(context);
	if (action.currentState.kind === 'keep') {
		requireFreeName(context, action.currentState.name);
	}

	const lack = lackOfDomain(snapshot);
	if (lack !== undefined) {
		context.blockers.push(lack);
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const parts = isExternal(snapshot)
		? planExternalRevert(context, action, {snapshot, now: given.now})
		: planInternalRevert(context, action, {snapshot, now: given.now, id: given.id});
	if (!parts.ok) {
		return parts;
	}

	if (parts.value.removed.length > 0 || !isExternal(snapshot)) {
		refuseUnreadable(context, {canKeep: isExternal(snapshot)});
	}

	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const {steps, heads, created, removed, endState} = parts.value;
	const bases = snapshot.domain!.disks.flatMap(disk => disk.sourcePath === undefined ? [] : [disk.sourcePath]);
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {
				heads,
				chains: heads.map(({path}) => ({path, format: created.some(file => file.path === path) ? 'qcow2' : details.images.find(image => image.path === path)?.format ?? 'qcow2'})),
				...(parts.value.links && {links: parts.value.links}),
				...(parts.value.kept && {kept: parts.value.kept}),
				currentSnapshot: snapshot.name,
				snapshots: [
					...details.snapshots.map(({name, parent}) => ({name, parent})),
					...(action.currentState.kind === 'keep' ? [{name: action.currentState.name, parent: details.currentSnapshot}] : []),
				],
				endState,
			},
			fingerprint: fingerprintOf(inventory, new Set([...bases, ...removed])),
		}),
		consequences: describe(context, action, {snapshot, parts: parts.value}),
		images: {
			created,
			removed,
			kept: details.images.map(image => image.path).filter(path => !removed.includes(path)),
		},
		steps,
	});
}
