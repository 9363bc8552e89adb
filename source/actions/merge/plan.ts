/**
The planner for `merge`: the changes since a snapshot stay, the snapshot goes, and its image is merged with its overlay (docs/planning.md). Pure: the
world, the time and the id come in.
*/
import {posix} from 'node:path';
import type {MergeAction} from '../../model/plan/request.ts';
import {headDisks} from '../../model/domain/domain.ts';
import {chainOf} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {frozenPath, isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {refuseBusyDomain} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {findSnapshot} from '../../planner/checks/asked-snapshot.ts';
import {requireRecordedDomains} from '../drop/blockers.ts';
import {reasonToStay} from '../drop/words.ts';
import {collectAfter, graphWithout, planDrop} from '../drop/plan.ts';
import {describeMerged} from './words.ts';

/** The current disks must be backed by what the snapshot froze, and nothing else may need that image as it is. Appends blockers. */
function refuseUnmergeable(context: PlanContext, snapshot: Snapshot): void {
	const {graph} = context;
	const heads = headDisks(context.inventory.details.domain);
	const {staying} = collectAfter(context, [snapshot]);
	const remaining = graphWithout(context, [snapshot]);
	for (const {target} of snapshot.disks.filter(({mode}) => mode === 'external')) {
		const frozen = frozenPath(snapshot, target);
		const head = heads.find(disk => disk.target === target)?.sourcePath;
		const stay = staying.find(({path}) => frozen !== undefined && graph.keyOf(path) === graph.keyOf(frozen));
		const isBelow = frozen !== undefined && head !== undefined && chainOf(graph, head).some(path => graph.keyOf(path) === graph.keyOf(frozen));
		if (!isBelow) {
			context.blockers.push({
				kind: 'not-supported',
				text: `"${snapshot.name}" is not an ancestor of the current state (${target}${frozen === undefined ? '' : ` is not based on ${frozen}`}): nothing to merge.`,
				remedy: 'Delete it instead (d, or vsnap-tui delete).',
			});
		} else if (stay) {
			context.blockers.push({
				kind: 'image-needed',
				text: `${posix.basename(stay.path)} cannot be merged with its overlay: ${reasonToStay(context, stay)}.`,
				remedy: `Delete "${snapshot.name}" instead: the image stays as long as it is needed.`,
			});
		} else if (frozen !== undefined && head !== undefined && graph.keyOf(frozen) !== graph.keyOf(head)) {
			// What is held directly is no matter of collecting, so it is not among those that stay.
			const holders = (remaining.nodes.get(remaining.keyOf(frozen))?.pins ?? []).filter(({hold}) => hold !== 'existence');
			if (holders.length > 0) {
				context.blockers.push({
					kind: 'image-needed',
					text: `${posix.basename(frozen)} cannot be merged with its overlay: it is needed by ${[...new Set(holders.map(({label}) => label))].join(', ')}.`,
					remedy: `Delete "${snapshot.name}" instead: the image stays as long as it is needed.`,
				});
			}
		}
	}
}

/** Fails with `snapshot-not-found`, with `refused` and every reason at once, or with `unreadable` where a record cannot be changed. */
export function planMerge(action: MergeAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const found = findSnapshot(inventory, action.snapshot);
	if (!found.ok) {
		return found;
	}

	const snapshot = found.value;
	const context = planContext(inventory, given);
	refuseBusyDomain(context);
	requireRecordedDomains(context, [snapshot]);
	if (isExternal(snapshot)) {
		refuseUnmergeable(context, snapshot);
	} else {
		context.blockers.push({
			kind: 'not-supported',
			text: `"${snapshot.name}" is inside the images: what was written since is in them already, so there is nothing to merge.`,
			remedy: `Delete it: the current state stays (vsnap-tui delete ${quoteForTerminal(action.domain.name)} ${quoteForTerminal(snapshot.name)}).`,
		});
	}

	return planDrop(context, {action, deleted: [snapshot], meaning: describeMerged(snapshot, given.now), isMetadataOnly: false}, {inventory, given});
}
