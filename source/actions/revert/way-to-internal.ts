/**
What leads back to an internal snapshot whose image lies below external ones: these have to go, so that the disk writes to that image again. What is advised is what
the planner of such a delete would do.
*/
import {headDisks} from '../../model/domain/domain.ts';
import {chainOf, holdersOf} from '../../model/images/image-graph.ts';
import {withAncestors} from '../../model/domain/tree.ts';
import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../../planner/context.ts';
import {collectAfter} from '../drop/plan.ts';

/**
The domain's other snapshots that need the image as it is, or that lie inside one above it, the youngest first. Where the images lie tells it; times, which have whole
seconds, and parents, which a snapshot that was found inside an image does not have, only tell apart what lies inside the same one.
*/
function snapshotsOn(context: PlanContext, snapshot: Snapshot, given: {path: string; headPath: string}): Snapshot[] {
	const {graph} = context;
	const chain = chainOf(graph, given.headPath).map(link => graph.keyOf(link));
	const above = chain.slice(0, chain.indexOf(graph.keyOf(given.path)));
	const ranks = new Map<string, number>();
	for (const pin of holdersOf(graph, given.path)) {
		const place = above.indexOf(graph.keyOf(pin.path));
		if (pin.domainUuid === context.uuid && pin.snapshot !== undefined && pin.snapshot !== snapshot.name && (pin.hold === 'content' || place !== -1)) {
			// An image is frozen after all that lies inside it.
			const rank = 2 * (place === -1 ? above.length : place) + (pin.hold === 'content' ? 0 : 1);
			ranks.set(pin.snapshot, Math.min(rank, ranks.get(pin.snapshot) ?? rank));
		}
	}

	const {snapshots} = context.inventory.details;
	const depthOf = ({name}: Snapshot) => withAncestors(snapshots, name).length;
	return snapshots.filter(({name}) => ranks.has(name))
		.sort((a, b) => ranks.get(a.name)! - ranks.get(b.name)! || b.createdAt - a.createdAt || depthOf(b) - depthOf(a));
}

/** Whether the disk writes to `path` once these snapshots are deleted. */
function comesDown(context: PlanContext, deleted: readonly Snapshot[], given: {path: string; headPath: string}): boolean {
	const {graph} = context;
	return collectAfter(context, deleted).merges.some(merge =>
		merge.method === 'commit' && graph.keyOf(merge.into) === graph.keyOf(given.path) && graph.keyOf(merge.top) === graph.keyOf(given.headPath));
}

/** The way to `snapshot`, which lies inside `path`, for the disk that writes elsewhere; where none is known, the way to its content. */
export function remedyForInternal(context: PlanContext, snapshot: Snapshot, {target, path}: {target: string; path: string}): string {
	const {domain} = context.inventory.details;
	const headPath = headDisks(domain).find(disk => disk.target === target)?.sourcePath;
	const isAbove = headPath !== undefined && chainOf(context.graph, headPath).some(link => context.graph.keyOf(link) === context.graph.keyOf(path));
	const onTop = headPath === undefined ? [] : snapshotsOn(context, snapshot, {path, headPath});
	if (headPath === undefined || !isAbove || onTop.length === 0 || !comesDown(context, onTop, {path, headPath})) {
		return `Copy its content out of the image: qemu-img convert -O qcow2 -l ${quoteForShell(snapshot.name)} ${quoteForShell(path)} COPY.`;
	}

	const commands = onTop.map(one => `vsnap-tui delete -- ${quoteForShell(domain.name)} ${quoteForShell(one.name)}`);
	return `${onTop.every(one => isExternal(one)) ? 'Merge or delete' : 'Delete'} ${onTop.map(one => `"${one.name}"`).join(' and ')} first: ${commands.join('; ')}. The disk then writes to that image again and keeps its content; then try again.`;
}
