/**
The firmware's variables in plans: a copy goes beside them with each state that is kept without memory, and comes back with a revert to it (see
model/nvram.ts). Where the domain is off the copy is exact by itself; beside a guest that runs it is compared once the disks are frozen.
*/
import {posix} from 'node:path';
import type {FileFacts} from '../../model/image.ts';
import {nvramCopyOf, nvramCopyPath, usableNvramCopy} from '../../model/nvram.ts';
import type {Consequence, Phase, Step} from '../../model/plan.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {fileCommands} from './commands.ts';
import type {PlanContext} from './context.ts';
import {stampOf} from './overlay-name.ts';

const isTakenBack = 'It would be taken back: the firmware\'s variables are as they were.';

function step(id: string, title: string, phase: Phase, more: Pick<Step, 'command'> & Partial<Step>): Step {
	return {id, title, phase, undo: [], happened: {kind: 'never'}, ifStopped: isTakenBack, ...more};
}

type Copy = {
	id: string;
	/** In words what the copy is. */
	title: string;
	from: string;
	to: string;
	phase: Phase;
	/** Unix seconds that the copy is to be dated with; undefined: when it is made. */
	createdAt?: number;
	/** Whose owner and mode it gets; undefined: private to whoever runs this. */
	like?: FileFacts;
};

function copySteps({id, title, from, to, phase, createdAt, like}: Copy): Step[] {
	return [
		step(`reserve-${id}`, `Reserve the name of ${title}`, phase, {
			command: fileCommands.reserve(to),
			undo: [{...fileCommands.remove(to), onlyIf: {kind: 'file-exists', path: to}}],
			happened: {kind: 'file-exists', path: to},
			undoIfUnsure: {kind: 'file-empty', path: to},
			failsClean: true,
		}),
		...(like === undefined
			? []
			: [
				step(`own-${id}`, 'Give it the owner of the present variables', phase, {command: fileCommands.own(to, like)}),
				step(`allow-${id}`, 'Give it the mode of the present variables', phase, {command: fileCommands.allow(to, like.mode)}),
			]),
		step(`copy-${id}`, `Copy ${posix.basename(from)} there`, phase, {command: fileCommands.copy(from, to)}),
		...(createdAt === undefined ? [] : [step(`date-${id}`, 'Let it be as old as its snapshot', phase, {command: fileCommands.date(to, String(createdAt))})]),
		step(`sync-${id}`, `Have ${title} safely on disk`, phase, {command: fileCommands.sync([to, posix.dirname(to)])}),
	];
}

const secondsOf = (now: Date) => Math.floor(now.getTime() / 1000);

/** Where the copy for a new state goes, or why there is none. Undefined: the domain has no such variables. Appends a blocker where the name is taken. */
function placeFor(context: PlanContext, name: string): {path: string} | {problem: string} | undefined {
	const {nvramPath, nvramFiles, folders} = context.inventory;
	if (nvramPath === undefined) {
		return undefined;
	}

	const path = nvramCopyPath(nvramPath, name);
	const folder = folders.get(posix.dirname(nvramPath));
	if (!nvramFiles.has(nvramPath)) {
		return {problem: 'the file is not there yet, or may not be looked at'};
	}

	if (path === undefined) {
		return {problem: 'the name of the snapshot is too long for that of a file'};
	}

	if (!folder?.isWritable) {
		return {problem: `you may not make a file in ${posix.dirname(nvramPath)}`};
	}

	if (folder.names.has(posix.basename(path))) {
		context.blockers.push({
			kind: 'name-taken',
			text: `${path} is there already: firmware variables of an earlier snapshot "${name}".`,
			remedy: 'Choose another name, or remove that file if nobody needs it (vsnap-tui doctor).',
		});
	}

	return {path};
}

export type NvramCopy = {
	/** While nothing is switched yet. */
	before: Step[];
	/** Once the snapshot is made. */
	after: Step[];
	created: string[];
	consequences: Consequence[];
};

