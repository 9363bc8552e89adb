/**
Merging images that a running bare QEMU has open: by its own block jobs, through its monitor. A commit of the head ends with the guest on the image below
it; any other commit, and a pull into any image of a chain, leaves the guest where it is.
*/
import {posix} from 'node:path';
import type {Merge} from '../../model/images/image-merge.ts';
import type {ImageNode} from '../../model/domain/inventory.ts';
import type {
	Command, Instead, Probe, QmpCommand, Step,
} from '../../model/plan/plan.ts';
import type {PlanContext} from '../context.ts';
import {step} from '../steps/step.ts';
import {bareCommands, type BareContext} from './bare-commands.ts';

type OpenImage = ImageNode & {
	/** As QEMU tells it. */
	path: string;
};

/** Undefined: QEMU has it not open, or more than once. */
function openImage(context: PlanContext, path: string): OpenImage | undefined {
	const key = context.graph.keyOf(path);
	const [known, node] = [...context.inventory.bare?.imageNodes ?? []].find(([candidate]) => context.graph.keyOf(candidate) === key) ?? [];
	return known === undefined || node === undefined ? undefined : {...node, path: known};
}

/**
Whether this QEMU can merge so. It has to run for a pull, because it is stopped for a moment after it. An image that it was started on has to stay, or its
command line would be understood by nobody.
*/
export function isPossibleInQemu(context: PlanContext, merge: Merge): boolean {
	const {bare, picture} = context.inventory;
	const isStart = (path: string) => (bare?.startImages ?? []).some(start => context.graph.keyOf(start) === context.graph.keyOf(path));
	const asked = merge.way === 'pull' ? [merge.top, ...merge.layers, ...(merge.below === undefined ? [] : [merge.below])] : [merge.top, ...merge.layers];
	return bare?.socketPath !== undefined
		&& bare.commands.has(merge.way === 'pull' ? 'block-stream' : 'block-commit')
		&& (merge.way === 'commit' || picture.domain.state === 'running')
		&& asked.every(path => openImage(context, path) !== undefined)
		&& !merge.gone.some(path => isStart(path));
}

/** Bitmaps that QEMU keeps with this image and may not have written yet. */
export function bitmapsInQemu(context: PlanContext, path: string): string[] {
	return openImage(context, path)?.bitmaps ?? [];
}

type JobGiven = {
	id: string;
	/** By argument, the image whose node it names. */
	images: Record<string, string | undefined>;
	more: Record<string, unknown>;
	end: 'job' | 'job-pivot';
};

function job(context: BareContext & PlanContext, execute: string, {id, images, more, end}: JobGiven): QmpCommand {
	const found = Object.entries(images).flatMap(([key, path]) => path === undefined ? [] : [[key, openImage(context, path)] as const]);
	const nodes = found.flatMap(([key, image]) => image === undefined ? [] : [[key, image] as const]);
	return bareCommands.ask(context, execute, {
		// Not dismissed by itself: how it ended can then be asked by whoever comes later.
		arguments: {'job-id': id, ...Object.fromEntries(nodes.map(([key, {nodeName}]) => [key, nodeName])), ...more, 'auto-dismiss': false},
		nodes: Object.fromEntries(nodes.map(([key, {path}]) => [key, path])),
		until: {kind: end, id},
	});
}

/** What a step has that is done by a job: how far it is, and what ends it. */
function atWork(context: BareContext, id: string): Pick<Step, 'progress' | 'cancel'> {
	return {
		progress: {kind: 'qmp-job', socketPath: context.inventory.bare?.socketPath ?? '', id},
		// To its end, so that its name is free and its images are let go.
		cancel: [bareCommands.ask(context, 'job-cancel', {arguments: {id}, until: {kind: 'job', id}})],
	};
}

