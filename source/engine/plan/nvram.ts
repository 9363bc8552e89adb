/**
The firmware's variables in plans: a copy goes beside them with each state that is kept without memory, and comes back with a revert to it (see
model/nvram.ts). Where the domain is off the copy is exact by itself; beside a guest that runs it counts only if it is still the same once the disks are
frozen.
*/
import {posix} from 'node:path';
import type {FileFacts} from '../../model/image.ts';
import {
	nvramCopyOf, nvramCopyPath, usableNvramCopy, type NvramFile,
} from '../../model/nvram.ts';
import type {Consequence, Phase, Step} from '../../model/plan.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {fileCommands} from './commands.ts';
import type {PlanContext} from './context.ts';
import {stampOf} from './overlay-name.ts';

const isTakenBack = 'It would be taken back: the firmware\'s variables are as they were.';
/** The age of a copy that is not proven: no snapshot is as old. */
const noAge = '0';

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
	date?: string;
	/** Whose owner and mode it gets; undefined: private to whoever runs this. */
	like?: FileFacts;
	/** Taking it back means to write it back where it came from, because something writes there meanwhile. */
	isWrittenBack?: boolean;
};

function copySteps({id, title, from, to, phase, date, like, isWrittenBack}: Copy): Step[] {
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
		...(date === undefined ? [] : [step(`date-${id}`, date === noAge ? 'Give it no age until it is proven' : 'Let it be as old as its snapshot', phase, {command: fileCommands.date(to, date)})]),
		step(`sync-${id}`, `Have ${title} safely on disk`, phase, {
			command: fileCommands.sync([to, posix.dirname(to)]),
			...(isWrittenBack && {
				undo: [fileCommands.copy(to, from), fileCommands.sync([from])],
				// Nothing has been written there before it is done.
				undoIfUnsure: {kind: 'never'},
				failsClean: true,
			}),
		}),
	];
}

const secondsOf = (now: Date) => String(Math.floor(now.getTime() / 1000));

/** Whether another domain of the host keeps its variables in this file. */
export function isForeignNvram(context: Pick<PlanContext, 'graph' | 'uuid'>, path: string): boolean {
	return context.graph.nodes.get(context.graph.keyOf(path))?.pins.some(({domainUuid}) => domainUuid !== context.uuid) ?? false;
}

/** Why this file is neither copied nor replaced, as the end of a sentence; undefined: nothing is against it. */
function problemWith(context: PlanContext, path: string): string | undefined {
	const file: NvramFile | undefined = context.inventory.nvramFiles.get(path);
	const rules: Array<[boolean, string]> = [
		[file === undefined, 'the file is not there yet, is no plain file, or may not be read'],
		[file?.isRaw === false, 'they are in a qcow2 file, which may hold states of internal snapshots, too'],
		[isForeignNvram(context, path), 'another domain uses the same file'],
		[!context.inventory.folders.get(posix.dirname(path))?.isWritable, `you may not make a file in ${posix.dirname(path)}`],
	];
	return rules.find(([holds]) => holds)?.[1];
}

