/**
Creating a snapshot of a running bare QEMU, through its monitor: all disks in one transaction, memory by a migration to a file, or everything inside the images
by a job. Then our own records are written.
*/
import type {Command, Step} from '../../../model/plan/plan.ts';
import {succeed} from '../../../model/result.ts';
import {quoteAsIs} from '../../../model/text/shell-quote.ts';
import type {BareNode} from '../../../model/domain/inventory.ts';
import {imageAt} from '../../../model/images/image-graph.ts';
import {layoutOn} from '../../../model/images/image.ts';
import {describeUncontinued, requireActiveDisks} from '../../checks/inactive-disks.ts';
import {refuseFolderRisks} from '../../steps/build-folder.ts';
import type {PlanContext} from '../../context.ts';
import {defineStep, definitionOn} from '../../steps/domain.ts';
import {makeSteps, toOverlaid} from '../../steps/overlay.ts';
import {reserving, step} from '../../steps/step.ts';
import {fileCommands, imageCommands} from '../commands.ts';
import {inMode, isMade, type NewOverlay} from '../../disk-plan.ts';
import type {Hypervisor, RunningSnapshot} from '../hypervisor.ts';
import {
	ask, askIfAlive, askUntil, factsOf,
} from './monitor.ts';
import {
	insideStep, nodeOf, refuseAgent, whenStopped,
} from './nodes.ts';

/** A new overlay on the node that the guest writes to, and the name that its own node will have. */
type NodeOverlay = NewOverlay & {node: BareNode; newNode: string};

function onNodes(context: PlanContext, disks: NewOverlay[], now: Date): NodeOverlay[] {
	// To the millisecond: a script may take two snapshots within a second.
	const stamp = now.getTime().toString(36);
	return disks.map((disk, index) => ({...disk, node: nodeOf(context, disk.target), newNode: `vsnap-${index}-${stamp}`}));
}

/**
Where a person gave the node its name, where bitmaps go on, where the clusters are laid out in another way than QEMU's own overlays have, and where the overlay's header could not be left to QEMU, the overlay is opened by a name before the
disk goes over to it.
*/
function isAddedFirst(context: PlanContext, {node, headPath}: NodeOverlay): boolean {
	return Object.keys(layoutOn(imageAt(context.graph, headPath))).length > 0 || node.isNamedByPerson || node.bitmaps.length > 0 || node.isNamedFromFolder === true;
}

function create(id: string, title: string, command: Command, more: Partial<Step> = {}): Step {
	return step('create', {id, title, command, whenStopped, ...more});
}

/** Opens the overlay in QEMU under a name, without its backing image: the transaction puts it on top. */
function addSteps(context: PlanContext, disk: NodeOverlay): Step[] {
	const {target, overlayPath, newNode, headPath, format, reuse} = disk;
	const head = imageAt(context.graph, headPath);
	const fileNode = `${newNode}-file`;
	const remove = (node: string) => askIfAlive(context, 'blockdev-del', {'node-name': node});
	const jobId = `${newNode}-create`;
	return [
		create(`file-${target}`, `Open the file of the new overlay of ${target} in QEMU`, ask(context, 'blockdev-add', {driver: 'file', filename: overlayPath, 'node-name': fileNode}), {undo: [remove(fileNode)], failureChangesNothing: true}),
		...(reuse === 'absolute-paths'
			? [create(`format-${target}`, `Create the new overlay of ${target}`, askUntil(context, 'blockdev-create', {
				'job-id': jobId,
				options: {
					driver: 'qcow2',
					file: fileNode,
					size: head?.virtualSizeBytes ?? 0,
					'backing-file': headPath,
					'backing-fmt': format,
					...(head?.format === 'qcow2' && head.clusterSizeBytes !== undefined && {'cluster-size': head.clusterSizeBytes}),
					...(head?.hasSubclusters && {'extended-l2': true}),
				},
			}, {kind: 'job', id: jobId}))]
			: []),
		create(`add-${target}`, `Open the new overlay of ${target} in QEMU`, ask(context, 'blockdev-add', {
			driver: 'qcow2', file: fileNode, 'node-name': newNode, backing: null,
		}), {undo: [remove(newNode)], failureChangesNothing: true}),
	];
}

