/**
A backup of a domain that is off. Whole disks are copied by qemu-img. Changes alone are copied by a qemu-storage-daemon of our own, which has the images open to read
only: what has to be united out of the bitmaps of all layers is in its memory alone.
*/
import {posix} from 'node:path';
import {headDisks} from '../../model/domain/domain.ts';
import {describeSecret} from '../../model/domain/start-files.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import type {ProgramCommand, QmpCommand, Step} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import {refuseBrokenChain} from '../../planner/checks/blockers.ts';
import type {PlanContext} from '../../planner/context.ts';
import {keysOf, secretOn} from '../../planner/encryption/keys.ts';
import {fileCommands, imageCommands} from '../../planner/hypervisor/commands.ts';
import type {Backup, CopiedDisk} from '../../planner/hypervisor/hypervisor.ts';
import {
	copySteps, targetNodes, type Ask, type OpenDisk,
} from '../../planner/hypervisor/qmp/copy.ts';
import {recordOff} from '../../planner/records/record-off.ts';
import {step} from '../../planner/steps/step.ts';
import {holdsEncrypted} from './choose.ts';

const whenStopped = 'Recover would remove what was copied; the disks are as they were.';
const whenStoppedCopying = 'Recover would end qemu-storage-daemon and remove what was copied; until then it has the disks open, and the domain cannot be started.';

const socketName = 'copy.sock';

/** Of a UNIX socket's path, with the zero at its end. */
const longestSocketPath = 107;

/** Appends blockers. */
function refuse(context: PlanContext, {disks, isQuiesced}: Backup): void {
	const known = headDisks(context.inventory.details.domain);
	if (isQuiesced) {
		context.blockers.push({kind: 'domain-state', text: 'The domain is off: there are no file systems to freeze.', remedy: 'Leave --quiesce out.'});
	}

	for (const {target, headPath} of disks) {
		refuseBrokenChain(context, headPath);
		const disk = known.find(candidate => candidate.target === target);
		if (disk !== undefined && holdsEncrypted(context, disk) && !context.can.opensEncrypted) {
			context.blockers.push({
				kind: 'not-supported',
				text: `What is on ${target} is encrypted, and while the domain is off nobody tells its passphrase.`,
				remedy: 'Start the domain: QEMU itself then copies the disk. Or name the other disks: --disk DISK.',
			});
		}
	}
}

/** Each disk that is copied whole is opened by a program of its own; changes are copied by one for all, which is given one passphrase. Appends a blocker. */
function requireOneSecret(context: PlanContext, {disks}: Backup): void {
	const {layersOf} = keysOf(context);
	const secrets = disks.map(({headPath}) => secretOn(layersOf(headPath))?.secret).filter(secret => secret !== undefined);
	if (new Set(secrets.map(secret => describeSecret(secret))).size > 1) {
		context.blockers.push({kind: 'not-supported', text: 'The disks are encrypted with different secrets: their changes alone cannot be copied together.', remedy: 'Copy everything: --full.'});
	}
}

function convertSteps({graph, host}: PlanContext, {disks, rateBytes}: Backup): Step[] {
	return disks.map(({target, headPath, path, atMostBytes}) => step('create', {
		id: `copy-${target}`,
		title: `Copy ${target}`,
		command: imageCommands.copyInto({from: headPath, format: imageAt(graph, headPath)?.format ?? 'qcow2', to: path, rateBytes}),
		progress: {kind: 'file-size', path, totalBytes: atMostBytes},
		copyBytes: atMostBytes,
		// Of a program at the other end of ssh this end alone would be killed.
		...(!host.isRemote && {mayBeKilled: true}),
		whenStopped,
	}));
}

/** The chain of a disk as nodes, the lowest first, and the disk with those of its layers that have the bitmap. */
function openChain({graph}: PlanContext, disk: CopiedDisk, index: number): {nodes: Array<Record<string, unknown>>; disk: OpenDisk} {
	const chain = chainOf(graph, disk.headPath);
	const nameOf = (depth: number) => `disk-${index}-${depth}`;
	const nodes = chain.map((path, depth) => {
		const format = imageAt(graph, path)?.format ?? 'qcow2';
		const isLast = depth === chain.length - 1;
		return {
			driver: format,
			'node-name': nameOf(depth),
			'read-only': true,
			file: {driver: path.startsWith('/dev/') ? 'host_device' : 'file', filename: path},
			...(isLast ? (format === 'qcow2' && {backing: null}) : {backing: nameOf(depth + 1)}),
		};
	});
	const layers = chain.flatMap((path, depth) => imageAt(graph, path)?.bitmaps.some(({name}) => name === disk.since) ? [nameOf(depth)] : []);
	return {nodes: nodes.reverse(), disk: {...disk, node: nameOf(0), layers}};
}

