/**
The planner for `rebase`: overlays whose backing file was moved are told where it lies, overlays that do not say its format are told that, and the records
that name a moved file by its old place are written anew. What an image holds is not touched, only where it looks for the rest.
*/
import {posix} from 'node:path';
import type {RebaseAction} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {chainOf, devicePaths, imageAt} from '../../model/images/image-graph.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {objectionTo} from '../../model/images/may-change.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {rewriteSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {backingNameFor} from '../../planner/steps/backing-name.ts';
import {checkAgainRemedy, refuseBrokenChain, refuseBusyDomain, stopRemedy} from '../../planner/checks/blockers.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {preservingXml} from '../../planner/records/bookkeeping.ts';
import {fileCommands, imageCommands} from '../../planner/hypervisor/commands.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {linksOfMoved} from '../../planner/expected-links.ts';
import {recordedOverlays, writtenHeads} from '../../planner/records/lineage.ts';
import {assembleRepair, besideCheckpoints, emptyRepair} from '../../planner/records/repair-plan.ts';
import {step} from '../../planner/steps/step.ts';
import {describeRebase} from './words.ts';

type Link = RebaseAction['links'][number];

const whenStopped = 'Recover would write the old backing files back; the content of the images is not touched.';

function refuseLink(context: PlanContext, link: Link): void {
	const {blockers, graph} = context;
	const image = imageAt(graph, link.path);
	const isBroken = image?.problems.some(({kind}) => kind === 'backing-missing') ?? false;
	const lacksFormat = image?.problems.some(({kind}) => kind === 'backing-format-not-recorded') ?? false;
	if (image?.backingName === undefined) {
		blockers.push({kind: 'image-missing', text: `The overlay ${link.path} was not found.`, remedy: checkAgainRemedy});
		return;
	}

	// Anything else would change what is read through it.
	if (!isBroken && !(lacksFormat && image.backingPath === link.backingPath)) {
		blockers.push({kind: 'not-supported', text: `The overlay ${link.path} finds its backing file already: it is not rebased.`, remedy: checkAgainRemedy});
	}

	const objection = objectionTo(graph, link.path, {kind: 'rewrite', domainUuid: context.uuid});
	if (objection) {
		blockers.push({
			kind: objection.reason === 'is-read-only' ? 'not-permitted' : 'image-needed',
			text: objection.reason === 'is-read-only' ? `The overlay ${link.path} is read-only.` : `The overlay ${link.path} is used by others too: ${objection.holders.map(({label}) => label).join(', ')}.`,
			remedy: objection.reason === 'is-read-only' ? 'Make it writable, then try again.' : `Shut those domains down and rebase it yourself: qemu-img rebase -u -f qcow2 -F ${link.backingFormat} -b ${quoteForShell(link.backingPath)} ${quoteForShell(link.path)}`,
		});
	}

	const locked = image.problems.find(problem => problem.kind === 'locked');
	if (locked) {
		blockers.push({kind: 'image-in-use', text: `The overlay ${link.path} is open elsewhere.`, remedy: stopRemedy});
	}
}

/** What the overlay is put on must be whole, nobody's to write, and of the same size; a file of another format than qcow2 is looked at by the plan's first step. */
function refuseBacking(context: PlanContext, link: Link): void {
	const {blockers, graph} = context;
	const backing = imageAt(graph, link.backingPath);
	if (backing === undefined) {
		return;
	}

	refuseBrokenChain(context, link.backingPath);
	const size = imageAt(graph, link.path)?.virtualSizeBytes;
	const isElsewhere = imageAt(graph, link.path)?.backingPath !== link.backingPath;
	if (isElsewhere && backing.format === link.backingFormat && size !== undefined && size > 0 && backing.virtualSizeBytes !== size) {
		blockers.push({kind: 'chain-broken', text: `${link.backingPath} has another size than ${link.path}, so it is not the file that was moved.`, remedy: checkAgainRemedy});
	}

	if (chainOf(graph, link.backingPath).some(path => graph.keyOf(path) === graph.keyOf(link.path))) {
		blockers.push({kind: 'chain-broken', text: `${link.backingPath} is itself backed by ${link.path}: the chain would be a loop.`, remedy: checkAgainRemedy});
	}

	const writer = context.pins.find(pin => pin.hold === 'head' && graph.keyOf(pin.path) === graph.keyOf(link.backingPath));
	if (writer) {
		blockers.push({kind: 'image-in-use', text: `${link.backingPath} is written to (${writer.label}): it cannot be a backing file.`, remedy: checkAgainRemedy});
	}
}

function linkSteps(context: PlanContext, links: readonly Link[]): Step[] {
	return links.flatMap((link, index): Step[] => {
		const image = imageAt(context.graph, link.path);
		if (image?.backingName === undefined) {
			return [];
		}

		// The file looks as old as its content is: else what it keeps would seem changed.
		const date = image.file === undefined ? [] : [fileCommands.date(link.path, image.file.modifiedAt)];
		const id = String(index + 1);
		return [
			step('switch', {
				id: `rebase-${id}`,
				title: `Make ${link.backingPath} (${link.backingFormat}) the backing file of ${posix.basename(link.path)}`,
				command: imageCommands.rebase(link.path, {name: image.backingPath === link.backingPath ? image.backingName : backingNameFor(context, link.path, link.backingPath), format: link.backingFormat}),
				undo: [imageCommands.rebase(link.path, {name: image.backingName, format: image.backingFormat ?? link.backingFormat}), ...date],
				whenStopped,
			}),
			...date.map((command): Step => step('switch', {
				id: `date-${id}`,
				title: `Restore the modification time of ${posix.basename(link.path)}`,
				command,
				whenStopped,
			})),
			step('switch', {
				id: `sync-${id}`,
				title: `Flush ${posix.basename(link.path)} to disk`,
				command: fileCommands.sync([link.path]),
				whenStopped,
			}),
		];
	});
}

type Contents = Map<string, {path: string; format: string}>;

/** Where each moved file is, in the format that the records give it. */
function contentsOf(context: PlanContext, action: RebaseAction): Contents {
	const {domain, snapshots} = context.inventory.details;
	const disks = [domain.definition, ...snapshots.map(snapshot => snapshot.domain)].flatMap(definition => definition?.disks ?? []);
	return new Map(action.moved.map(({from, to}) => [from, {
		path: to,
		format: disks.find(({sourcePath}) => sourcePath === from)?.format ?? action.links.find(({backingPath}) => backingPath === to)?.backingFormat ?? 'raw',
	}]));
}

function namesMoved(snapshot: Snapshot, contents: Contents): boolean {
	return [...snapshot.domain?.disks.map(({sourcePath}) => sourcePath) ?? [], ...recordedOverlays(snapshot).values()].some(path => path !== undefined && contents.has(path));
}

function recordSteps(context: PlanContext, contents: Contents): Result<Step[]> {
	const steps: Step[] = [];
	for (const [index, snapshot] of context.inventory.details.snapshots.entries()) {
		if (!namesMoved(snapshot, contents)) {
			continue;
		}

		const overlays = new Map([...recordedOverlays(snapshot)].map(([target, path]) => [target, contents.get(path)?.path ?? path]));
		const after = rewriteSnapshotXml(snapshot.xml, {parent: snapshot.parent, overlays, devices: devicePaths(context.graph), contents});
		const before = preservingXml(snapshot);
		if (!after.ok) {
			return after;
		}

		if (!before.ok) {
			return before;
		}

		steps.push(step('switch', {
			id: `record-${index + 1}`,
			title: `Update the moved file in the record of "${snapshot.name}"`,
			command: context.hypervisor.records.replace({fileName: `snapshot-${index + 1}`, xml: after.value, makeCurrent: false}),
			undo: [context.hypervisor.records.replace({fileName: `snapshot-${index + 1}-before`, xml: before.value, makeCurrent: false})],
			whenStopped,
		}));
	}

	return succeed(steps);
}

/** The definition may name the moved file as a disk, or in a recorded chain, which beats the headers of the images. */
function definitionXml(context: PlanContext, contents: Contents): Result<string | undefined> {
	const {inventory} = context;
	const sources = new Map(inventory.details.domain.definition.disks.flatMap(disk => {
		const content = disk.sourcePath === undefined ? undefined : contents.get(disk.sourcePath);
		return content ? [[disk.target, content] as const] : [];
	}));
	if (sources.size === 0 && !inventory.definitionXml.includes('<backingStore')) {
		return succeed(undefined);
	}

	return changeDomainXml(inventory.definitionXml, {sources});
}

function defineStep(context: PlanContext, xml: string): Step {
	return step('switch', {
		id: 'define',
		title: 'Point the VM definition at the existing images, without a recorded chain',
		command: context.hypervisor.domain.define('definition-new', xml),
		undo: [context.hypervisor.domain.define('definition-before', context.inventory.definitionXml)],
		whenStopped,
	});
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a document cannot be changed. */
export function planRebase(action: RebaseAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	refuseBusyDomain(context);
	if (hasProcess(inventory.details.domain)) {
		context.blockers.push({kind: 'domain-state', text: 'The domain is not off: QEMU has its images open.', remedy: 'Shut it down, then try again.'});
	}

	for (const link of action.links) {
		refuseLink(context, link);
		refuseBacking(context, link);
	}

	const contents = contentsOf(context, action);
	const written = recordSteps(context, contents);
	if (!written.ok) {
		return written;
	}

	const records = besideCheckpoints(context, written.value);
	const definition = definitionXml(context, contents);
	if (!records.ok) {
		return records;
	}

	if (!definition.ok) {
		return definition;
	}

	const redefinition = definition.value === undefined || definition.value === inventory.definitionXml ? [] : [defineStep(context, definition.value)];
	const places = [...new Set([...action.links.map(({backingPath, backingFormat}) => `${backingFormat} ${backingPath}`), ...[...contents.values()].map(({path, format}) => `${format} ${path}`)])];
	const checks = places.map((place, index): Step => {
		const at = place.indexOf(' ');
		return step('check', {
			id: `check-${index + 1}`,
			title: `Check that ${posix.basename(place.slice(at + 1))} opens with its chain and is not open for writing elsewhere`,
			command: imageCommands.infoWithChain(place.slice(at + 1), place.slice(0, at)),
		});
	});
	return assembleRepair(context, action, given, {
		...emptyRepair(context),
		steps: [...checks, ...linkSteps(context, action.links), ...redefinition, ...records.value.steps],
		checkpoints: records.value.checkpoints,
		written: action.links.map(({path}) => path),
		rebased: action.links.map(({path, backingPath}) => ({path, backingPath})),
		links: linksOfMoved(context, action.links),
		basis: action.links.map(({backingPath}) => backingPath),
		opens: action.links.map(({path}) => path),
		heads: writtenHeads(context).map(({target, path}) => ({target, path: contents.get(path)?.path ?? path})),
		consequences: describeRebase(action, {recordCount: written.value.length, isMoved: action.links.some(link => imageAt(context.graph, link.path)?.backingPath !== link.backingPath)}),
	});
}