function actionsOf(context: PlanContext, disk: NodeOverlay): Array<{type: string; data: Record<string, unknown>}> {
	const {node, newNode, overlayPath, reuse} = disk;
	if (!isAddedFirst(context, disk)) {
		return [{
			type: 'blockdev-snapshot-sync',
			data: {
				'node-name': node.nodeName,
				'snapshot-file': overlayPath,
				'snapshot-node-name': newNode,
				format: 'qcow2',
				mode: reuse === 'absolute-paths' ? 'absolute-paths' : 'existing',
			},
		}];
	}

	return [
		...node.bitmaps.map(({name, granularityBytes}) => ({type: 'block-dirty-bitmap-add', data: {node: newNode, name, granularity: granularityBytes, persistent: true}})),
		{type: 'blockdev-snapshot', data: {node: node.nodeName, overlay: newNode}},
	];
}

/**
All disks at one moment. Taken back by merging the overlays into the images that were there: while the guest goes on by QEMU, else by qemu-img, which finds nothing
to merge where the transaction was never done.
*/
function transactionStep(context: PlanContext, disks: NodeOverlay[]): Step {
	return step('switch', {
		id: 'transaction',
		title: `Switch ${disks.map(({target}) => target).join(', ')} to the new overlays, all at once`,
		command: ask(context, 'transaction', {actions: disks.flatMap(disk => actionsOf(context, disk))}),
		undo: disks.flatMap(({target, overlayPath, headPath, newNode, node}): Command[] => {
			const onlyIf = {kind: 'head-is', uuid: context.uuid, target, path: overlayPath} as const;
			const id = `${newNode}-back`;
			return [
				{
					...askUntil(context, 'block-commit', {
						'job-id': id, device: newNode, 'base-node': node.nodeName, 'auto-dismiss': false,
					}, {kind: 'job-ready', id}),
					onlyIf,
				},
				{...askUntil(context, 'job-complete', {id}, {kind: 'job', id}), onlyIf, merges: overlayPath},
				{
					...imageCommands.commit(overlayPath, headPath),
					onlyIf: {kind: 'all', of: [{kind: 'domain-off', uuid: context.uuid}, {kind: 'backed-by', path: overlayPath, backing: headPath}]},
					merges: overlayPath,
				},
			];
		}),
		doneWhen: {kind: 'head-is', uuid: context.uuid, target: disks[0]!.target, path: disks[0]!.overlayPath},
		whenStopped: 'Recover would commit the overlays back; the guest stays on its old disks.',
	});
}

/** Names are taken before QEMU writes: it overwrites what is there. What needs no QEMU is done by qemu-img. */
function prepareSteps(context: PlanContext, disks: NewOverlay[]): Step[] {
	return disks.filter(disk => isMade(disk)).flatMap(disk => makeSteps({...toOverlaid(context, disk), ...(disk.reuse === 'absolute-paths' && {isMadeByQemu: true})}));
}

/** The prepared overlays alone: what is below them is open in QEMU. */
function checkPrepared(disks: NewOverlay[]): Step[] {
	return disks.filter(disk => !isMade(disk)).map(({target, overlayPath}) => step('check', {
		id: `check-${target}`,
		title: `Check that the prepared overlay of ${target} can be opened`,
		command: {tool: 'qemu-img', argv: ['qemu-img', 'info', '--output=json', '-f', 'qcow2', overlayPath], files: []},
	}));
}

/** Where QEMU writes its memory to. `exec:` is a shell's line, so the name is quoted for one; a comma has a meaning of its own after `file:`. */
function memoryUri(context: PlanContext, path: string): string {
	return context.can.migratesToFile && !path.includes(',') ? `file:${path}` : `exec:cat > ${quoteAsIs(path)}`;
}