/**
For a new snapshot without memory. `isActive`: the guest goes on meanwhile, so whether it has changed its variables is looked at afterwards;
`isHalted`: it is powered off in the same moment, after which nothing could be taken back.
*/
export function copyNvram(context: PlanContext, given: {name: string; now: Date; isActive: boolean; isHalted: boolean}): NvramCopy {
	const {name, now, isActive, isHalted} = given;
	const {nvramPath} = context.inventory;
	const place = placeFor(context, name);
	if (nvramPath === undefined || place === undefined) {
		return {before: [], after: [], created: [], consequences: []};
	}

	const problem = 'problem' in place ? place.problem : (isActive && isHalted ? 'the guest is powered off before they could be compared' : undefined);
	if (problem !== undefined || !('path' in place)) {
		return {before: [], after: [], created: [], consequences: [{severity: 'warning', text: `The firmware's variables (${nvramPath}) are not kept with the snapshot: ${problem}.`}]};
	}

	const to = place.path;
	const copy = {id: 'nvram', title: 'the copy of the firmware\'s variables', from: nvramPath, to, phase: 'create'} as const;
	return {
		before: copySteps(isActive ? copy : {...copy, createdAt: secondsOf(now)}),
		after: isActive
			? [
				step('compare-nvram', 'Check that the guest has not changed its firmware\'s variables meanwhile', 'switch', {command: fileCommands.compare(nvramPath, to)}),
				step('date-nvram', 'Let their copy be as old as the snapshot', 'switch', {command: fileCommands.dateNow(to)}),
			]
			: [],
		created: [to],
		consequences: [{severity: 'info', text: `The firmware's variables are kept with the snapshot, in ${to}.`}],
	};
}

export type NvramChange = {
	/** While nothing is switched yet; the guest may run. */
	create: Step[];
	/** With the domain off. */
	switch: Step[];
	created: string[];
	/** Takes away what is left over when all is done. */
	remove: Step[];
	consequences: Consequence[];
};

const noChange = (consequences: Consequence[] = []): NvramChange => ({create: [], switch: [], created: [], remove: [], consequences});

/** The variables come back from the copy; what was there stays under another name until nothing can fail any more. */
function swap(context: PlanContext, given: {nvramPath: string; copy: string; heldAt: string; stamp: string}): Pick<NvramChange, 'create' | 'switch'> {
	const {nvramPath, copy, heldAt, stamp} = given;
	const present = context.inventory.nvramFiles.get(nvramPath);
	const fresh = `${nvramPath}.new-${stamp}`;
	return {
		create: copySteps({id: 'nvram', title: 'the firmware\'s variables of then', from: copy, to: fresh, phase: 'create', like: present}),
		switch: [
			...(present === undefined
				? []
				: [step('hold-nvram', 'Keep the present firmware\'s variables under another name', 'switch', {
					command: fileCommands.link(nvramPath, heldAt),
					undo: [{...fileCommands.remove(heldAt), onlyIf: {kind: 'file-exists', path: heldAt}}],
					happened: {kind: 'file-exists', path: heldAt},
					failsClean: true,
				})]),
			step('nvram', 'Put the firmware\'s variables of then in place', 'switch', {
				command: fileCommands.replace(fresh, nvramPath),
				// Not by a move: what was undone, and not written down as undone, must be able to be undone again.
				undo: [present === undefined
					? {...fileCommands.remove(nvramPath), onlyIf: {kind: 'file-exists', path: nvramPath}}
					: {...fileCommands.copy(heldAt, nvramPath), onlyIf: {kind: 'file-missing', path: fresh}}],
				happened: {kind: 'file-missing', path: fresh},
			}),
			step('sync-nvram-folder', 'Have them safely on disk', 'switch', {command: fileCommands.sync([posix.dirname(nvramPath)])}),
		],
	};
}