/** Where the copy for a new state goes, or why there is none. Appends a blocker where the name is taken. */
function placeFor(context: PlanContext, nvramPath: string, name: string): {path: string} | {problem: string} {
	const path = nvramCopyPath(nvramPath, name);
	const problem = problemWith(context, nvramPath) ?? (path === undefined ? 'the name of the snapshot is too long for that of a file' : undefined);
	if (path === undefined || problem !== undefined) {
		return {problem: problem ?? ''};
	}

	if (context.inventory.folders.get(posix.dirname(nvramPath))?.names.has(posix.basename(path))) {
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

/** For a new snapshot without memory. `isActive`: the guest goes on meanwhile, and may change its variables. */
export function copyNvram(context: PlanContext, given: {name: string; now: Date; isActive: boolean}): NvramCopy {
	const {name, now, isActive} = given;
	const {nvramPath} = context.inventory;
	if (nvramPath === undefined) {
		return {before: [], after: [], created: [], consequences: []};
	}

	const place = placeFor(context, nvramPath, name);
	if ('problem' in place) {
		return {before: [], after: [], created: [], consequences: [{severity: 'warning', text: `The firmware's variables (${nvramPath}) are not kept with the snapshot: ${place.problem}.`}]};
	}

	const to = place.path;
	const onlyIf = {kind: 'same-content', path: nvramPath, other: to} as const;
	// Our own record is dated with the time of the plan, libvirt's with the moment at which it begins.
	const date = context.host.owner === 'qemu' ? fileCommands.date(to, secondsOf(now)) : fileCommands.dateNow(to);
	return {
		before: copySteps({id: 'nvram', title: 'the copy of the firmware\'s variables', from: nvramPath, to, phase: 'create', date: isActive ? noAge : secondsOf(now)}),
		after: isActive
			? [
				step('prove-nvram', 'Let the copy be as old as the snapshot, if the guest has not changed its variables meanwhile', 'switch', {
					command: {...date, onlyIf},
					otherwise: 'The guest has changed its firmware\'s variables meanwhile: they will not go back with the snapshot.',
				}),
				step('sync-nvram-age', 'Have that safely on disk', 'switch', {command: fileCommands.sync([to])}),
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

/** Nobody else can know of it, so nobody is asked. */
function removeHeld(path: string): Step {
	return step('remove-nvram', 'Remove the firmware\'s variables that were left', 'remove', {
		command: fileCommands.remove(path),
		undo: null,
		happened: {kind: 'file-missing', path},
		ifStopped: 'The work is done; that file would be left for recover.',
	});
}

/** The variables come back from the copy; what was there stays under another name until nothing can fail any more. `date`: of that other name. */
function swap(context: PlanContext, given: {nvramPath: string; copy: string; heldAt: string; stamp: string; date: string | undefined}): Pick<NvramChange, 'create' | 'switch'> {
	const {nvramPath, copy, heldAt, stamp, date} = given;
	const present = context.inventory.nvramFiles.get(nvramPath);
	const fresh = `${nvramPath}.new-${stamp}`;
	const folder = posix.dirname(nvramPath);
	return {
		create: copySteps({id: 'nvram', title: 'the firmware\'s variables of then', from: copy, to: fresh, phase: 'create', like: present}),
		switch: [
			step('hold-nvram', 'Keep the present firmware\'s variables under another name', 'switch', {
				command: fileCommands.link(nvramPath, heldAt),
				undo: [{...fileCommands.remove(heldAt), onlyIf: {kind: 'file-exists', path: heldAt}}],
				happened: {kind: 'file-exists', path: heldAt},
				failsClean: true,
			}),
			...(date === undefined ? [] : [step('date-held-nvram', 'Let them be as old as the kept state', 'switch', {command: fileCommands.date(heldAt, date)})]),
			step('nvram', 'Put the firmware\'s variables of then in place', 'switch', {
				command: fileCommands.replace(fresh, nvramPath),
				// Not by a move: what was undone, and not written down as undone, must be able to be undone again.
				undo: [fileCommands.copy(heldAt, nvramPath), fileCommands.sync([nvramPath])].map(command => ({...command, onlyIf: {kind: 'file-missing', path: fresh}})),
				happened: {kind: 'file-missing', path: fresh},
			}),
			step('sync-nvram-folder', 'Have them safely on disk', 'switch', {command: fileCommands.sync([heldAt, folder])}),
		],
	};
}

function reasonToStay(context: PlanContext, snapshot: Snapshot, nvramPath: string): string {
	const {nvramFiles} = context.inventory;
	const other = nvramCopyOf(snapshot, nvramFiles);
	return usableNvramCopy(snapshot, nvramFiles) === undefined
		? (other === undefined ? 'the snapshot has no copy of them' : `${other} is not as old as the snapshot, so it is of another one`)
		: problemWith(context, nvramPath) ?? '';
}

/** Where the definition keeps them that is in force afterwards. */
function pathIn(definitionXml: string): string | undefined {
	const definition = parseDomainXml(definitionXml);
	return definition.ok ? definition.value.nvramPath : undefined;
}

/** The place for what is kept. Its record is the definition for the next start, which must be what ran. */
function placeForKept(context: PlanContext, keepName: string): {from: string; path: string} | {problem: string} | undefined {
	const {definition, liveDefinition} = context.inventory.picture.domain;
	const from = definition.nvramPath;
	if (from === undefined) {
		return undefined;
	}

	const place = placeFor(context, from, keepName);
	return liveDefinition !== undefined && liveDefinition.nvramPath !== from
		? {problem: 'the domain runs on another file than it is defined with'}
		: ('path' in place ? {...place, from} : place);
}

export type NvramRevert = {
	keepName: string | undefined;
	now: Date;
	/** The definition that the revert puts in place. */
	definitionXml: string;
	/** The memory brings the variables of then with it: QEMU writes them to the file when it starts. */
	resumes: boolean;
};

/** For leaving the present state for a snapshot: keeps the present variables where they are wanted, and brings those of then back. */
export function revertNvram(context: PlanContext, snapshot: Snapshot, {keepName, now, definitionXml, resumes}: NvramRevert): NvramChange {
	const {nvramFiles} = context.inventory;
	const nvramPath = pathIn(definitionXml);
	const place = keepName === undefined ? undefined : placeForKept(context, keepName);
	const kept = place && 'path' in place ? place : undefined;
	const consequences: Consequence[] = place && 'problem' in place ? [{severity: 'warning', text: `The present firmware's variables are not kept: ${place.problem}.`}] : [];
	const save = (from: string, to: string) =>
		copySteps({id: 'kept-nvram', title: 'the copy of the present firmware\'s variables', from, to, phase: 'switch', date: secondsOf(now)});
	const change: NvramChange = {create: [], switch: [], created: kept === undefined ? [] : [kept.path], remove: [], consequences};
	if (nvramPath === undefined) {
		return kept === undefined ? change : {...change, switch: save(kept.from, kept.path)};
	}

	const isSamePlace = kept?.from === nvramPath;
	const heldAt = isSamePlace ? kept.path : `${nvramPath}.left-${stampOf(now)}`;
	const remove = isSamePlace ? [] : [removeHeld(heldAt)];
	const saveElsewhere = kept === undefined || isSamePlace ? [] : save(kept.from, kept.path);
	if (resumes) {
		// What was there must be able to come back, should the start have to be taken back.
		return nvramFiles.has(nvramPath) && context.inventory.folders.get(posix.dirname(nvramPath))?.isWritable
			? {
				...change,
				switch: [...saveElsewhere, ...copySteps({
					id: 'nvram', title: 'the present firmware\'s variables', from: nvramPath, to: heldAt, phase: 'switch', date: isSamePlace ? secondsOf(now) : undefined, isWrittenBack: true,
				})],
				remove,
			}
			: {...change, switch: saveElsewhere};
	}

	const copy = usableNvramCopy(snapshot, nvramFiles);
	if (copy !== undefined && problemWith(context, nvramPath) === undefined) {
		const swapped = swap(context, {nvramPath, copy, heldAt, stamp: stampOf(now), date: isSamePlace ? secondsOf(now) : undefined});
		return {
			...change,
			create: swapped.create,
			switch: [...saveElsewhere, ...swapped.switch],
			remove,
			consequences: [...consequences, {severity: 'info', text: `The firmware's variables go back, too, from ${copy}.`}],
		};
	}

	return {
		...change,
		switch: kept === undefined ? [] : save(kept.from, kept.path),
		consequences: [...consequences, {severity: 'warning', text: `The firmware's variables (${nvramPath}) stay as they are: ${reasonToStay(context, snapshot, nvramPath)}.`}],
	};
}

/** The first snapshot of a branch keeps the variables that the branch begins with. `definitionXml`: of the branch. */
export function branchNvram(context: PlanContext, snapshot: Snapshot, given: {name: string; now: Date; definitionXml: string}): Pick<NvramChange, 'switch' | 'created'> {
	const nvramPath = pathIn(given.definitionXml);
	const place = nvramPath === undefined ? undefined : placeFor(context, nvramPath, given.name);
	return nvramPath !== undefined && place && 'path' in place
		? {
			switch: copySteps({
				id: 'branch-nvram',
				title: 'the copy of the firmware\'s variables for the branch',
				from: usableNvramCopy(snapshot, context.inventory.nvramFiles) ?? nvramPath,
				to: place.path,
				phase: 'switch',
				date: secondsOf(given.now),
			}),
			created: [place.path],
		}
		: {switch: [], created: []};
}

/** The copies that go with these snapshots, and those that have to be left to somebody who may remove them. */
export function nvramCopiesOf(context: PlanContext, deleted: readonly Snapshot[]): {gone: string[]; left: string[]} {
	const copies = deleted.flatMap(snapshot => {
		const path = nvramCopyOf(snapshot, context.inventory.nvramFiles);
		return path === undefined || isForeignNvram(context, snapshot.domain!.nvramPath!) ? [] : [path];
	});
	const isRemovable = (path: string) => context.inventory.folders.get(posix.dirname(path))?.isWritable === true;
	return {gone: copies.filter(path => isRemovable(path)), left: copies.filter(path => !isRemovable(path))};
}
