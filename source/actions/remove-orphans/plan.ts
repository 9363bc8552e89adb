/**
The planner for `remove-orphans`: removes images, and copies of firmware variables, that the doctor found to be leftovers. Whether anything needs them is asked of the
graph here, and once more of the whole host just before each is removed.
*/
import {posix} from 'node:path';
import type {RemoveOrphansAction} from '../../model/plan/request.ts';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import {chainOf, holdersOf, imageAt, overlaysOf} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {lostNvramCopies} from '../../model/domain/nvram.ts';
import {objectionTo, type Objection} from '../../model/images/may-change.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {
	checkAgainRemedy, refuseBrokenChain, refuseUnreadable, stopRemedy,
} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {isForeignNvram} from '../../planner/steps/nvram.ts';
import {notedBitmaps} from '../../planner/records/noted-checkpoints.ts';
import {assembleRepair, refuseRepair, emptyRepair} from '../../planner/records/repair-plan.ts';
import {fileCommands, imageCommands} from '../../planner/hypervisor/commands.ts';
import {step} from '../../planner/steps/step.ts';
import {storageAt} from '../../planner/storage/storage.ts';
import {removeSteps} from '../../planner/steps/removal.ts';
import {describeRemoved} from './words.ts';

const whyLeft: Partial<Record<Objection['reason'], string>> = {
	'is-device': 'it is a block device, and only files are removed',
	'has-data-file': 'its data is in an external file, which would be left behind',
};

function refuseImage(context: PlanContext, path: string, gone: ReadonlySet<string>): void {
	const image = imageAt(context.graph, path);
	const problem = image?.problems.find(({kind}) => kind === 'missing' || kind === 'unreadable' || kind === 'locked');
	if (image === undefined || problem?.kind === 'missing') {
		context.blockers.push({kind: 'image-missing', text: `The image ${path} was not found.`, remedy: checkAgainRemedy});
		return;
	}

	const isLeft = context.inventory.details.domain.definition.leftImages?.some(left => context.graph.keyOf(left) === context.graph.keyOf(path)) ?? false;
	if ((!isLeft && (image.format !== 'qcow2' || image.backingPath === undefined)) || problem) {
		context.blockers.push({
			kind: problem?.kind === 'locked' ? 'image-in-use' : 'not-supported',
			text: problem?.kind === 'locked' ? `The image ${path} is open elsewhere.` : `${path} is not an overlay, or cannot be read.`,
			remedy: problem?.kind === 'locked' ? stopRemedy : checkAgainRemedy,
		});
		return;
	}

	const objection = objectionTo(context.graph, path, {kind: 'remove', domainUuid: context.uuid, without: [...gone]});
	if (objection) {
		const users = [...objection.holders.map(({label}) => label), ...objection.overlays];
		context.blockers.push({
			kind: 'image-needed',
			text: `The image ${path} stays: ${users.length === 0 ? (whyLeft[objection.reason] ?? 'it holds internal snapshots, or it is read-only') : `it is needed by ${[...new Set(users)].join(', ')}`}.`,
			remedy: checkAgainRemedy,
		});
	}
}

/** From the top down: what is backed by another image of the list goes before it. */
function fromTheTop(context: PlanContext, paths: readonly string[]): string[] {
	const ordered: string[] = [];
	const open = new Set(paths);
	for (let before = -1; before < ordered.length;) {
		before = ordered.length;
		for (const path of [...open].filter(candidate => !overlaysOf(context.graph, candidate).some(overlay => open.has(overlay)))) {
			open.delete(path);
			ordered.push(path);
		}
	}

	return [...ordered, ...open];
}

