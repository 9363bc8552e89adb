/**
Reverting to an external snapshot, on every version of libvirt by our own engine (why not by libvirt: docs/facts/traps.md).
*/
import {keptName, type EndState, type RevertAction} from '../../model/plan/request.ts';
import type {Step} from '../../model/plan/plan.ts';
import {mapResult, succeed, together, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {usableMemory} from '../../planner/checks/memory.ts';
import {emptiedDrives, requireStartFiles} from '../../planner/checks/start-files.ts';
import type {PlanContext} from '../../planner/context.ts';
import {bookkeepingSteps} from '../../planner/records/bookkeeping.ts';
import {checkpointSteps} from '../../planner/steps/checkpoints.ts';
import {bootSteps, endStateOf, resumeSteps} from '../../planner/steps/domain.ts';
import {leaveFor, type Leave} from '../go-back/leave.ts';
import type {GoBackParts} from '../go-back/plan.ts';

/** How the domain is brought to its end state; nothing where it stays off. */
function endSteps(context: PlanContext, snapshot: Snapshot, endState: EndState, {sources, definitionXml}: Leave): Result<Step[]> {
	if (endState === 'shutoff') {
		return succeed([]);
	}

	const isPaused = endState === 'paused';
	if (snapshot.memory.mode !== 'external') {
		return succeed(bootSteps(context, {definitionXml, isPaused}));
	}

	const memory = usableMemory(context, snapshot);
	if (memory === undefined) {
		return succeed([]);
	}

	const emptied = emptiedDrives(context, memory.definition).map(({target}) => target).filter(target => !sources.has(target));
	return mapResult(changeDomainXml(memory.domainXml, {sources, emptied, rootName: 'domain'}), xml => {
		requireStartFiles(context, xml);
		return resumeSteps(context, {memoryPath: memory.path, definitionXml: xml, isPaused});
	});
}

/** Appends blockers to the context; fails only where an XML document cannot be changed. */
export function planExternalRevert(context: PlanContext, action: RevertAction, given: {snapshot: Snapshot; now: Date}): Result<GoBackParts> {
	const {snapshot, now} = given;
	const {snapshots, currentSnapshot} = context.inventory.details;
	const endState = endStateOf(action.endState, snapshot.state);
	const leave = leaveFor(context, {
		snapshot, currentState: action.currentState, overlayFolder: action.overlayFolder, now, leftFor: `"${snapshot.name}"`, resumes: endState !== 'shutoff' && snapshot.memory.mode !== 'no',
	});
	if (!leave.ok) {
		return leave;
	}

	const {disks: {overlaid}, finish} = leave.value;
	const hasChildren = snapshots.some(({parent}) => parent === snapshot.name) || (action.currentState.kind === 'keep' && currentSnapshot === snapshot.name);
	return mapResult(together({
		records: bookkeepingSteps(context, snapshot, {heads: new Map(overlaid.map(disk => [disk.target, disk.overlayPath])), hasChildren}),
		end: endSteps(context, snapshot, endState, leave.value),
		checkpoints: checkpointSteps(context, {snapshot, disks: overlaid, keepName: keptName(action)}),
	}), ({records, end, checkpoints}) => {
		const parts = finish({bitmaps: checkpoints.bitmaps, before: checkpoints.before, after: [...records, ...checkpoints.after, ...end]});
		return {...parts, consequences: [...parts.consequences, ...checkpoints.consequences], checkpoints: checkpoints.expected, endState};
	});
}