/**
For leaving the present state for a snapshot. `keepName`: the present variables are kept for this one; `resumes`: the memory brings the variables of then
with it, so they are not put in place here.
*/
export function revertNvram(context: PlanContext, snapshot: Snapshot, given: {keepName: string | undefined; now: Date; resumes: boolean}): NvramChange {
	const {keepName, now, resumes} = given;
	const {inventory} = context;
	const nvramPath = snapshot.domain?.nvramPath;
	const place = keepName === undefined ? undefined : placeFor(context, keepName);
	const kept = place && 'path' in place ? place.path : undefined;
	const lost: Consequence[] = place && 'problem' in place
		? [{severity: 'warning', text: `The present firmware's variables (${inventory.nvramPath}) are not kept: ${place.problem}.`}]
		: [];
	const copy = resumes ? undefined : usableNvramCopy(snapshot, inventory.nvramFiles);
	const stamp = stampOf(now);
	const isWritable = nvramPath !== undefined && inventory.folders.get(posix.dirname(nvramPath))?.isWritable === true;
	if (copy !== undefined && isWritable) {
		const isHeldForKept = kept !== undefined && nvramPath === inventory.nvramPath;
		const heldAt = isHeldForKept ? kept : `${nvramPath}.left-${stamp}`;
		const isThere = inventory.nvramFiles.has(nvramPath);
		const swapped = swap(context, {nvramPath, copy, heldAt, stamp});
		return {
			create: swapped.create,
			switch: [
				...(kept === undefined || isHeldForKept ? [] : saveSteps(inventory.nvramPath!, kept, now)),
				...swapped.switch,
				...(isHeldForKept && isThere ? [step('date-nvram', 'Let the kept variables be as old as the kept state', 'switch', {command: fileCommands.date(heldAt, String(secondsOf(now)))})] : []),
			],
			created: kept === undefined ? [] : [kept],
			remove: isHeldForKept || !isThere ? [] : [removeHeld(heldAt)],
			consequences: [...lost, {severity: 'info', text: `The firmware's variables go back, too, from ${copy}.`}],
		};
	}

	const stays: Consequence[] = inventory.nvramPath === undefined || resumes
		? []
		: [{severity: 'warning', text: `The firmware's variables (${inventory.nvramPath}) stay as they are: ${reasonToStay(snapshot, {inventory, copy})}.`}];
	return kept === undefined
		? noChange([...lost, ...stays])
		: {...noChange([...lost, ...stays]), switch: saveSteps(inventory.nvramPath!, kept, now), created: [kept]};
}

/** Nobody else can know of it, so nobody is asked. */
function removeHeld(path: string): Step {
	return step('remove-nvram', 'Remove the firmware\'s variables that were left', 'remove', {
		command: fileCommands.remove(path),
		undo: null,
		happened: {kind: 'file-missing', path},
		ifStopped: 'The work is done; that file would be left for recover.',
	});
}

function reasonToStay(snapshot: Snapshot, {inventory, copy}: {inventory: PlanContext['inventory']; copy: string | undefined}): string {
	if (copy !== undefined) {
		return 'you may not write in their folder';
	}

	const other = nvramCopyOf(snapshot, inventory.nvramFiles);
	return other === undefined ? 'the snapshot has no copy of them' : `${other} is not as old as the snapshot, so it is of another one`;
}

function saveSteps(from: string, to: string, now: Date): Step[] {
	return copySteps({id: 'kept-nvram', title: 'the copy of the present firmware\'s variables', from, to, phase: 'switch', createdAt: secondsOf(now)});
}

/** The first snapshot of a branch keeps the variables that the branch begins with. */
export function branchNvram(context: PlanContext, snapshot: Snapshot, given: {name: string; now: Date}): Pick<NvramChange, 'switch' | 'created'> {
	const {name, now} = given;
	const place = placeFor(context, name);
	const from = usableNvramCopy(snapshot, context.inventory.nvramFiles) ?? context.inventory.nvramPath;
	return place && 'path' in place && from !== undefined
		? {
			switch: copySteps({id: 'branch-nvram', title: 'the copy of the firmware\'s variables for the branch', from, to: place.path, phase: 'switch', createdAt: secondsOf(now)}),
			created: [place.path],
		}
		: {switch: [], created: []};
}

/** The copies that go with these snapshots. */
export function nvramCopiesOf(context: PlanContext, deleted: readonly Snapshot[]): string[] {
	return deleted.flatMap(snapshot => nvramCopyOf(snapshot, context.inventory.nvramFiles) ?? []);
}