/** Of images that nobody has open, and only those that no checkpoint names. Appends a blocker; gives whether it is there still. */
function refuseBitmap(context: PlanContext, path: string, name: string): boolean {
	const {details: {checkpoints, domain}} = context.inventory;
	refuseBrokenChain(context, path);
	const isOpen = hasProcess(domain) && headDisks(domain).some(({sourcePath}) => sourcePath !== undefined && chainOf(context.graph, sourcePath).some(link => context.graph.keyOf(link) === context.graph.keyOf(path)));
	if (isOpen) {
		context.blockers.push({kind: 'image-in-use', text: `The running domain has ${path} open.`, remedy: stopRemedy});
	}

	const others = holdersOf(context.graph, path).filter(({domainUuid}) => domainUuid !== context.uuid);
	if (others.length > 0) {
		context.blockers.push({kind: 'image-needed', text: `The image ${path} is used by others too: ${[...new Set(others.map(({label}) => label))].join(', ')}.`, remedy: checkAgainRemedy});
	}

	const isNoted = notedBitmaps(context).some(noted => noted.name === name && context.graph.keyOf(noted.path) === context.graph.keyOf(path));
	const owner = checkpoints.find(checkpoint => checkpoint.disks.some(({bitmap}) => bitmap === name));
	if (owner !== undefined || isNoted) {
		context.blockers.push({kind: 'checkpoint', text: isNoted ? `The bitmap "${name}" belongs to a checkpoint of a state that is kept.` : `The bitmap "${name}" belongs to the checkpoint "${owner!.name}".`, remedy: checkAgainRemedy});
	}

	return imageAt(context.graph, path)?.bitmaps.some(bitmap => bitmap.name === name) ?? false;
}

function bitmapSteps(context: PlanContext, bitmaps: ReadonlyArray<{path: string; name: string}>): Step[] {
	const dated = new Map(bitmaps.flatMap(({path}) => {
		const modifiedAt = imageAt(context.graph, path)?.file?.modifiedAt;
		return modifiedAt === undefined || !storageAt(context.graph, path).showsWrites ? [] : [[path, modifiedAt]];
	}));
	return [
		...bitmaps.map(({path, name}, index) => step('remove', {
			id: `remove-bitmap-${index + 1}`,
			title: `Remove bitmap "${name}" from ${path}`,
			command: {...imageCommands.removeBitmap(path, name), onlyIf: {kind: 'image-has-bitmap', path, bitmap: name}},
			doneWhen: {kind: 'image-lacks-bitmap', path, bitmap: name},
			needsOff: true,
		})),
		...[...dated].map(([path, modifiedAt], index) => step('remove', {
			id: `date-${index + 1}`, title: `Restore the modification time of ${posix.basename(path)}`, command: fileCommands.date(path, modifiedAt),
		})),
	];
}

/** Fails with `refused` and every reason at once. */
export function planRemoveOrphans(action: RemoveOrphansAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	refuseRepair(context);
	refuseUnreadable(context);
	const paths = fromTheTop(context, action.paths);
	const {details: {domain, snapshots}, folders} = inventory;
	const nvramCopies = new Set(lostNvramCopies(domain, snapshots, {namesIn: folder => folders.get(folder)?.names, isForeign: path => isForeignNvram(context, path)}));
	for (const [index, path] of paths.entries()) {
		if (!nvramCopies.has(path)) {
			refuseImage(context, path, new Set(paths.slice(0, index)));
		}
	}

	const bitmaps = (action.bitmaps ?? []).filter(({path, name}) => refuseBitmap(context, path, name));
	return assembleRepair(context, action, given, {
		...emptyRepair(context),
		written: [...new Set(bitmaps.map(({path}) => path))],
		removed: paths,
		steps: [...removeSteps(context, paths, {title: name => `Remove ${name}, which nothing needs`, whenStopped: 'What is removed is gone; recover would remove the rest.'}), ...bitmapSteps(context, bitmaps)],
		consequences: describeRemoved(paths.map(path => ({path, bytes: imageAt(context.graph, path)?.allocatedBytes ?? 0, isNvramCopy: nvramCopies.has(path)})), bitmaps),
	});
}
