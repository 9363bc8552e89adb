/**
Keeping the current state with the memory of its guest: libvirt saves it to a file and ends QEMU at that moment, which takes the place of the power cut. Shared by
revert and branch.
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import type {CurrentState} from '../../model/plan/request.ts';
import {hasProcess, headDisks, isWritableMedium} from '../../model/domain/domain.ts';
import type {Blocker} from '../../model/failure.ts';
import type {Consequence, Phase, Probe, Step} from '../../model/plan/plan.ts';
import {stampOf} from '../../model/text/format.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {refuseFolders} from '../../planner/checks/blockers.ts';
import {requireActiveDisks} from '../../planner/checks/inactive-disks.ts';
import {requireWayBack} from '../../planner/checks/start-files.ts';
import type {PlanContext} from '../../planner/context.ts';
import {refuseFolderRisks} from '../../planner/steps/build-folder.ts';
import {canStart, stopSteps} from '../../planner/steps/domain.ts';
import {stemOf} from '../../planner/steps/overlay-name.ts';
import {reserving, step} from '../../planner/steps/step.ts';
import {isFileBacked} from '../../planner/storage/storage.ts';
import {describeKeptMemory} from './words.ts';

type KeptMemory = {
	path: string;
	/** Before anything else is made. */
	reserve: Step[];
	consequences: Consequence[];
};

const longestName = 255;

/** Beside the first disk, under the name that a snapshot with memory would get; with the time where that is taken or too long. */
function memoryPath(context: PlanContext, headPath: string, given: {name: string; now: Date}): string {
	const {dir, base} = posix.parse(stemOf(headPath));
	const names = context.inventory.folders.get(dir)?.names;
	const candidates = [given.name, stampOf(given.now), ...Array.from({length: 99}, (_, index) => `${stampOf(given.now)}-${index + 2}`)].map(end => `${base}.${end}.mem`);
	return posix.join(dir, candidates.find(name => Buffer.byteLength(name) <= longestName && !names?.has(name)) ?? candidates.at(-1)!);
}

type Given = {now: Date; untouched: ReadonlySet<string>; kind: 'internal' | 'external'};

/** Why the memory cannot be kept; undefined: it can. */
function objectionTo(context: PlanContext, name: string, {kind, untouched}: Given): Pick<Blocker, 'text' | 'remedy'> | undefined {
	const {domain} = context.inventory.details;
	if (!hasProcess(domain)) {
		return {text: 'The domain is off: there is no memory that could be kept.', remedy: 'Leave --memory out.'};
	}

	if (kind === 'internal' || context.hypervisor.domain.save === undefined) {
		const create = `vsnap-tui create ${quoteForShell(domain.name)} ${quoteForShell(name)} --memory ${kind}`;
		return {
			text: `The memory of the guest is not kept by the same action ${kind === 'internal' ? 'where a snapshot inside the images is reverted to' : 'for a standalone QEMU'}.`,
			remedy: `Take a snapshot with memory first: ${create}. Then do this with --discard, which loses what is written in between.`,
		};
	}

	const disks = headDisks(domain).filter(disk => isWritableMedium(disk));
	const left = disks.filter(disk => disk.transient !== undefined || untouched.has(disk.target)).map(({target}) => target);
	if (left.length > 0) {
		return {
			text: `${left.join(', ')} would continue without the memory, which matches only the current disks: the guest would destroy its file systems.`,
			remedy: 'Leave --memory out: then the disks alone are kept.',
		};
	}

	return disks.some(disk => isFileBacked(disk))
		? undefined
		: {text: 'There is no disk in a file beside which the memory file could lie.', remedy: 'Leave --memory out: then the disks alone are kept.'};
}

/** Undefined where the memory is not to be kept, or cannot be: then with blockers in the context. */
export function keepMemory(context: PlanContext, currentState: CurrentState, given: Given): KeptMemory | undefined {
	if (currentState.kind !== 'keep' || currentState.memory !== true) {
		return undefined;
	}

	const {domain} = context.inventory.details;
	const objection = objectionTo(context, currentState.name, given);
	const headPath = headDisks(domain).find(disk => isWritableMedium(disk) && isFileBacked(disk))?.sourcePath;
	if (objection !== undefined || headPath === undefined) {
		context.blockers.push(...objection === undefined ? [] : [{kind: 'not-supported', ...objection} as const]);
		return undefined;
	}

	requireActiveDisks(context, 'libvirt does not save such a guest.');
	const path = memoryPath(context, headPath, {name: currentState.name, now: given.now});
	refuseFolders(context, [path]);
	refuseFolderRisks(context, [path], {writer: 'libvirt'});
	return {
		path,
		reserve: [step('create', {id: 'reserve-memory', title: 'Create an empty memory file', ...reservingMemory(context, path)})],
		consequences: describeKeptMemory(currentState.name, {path, memoryBytes: domain.definition.memoryBytes, freeBytes: context.inventory.folders.get(posix.dirname(path))?.freeBytes}),
	};
}

/** The memory of a domain that is off, and of which nothing has been written to since. */
function isFit(context: PlanContext, path: string): Probe {
	const heads = headDisks(context.inventory.details.domain).filter(disk => isWritableMedium(disk)).flatMap(({sourcePath}) => sourcePath ?? []);
	return {kind: 'all', of: [{kind: 'domain-off', uuid: context.uuid}, {kind: 'memory-fits', path, images: heads}]};
}

/** A guest that could not be brought back from it keeps its memory. */
function reservingMemory(context: PlanContext, path: string): ReturnType<typeof reserving> {
	const made = reserving(path);
	return {...made, undo: made.undo!.map(command => ({...command, onlyIf: {kind: 'all', of: [{kind: 'file-exists', path}, {kind: 'not', of: isFit(context, path)}]}}))};
}

/** Ends the domain's QEMU: with its memory in the file where that is kept, else by cutting its power. Appends to the blockers. */
export function endDomain(context: PlanContext, options: {phase: Phase; isGraceful: boolean; memory: KeptMemory | undefined}): Step[] {
	const {memory} = options;
	const {uuid, hypervisor: {domain: {save, restore, start}}, inventory: {definitionXml, details: {domain}}} = context;
	if (memory === undefined || save === undefined || restore === undefined) {
		return stopSteps(context, options);
	}

	requireWayBack(context);
	const {save: command, cancel} = save(memory.path);
	return [step(options.phase, {
		id: 'stop',
		title: 'Save the memory of the guest to its file, and end it',
		command,
		cancel,
		progress: {kind: 'domain-job', uuid},
		copyBytes: domain.definition.memoryBytes,
		undo: [
			{...restore(memory.path), onlyIf: isFit(context, memory.path)},
			...(canStart(context, definitionXml) ? [{...start(domain.state === 'paused', definitionXml), onlyIf: {kind: 'domain-off', uuid}} as const] : []),
		],
		doneWhen: isFit(context, memory.path),
		savesMemory: memory.path,
		whenStopped: 'The guest would go on from its memory, on the disks that it had.',
	})];
}