/** Nodes with names of their own outlive the merge, and hold files that are to go. */
function closeSteps(context: BareContext & PlanContext, merge: Merge, given: Pick<Step, 'phase' | 'undo' | 'ifStopped'> & {id: string}): Step[] {
	const {id, ...step} = given;
	const names = merge.gone.flatMap(path => (openImage(context, path)?.closing ?? []).map(name => ({name, path})));
	return names.map(({name, path}, index) => ({
		id: `close-${id}-${index + 1}`,
		title: `Let QEMU close ${posix.basename(path)} (${name})`,
		command: bareCommands.ask(context, 'blockdev-del', {arguments: {'node-name': name}, until: {kind: 'node-gone', id: name}, onlyIf: {kind: 'domain-active', uuid: context.uuid}}),
		otherwise: 'QEMU has ended, so it has nothing open.',
		happened: {kind: 'never'},
		...step,
	}));
}

export type QemuMerge = {
	id: string;
	title: string;
	ifStopped: string;
	/** The name that the header gets of what it stands on; undefined: it gets none. */
	backingName: string | undefined;
};

/** Has QEMU write out all that it holds of the image, whether the guest runs or not. */
export function flushInQemu(context: BareContext & PlanContext, path: string): Command {
	const node = (openImage(context, path)?.nodeName ?? '').replaceAll(/["\\]/gu, String.raw`\$&`);
	return {...bareCommands.ask(context, 'human-monitor-command', {arguments: {'command-line': `qemu-io "${node}" "flush"`}}), onlyIf: {kind: 'domain-active', uuid: context.uuid}};
}

/** Pulls, and has QEMU write out where the data lies: the header of the new backing file is written at once, the rest only when QEMU flushes. */
export function pullInQemu(context: BareContext & PlanContext, merge: Merge, given: QemuMerge & Pick<Step, 'undo' | 'grows'>): Step[] {
	const {id, title, ifStopped, backingName, undo, grows} = given;
	const jobId = `vsnap-pull-${id}`;
	const step = {phase: 'create', happened: {kind: 'never'}, ifStopped} as const;
	const goOn = bareCommands.resume(context);
	return [{
		...step,
		id: `pull-${id}`,
		title,
		command: job(context, 'block-stream', {
			id: jobId,
			images: {device: merge.top, 'base-node': merge.below},
			more: merge.below === undefined ? {} : {'backing-file': backingName},
			end: 'job',
		}),
		undo,
		...(grows && {grows}),
		...atWork(context, jobId),
	}, {
		...step,
		id: `flush-${id}`,
		title: 'Pause the guest for a moment, so that QEMU writes out where the data lies',
		command: bareCommands.ask(context, 'stop', {}),
		undo: [{...goOn, onlyIf: {kind: 'domain-active', uuid: context.uuid}}],
	}, {
		...step,
		id: `resume-${id}`,
		title: 'Let the guest go on',
		command: goOn,
		undo: [],
	}, ...closeSteps(context, merge, {id, phase: 'create', undo: [], ifStopped})];
}

/** `head`: the image that the disk writes to, above all others. */
export function commitInQemu(context: BareContext & PlanContext, merge: Merge, given: QemuMerge & {target: string; head: string; happened: Probe; intoFormat: string; instead: Instead}): Step[] {
	const {id, title, ifStopped, backingName, target, head, happened, intoFormat, instead} = given;
	const {top, into} = merge;
	const jobId = `vsnap-commit-${id}`;
	const isHead = context.graph.keyOf(top) === context.graph.keyOf(head);
	return [step('switch', {
		id: `commit-${id}`,
		title,
		command: job(context, 'block-commit', isHead
			? {id: jobId, images: {device: top, 'base-node': into}, more: {}, end: 'job-pivot'}
			: {id: jobId, images: {device: head, 'top-node': top, 'base-node': into}, more: backingName === undefined ? {} : {'backing-file': backingName}, end: 'job'}),
		undo: null,
		// As QEMU tells the name.
		happened: isHead ? {kind: 'head-is', uuid: context.uuid, target, path: openImage(context, into)?.path ?? into} : happened,
		instead,
		...(isHead && {pivot: {from: top, to: into, toFormat: intoFormat}}),
		ifStopped,
		...atWork(context, jobId),
	}), ...closeSteps(context, merge, {id, phase: 'switch', undo: null, ifStopped})];
}