/**
Where the daemon's socket is. At the other end of ssh our own folder need not be there, and is not ours: it gets one in the folder for temporary files.
*/
function socketPlace({workPath, host}: PlanContext): {socketPath: string; open: Step[]; close: Step[]} {
	if (!host.isRemote) {
		return {socketPath: posix.join(workPath, socketName), open: [], close: []};
	}

	const folder = `/tmp/vsnap-tui-${posix.basename(workPath)}`;
	const socketPath = posix.join(folder, socketName);
	const removing = (path: string, command: ProgramCommand) => ({...command, onlyIf: {kind: 'file-exists', path} as const});
	return {
		socketPath,
		open: [step('create', {
			id: 'make-socket-folder',
			title: `Create a private folder on the host, ${folder}`,
			command: fileCommands.makeFolder(folder),
			undo: [removing(socketPath, fileCommands.remove(socketPath)), removing(folder, fileCommands.removeFolder(folder))],
			failureChangesNothing: true,
			whenStopped,
		})],
		close: [step('create', {id: 'remove-socket-folder', title: `Remove ${folder}`, command: fileCommands.removeFolder(folder), whenStopped})],
	};
}

/** Appends blockers. */
function daemonSteps(context: PlanContext, backup: Backup): Step[] {
	const {disks, rateBytes, stamp} = backup;
	const {socketPath, open, close} = socketPlace(context);
	if (new TextEncoder().encode(socketPath).length > longestSocketPath) {
		context.blockers.push({
			kind: 'not-supported',
			text: `${socketPath} is too long for the name of a socket, of ${longestSocketPath} bytes at most.`,
			remedy: 'Set VSNAP_TUI_STATE to a folder with a shorter path, or copy everything: --full.',
		});
	}

	const ask: Ask = (execute, parameters = {}, more = {}): QmpCommand => ({tool: 'qmp', socketPath, execute, arguments: parameters, files: [], ...more});
	const quit = ask('quit', {}, {until: {kind: 'gone'}});
	requireOneSecret(context, backup);
	const chains = disks.map((disk, index) => openChain(context, disk, index));
	const opened = chains.map(({disk}) => disk);
	const nodes = [...chains.flatMap(chain => chain.nodes), ...targetNodes({disks: opened, stamp})];
	const targets = disks.map(({target}) => target).join(', ');
	return [
		...open,
		step('create', {
			id: 'start-daemon',
			title: `Start qemu-storage-daemon, which reads ${targets} and writes the copies`,
			command: {
				tool: 'qemu-storage-daemon',
				argv: [
					'qemu-storage-daemon',
					'--daemonize',
					'--chardev',
					`socket,id=monitor,path=${socketPath.replaceAll(',', ',,')},server=on,wait=off`,
					'--monitor',
					'chardev=monitor',
					...nodes.flatMap(node => ['--blockdev', JSON.stringify(node)]),
				],
				files: [],
			},
			undo: [quit],
			whenStopped: whenStoppedCopying,
		}),
		...copySteps({disks: opened, stamp, rateBytes, recorded: [], ask, askBack: undefined, title: `Begin to copy ${targets}`, whenStopped: whenStoppedCopying}),
		step('create', {id: 'quit-daemon', title: 'End qemu-storage-daemon', command: quit, whenStopped}),
		...close,
	];
}

/** The bitmaps are first: what is written before the copies begin is then in both. Appends blockers. */
export function backupOff(context: PlanContext, backup: Backup): Result<Step[]> {
	const {checkpoint, disks} = backup;
	refuse(context, backup);
	const copies = disks.every(({since}) => since === undefined) ? convertSteps(context, backup) : daemonSteps(context, backup);
	const isPlanned = context.blockers.length === 0;
	return succeed(isPlanned ? [...(checkpoint === undefined ? [] : recordOff(context, checkpoint.name, {recorded: checkpoint.disks, xml: checkpoint.recordXml})), ...copies] : []);
}
