/**
Copying disks by QEMU's backup job, in a QEMU that runs the guest or in a qemu-storage-daemon of our own: all of them as they are at one moment, whole or what has
changed since a checkpoint.
*/
import {posix} from 'node:path';
import type {QmpCommand, Step} from '../../../model/plan/plan.ts';
import {step} from '../../steps/step.ts';
import type {CopiedDisk} from '../hypervisor.ts';

export type Ask = (execute: string, parameters?: Record<string, unknown>, more?: Pick<QmpCommand, 'until' | 'nodes'>) => QmpCommand;

/** `node`: of the head. `layers`: of all images of its chain that have the bitmap of the changes, the head first. */
export type OpenDisk = CopiedDisk & {node: string; layers: string[]};

export type Copying = {
	disks: OpenDisk[];
	/** Makes names in QEMU that nobody else has. */
	stamp: string;
	/** Bytes a second, for each disk. */
	rateBytes: number | undefined;
	/** Bitmaps that are made at the same moment, and stay. */
	recorded: Array<{node: string; path: string; bitmap: string}>;
	ask: Ask;
	/** For the way back. Undefined where all of it ends with its process. */
	askBack: Ask | undefined;
	title: string;
	whenStopped: string;
};

const weekMs = 7 * 24 * 3_600_000;

/** QEMU takes at most 31 characters. */
const nodeOf = ({stamp}: Pick<Copying, 'stamp'>, index: number) => `vsnap-copy-${index}-${stamp}`;
const jobOf = ({stamp}: Copying, {target}: OpenDisk) => `vsnap-backup-${target}-${stamp}`;
const changesOf = ({stamp}: Copying) => `vsnap-changes-${stamp}`;

type BlockAction = {type: string; data: Record<string, unknown>};

/** One disabled bitmap out of those of all layers: QEMU itself would look at the head's alone, and an enabled one would go on recording. */
export function mergeActions(name: string, {since, node, layers}: Pick<OpenDisk, 'since' | 'node' | 'layers'>): BlockAction[] {
	return since === undefined
		? []
		: [
			{type: 'block-dirty-bitmap-add', data: {node, name, persistent: false, disabled: true}},
			{type: 'block-dirty-bitmap-merge', data: {node, target: name, bitmaps: layers.map(layer => ({node: layer, name: since}))}},
		];
}

/** The bitmaps stay as they are, however the job ends: the checkpoints tell what they are for. How it ended can be asked by whoever comes later. */
function backupAction(copying: Copying, disk: OpenDisk, index: number): BlockAction {
	const {rateBytes} = copying;
	return {type: 'blockdev-backup', data: {
		'job-id': jobOf(copying, disk),
		device: disk.node,
		target: nodeOf(copying, index),
		...(disk.since === undefined ? {sync: 'full'} : {sync: 'bitmap', bitmap: changesOf(copying), 'bitmap-mode': 'never'}),
		...(rateBytes !== undefined && {speed: rateBytes}),
		'auto-dismiss': false,
	}};
}

/** Properties of a transaction do not go with making bitmaps; without any it is one moment all the same. */
function beginStep(copying: Copying): Step {
	const {disks, recorded, ask, askBack, title, whenStopped} = copying;
	const remove = (node: string, path: string, name: string) => askBack?.('block-dirty-bitmap-remove', {node, name}, {nodes: {node: path}, until: {kind: 'bitmap-gone', id: name}}) ?? [];
	return step('create', {
		id: 'backup',
		title,
		command: ask('transaction', {actions: [
			...disks.flatMap(disk => mergeActions(changesOf(copying), disk)),
			...recorded.map(({node, bitmap}) => ({type: 'block-dirty-bitmap-add', data: {node, name: bitmap, persistent: true}})),
			...disks.map((disk, index) => backupAction(copying, disk, index)),
		]}),
		undo: [
			...disks.flatMap(disk => askBack?.('job-cancel', {id: jobOf(copying, disk)}, {until: {kind: 'job-gone', id: jobOf(copying, disk)}}) ?? []),
			...disks.filter(({since}) => since !== undefined).flatMap(({node, headPath}) => remove(node, headPath, changesOf(copying))),
			...recorded.flatMap(({node, path, bitmap}) => remove(node, path, bitmap)),
		],
		whenStopped,
	});
}

/** What is copied into. Flushed by a step of its own: QEMU's main loop, which the guest needs as well, would stand still for that when the file is closed. */
export function targetNodes(copying: Pick<Copying, 'disks' | 'stamp'>): Array<Record<string, unknown>> {
	return copying.disks.map(({path}, index) => ({driver: 'qcow2', 'node-name': nodeOf(copying, index), cache: {'no-flush': true}, file: {driver: 'file', filename: path}}));
}

/** Opens what is copied into, in a QEMU that goes on. */
export function openSteps(copying: Copying): Step[] {
	const {disks, ask, askBack, whenStopped} = copying;
	const nodes = targetNodes(copying);
	return disks.map(({target, path}, index) => step('create', {
		id: `open-${target}`,
		title: `Open ${posix.basename(path)} in QEMU`,
		command: ask('blockdev-add', nodes[index]),
		undo: askBack === undefined ? [] : [askBack('blockdev-del', {'node-name': nodeOf(copying, index)}, {until: {kind: 'node-gone', id: nodeOf(copying, index)}})],
		whenStopped,
	}));
}

/** The steps from the beginning of all copies to their end. What is open then is let go by `letGoSteps`, or ends with its process. */
export function copySteps(copying: Copying): Step[] {
	const {disks, ask, whenStopped} = copying;
	return [
		beginStep(copying),
		...disks.map(disk => {
			const id = jobOf(copying, disk);
			const command = ask('query-jobs', {}, {until: {kind: 'job', id}});
			return step('create', {
				id: `copy-${disk.target}`,
				title: `Copy ${disk.target}`,
				command,
				progress: {kind: 'qmp-job', socketPath: command.socketPath, id},
				copyBytes: disk.atMostBytes,
				cancel: [ask('job-cancel', {id}, {until: {kind: 'job-gone', id}})],
				timeoutMs: weekMs,
				whenStopped,
			});
		}),
	];
}

/** In a QEMU that goes on. */
export function letGoSteps(copying: Copying): Step[] {
	const {disks, ask, whenStopped} = copying;
	const name = changesOf(copying);
	return [
		...disks.filter(({since}) => since !== undefined).map(({target, node, headPath}) => step('create', {
			id: `remove-bitmap-${target}`,
			title: `Remove the temporary bitmap from ${target}`,
			command: ask('block-dirty-bitmap-remove', {node, name}, {nodes: {node: headPath}, until: {kind: 'bitmap-gone', id: name}}),
			whenStopped,
		})),
		...disks.map(({target, path}, index) => step('create', {
			id: `close-${target}`,
			title: `Close ${posix.basename(path)} in QEMU`,
			command: ask('blockdev-del', {'node-name': nodeOf(copying, index)}, {until: {kind: 'node-gone', id: nodeOf(copying, index)}}),
			whenStopped,
		})),
	];
}