function memorySteps(context: PlanContext, given: {path: string; owner: {uid: number; gid: number} | undefined; isLive: boolean}): Step[] {
	const {path, owner, isLive} = given;
	const isRunning = context.inventory.details.domain.state === 'running';
	const goOn = isRunning ? [askIfAlive(context, 'cont')] : [];
	const migrate = askUntil(context, 'migrate', {uri: memoryUri(context, path)}, {kind: 'migration'});
	return [
		step('create', {id: 'reserve-memory', title: 'Create an empty memory file', whenStopped, ...reserving(path)}),
		...(owner !== undefined && (owner.uid !== 0 || owner.gid !== 0) ? [create('own-memory', 'Copy the owner of the disks to it', fileCommands.own(path, owner))] : []),
		...(isRunning && !isLive ? [create('pause', 'Pause the guest', ask(context, 'stop'), {undo: goOn, guest: 'paused'})] : []),
		create('memory', 'Save the guest\'s memory', migrate, {
			undo: goOn,
			progress: {kind: 'qmp-migration', socketPath: migrate.socketPath},
			copyBytes: context.inventory.details.domain.definition.memoryBytes,
			cancel: [ask(context, 'migrate_cancel')],
		}),
	];
}

/** With the end of a migration QEMU deactivates its images, and adds no bitmap to such a one (11.1). The command that activates them is there since 10.0. */
function activateSteps(context: PlanContext, disks: readonly NodeOverlay[]): Step[] {
	const isNeeded = disks.some(({node}) => node.bitmaps.length > 0) && factsOf(context).commands.has('blockdev-set-active');
	return isNeeded ? [create('activate', 'Activate the images again', ask(context, 'blockdev-set-active', {active: true}))] : [];
}

function resumeStep(context: PlanContext): Step {
	return step('switch', {
		id: 'resume',
		title: 'Resume the guest',
		command: askIfAlive(context, 'cont'),
		guest: 'resumed',
		skippedNote: 'QEMU has ended meanwhile.',
		whenStopped: 'Recover would finish the rest; the guest stays on the new overlays.',
	});
}

function quitStep(context: PlanContext): Step {
	return step('switch', {
		id: 'halt',
		title: 'Quit QEMU',
		command: askUntil(context, 'quit', {}, {kind: 'gone'}),
		undo: null,
		doneWhen: {kind: 'domain-off', uuid: context.uuid},
		whenStopped: 'The snapshot is complete.',
	});
}

/** For `Hypervisor`. */
export function snapshotRunning(context: PlanContext, {action, now, memory, disks, records}: RunningSnapshot): ReturnType<Hypervisor['snapshotRunning']> {
	const memoryPath = memory.mode === 'external' ? memory.path : undefined;
	if (action.isQuiesced) {
		refuseAgent(context);
	}

	const {checkpoints} = context.inventory.details;
	const external = inMode(disks, 'external');
	if (external.length > 0 && checkpoints.length > 0) {
		requireActiveDisks(context, describeUncontinued(checkpoints));
	}

	refuseFolderRisks(context, [...external.filter(disk => isMade(disk)).map(({overlayPath}) => overlayPath), ...memoryPath === undefined ? [] : [memoryPath]], {writer: 'QEMU'});
	const definition = definitionOn(context, external);
	if (!definition.ok) {
		return definition;
	}

	const isRunning = context.inventory.details.domain.state === 'running';
	const isLeftPaused = isRunning && inMode(disks, 'manual').length > 0;
	const noded = onNodes(context, external, now);
	return succeed({
		consequences: isLeftPaused
			? [{severity: 'warning', text: 'The "manual" disks are left to you: the guest stays paused for that, until you resume it.'}]
			: [],
		steps: [
			...checkPrepared(external),
			...prepareSteps(context, external),
			...noded.filter(disk => isAddedFirst(context, disk)).flatMap(disk => addSteps(context, disk)),
			...(memory.mode === 'internal' ? [insideStep(context, {name: action.snapshot, disks: inMode(disks, 'internal')})] : []),
			...(memoryPath === undefined ? [] : memorySteps(context, {path: memoryPath, owner: imageAt(context.graph, external[0]?.headPath ?? '')?.file, isLive: action.isLive})),
			...(memoryPath === undefined ? [] : activateSteps(context, noded)),
			...(isLeftPaused && memoryPath === undefined ? [create('pause', 'Pause the guest', ask(context, 'stop'), {undo: [askIfAlive(context, 'cont')], guest: 'paused'})] : []),
			...(noded.length === 0 ? [] : [transactionStep(context, noded)]),
			...(memoryPath !== undefined && isRunning && !action.isHalted && !isLeftPaused ? [resumeStep(context)] : []),
			...(noded.length === 0 ? [] : [defineStep(context, definition.value)]),
			...records,
			...(action.isHalted ? [quitStep(context)] : []),
		],
	});
}
