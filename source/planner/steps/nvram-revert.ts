/**
The firmware variables when the current state is left for a snapshot: those of then come back from their copy, and what was there can come back until
nothing can fail. The copies themselves: nvram.ts.
*/
import {posix} from 'node:path';
import {stampOf} from '../../model/text/format.ts';
import type {DomainDefinition} from '../../model/domain/domain.ts';
import {nvramCopyOf, unreadableNvramCopy, usableNvramCopy} from '../../model/domain/nvram.ts';
import type {Consequence, Step} from '../../model/plan/plan.ts';
import {inPlace} from '../../model/plan/placed-command.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {placeOf, refuseFolderRisks} from './build-folder.ts';
import {
	buildOf, closeCopy, copySteps, linkBeside, nvramStep, prepareCopy, putInPlace, type Copy,
} from './copy-file.ts';
import {
	placeFor, problemWith, secondsOf, whereElse,
} from './nvram.ts';

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

export const noNvramChange: NvramChange = {create: [], switch: [], created: [], remove: [], consequences: []};

/** What is swapped: `current` and `former` in words. */
export type Swapped = {id: string; current: string; former: string; fresh: string};

const variables: Swapped = {id: 'nvram', current: 'the current firmware variables', former: 'the firmware variables of the snapshot', fresh: 'the firmware variables from before the revert'};

/** Nobody else can know of it, so nobody is asked. */
export function removeHeld(context: PlanContext, path: string, {id, fresh} = variables): Step {
	return nvramStep(`remove-${id}`, `Remove ${fresh}`, 'remove', {
		command: inPlace(placeOf(context, path), fileCommands.remove(path)),
		undo: null,
		doneWhen: {kind: 'file-missing', path},
		whenStopped: 'The work is done; recover would remove that file.',
	});
}

type Swap = {path: string; copy: string; heldAt: string; stamp: string; date: string | undefined};

/** The file comes back from the copy; what was there stays under another name until nothing can fail. `date`: of that other name. */
export function swap(context: PlanContext, {path: nvramPath, copy, heldAt, stamp, date}: Swap, {id, current, former} = variables): Pick<NvramChange, 'create' | 'switch' | 'remove'> {
	const present = context.inventory.nvramFiles.get(nvramPath);
	const folder = posix.dirname(nvramPath);
	const fresh: Copy = {id, title: former, from: copy, to: `${nvramPath}.new-${stamp}`, phase: 'create', like: present, ...(id !== variables.id && {current})};
	const build = buildOf(context, fresh);
	const ready = build?.path ?? fresh.to;
	return {
		create: build === undefined ? copySteps(context, fresh) : prepareCopy(context, fresh, build),
		switch: [
			nvramStep(`hold-${id}`, `Keep ${current} under another name`, 'switch', {
				...linkBeside(context, nvramPath, heldAt),
				doneWhen: {kind: 'file-exists', path: heldAt},
				failureChangesNothing: true,
			}),
			...(date === undefined ? [] : [nvramStep(`date-held-${id}`, 'Set their timestamps to those of the kept state', 'switch', {command: inPlace(placeOf(context, heldAt), fileCommands.dateEntry(heldAt, date))})]),
			nvramStep(id, `Put ${former} in place`, 'switch', {
				command: inPlace(build?.place, fileCommands.replace(ready, nvramPath)),
				// Not by a move: what was undone, and not written down as undone, must be able to be undone again.
				undo: putInPlace(context, {id, from: heldAt, to: nvramPath, like: present}).map(command => ({...command, onlyIf: {kind: 'file-missing', path: ready}})),
				undoWhileOff: true,
				doneWhen: {kind: 'file-missing', path: ready},
			}),
			nvramStep(`sync-${id}-folder`, 'Flush them to disk', 'switch', {command: fileCommands.sync(build === undefined ? [heldAt, folder] : [folder])}),
		],
		remove: closeCopy(context, {...fresh, phase: 'remove'}),
	};
}

function reasonToStay(context: PlanContext, source: Snapshot | {copy: string | undefined}, nvramPath: string): string {
	const {nvramFiles} = context.inventory;
	const elsewhere = whereElse(context, nvramPath);
	if (elsewhere !== undefined) {
		return elsewhere;
	}

	if ('copy' in source) {
		return source.copy === undefined ? 'the backup has no copy of them' : problemWith(context, nvramPath) ?? '';
	}

	const unreadable = unreadableNvramCopy(source, context.inventory);
	if (unreadable !== undefined) {
		return `their copy, ${unreadable}, cannot be read by you`;
	}

	const other = nvramCopyOf(source, nvramFiles);

	return usableNvramCopy(source, nvramFiles) === undefined
		? (other === undefined ? 'the snapshot has no copy of them' : `${other} has another date than the snapshot, so it belongs to another one`)
		: problemWith(context, nvramPath) ?? '';
}

/** Where the definition keeps them that is in force afterwards. */
export function variablesIn(definitionXml: string): Pick<DomainDefinition, 'nvramPath' | 'nvramElsewhere'> {
	const definition = parseDomainXml(definitionXml);
	return definition.ok ? definition.value : {nvramPath: undefined};
}

/** The place for what is kept. Its record is the definition for the next start, which must be what ran. */
function placeForKept(context: PlanContext, keepName: string): {from: string; path: string} | {problem: string} | undefined {
	const {definition, liveDefinition} = context.inventory.details.domain;
	const from = definition.nvramPath;
	if (from === undefined) {
		return undefined;
	}

	const place = placeFor(context, from, keepName);
	return liveDefinition !== undefined && liveDefinition.nvramPath !== from
		? {problem: 'the running domain uses another file than its definition'}
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

/** For leaving the current state for a snapshot: keeps the current variables where they are wanted, and brings those of then back. */
export function revertNvram(context: PlanContext, source: Snapshot | {copy: string | undefined}, {keepName, now, definitionXml, resumes}: NvramRevert): NvramChange {
	const {nvramFiles} = context.inventory;
	const {nvramPath, nvramElsewhere} = variablesIn(definitionXml);
	const place = keepName === undefined ? undefined : placeForKept(context, keepName);
	const kept = place && 'path' in place ? place : undefined;
	const consequences: Consequence[] = place && 'problem' in place ? [{severity: 'warning', text: `The current firmware variables are not kept: ${place.problem}.`}] : [];
	const save = (from: string, to: string) =>
		copySteps(context, {id: 'kept-nvram', title: 'the copy of the current firmware variables', from, to, phase: 'switch', date: secondsOf(now)});
	const change: NvramChange = {create: [], switch: [], created: kept === undefined ? [] : [kept.path], remove: [], consequences};
	if (nvramPath === undefined) {
		return {
			...change,
			switch: kept === undefined ? [] : save(kept.from, kept.path),
			consequences: nvramElsewhere === undefined || resumes ? consequences : [...consequences, {severity: 'warning', text: `The firmware variables stay as they are: they are ${nvramElsewhere}.`}],
		};
	}

	const isSamePlace = kept?.from === nvramPath;
	const heldAt = isSamePlace ? kept.path : `${nvramPath}.left-${stampOf(now)}`;
	const remove = isSamePlace ? [] : [removeHeld(context, heldAt)];
	const saveElsewhere = kept === undefined || isSamePlace ? [] : save(kept.from, kept.path);
	if (resumes) {
		// What was there must be able to come back, should the start have to be taken back.
		const isHeld = nvramFiles.has(nvramPath) && context.inventory.folders.get(posix.dirname(nvramPath))?.isWritable;
		if (isHeld) {
			refuseFolderRisks(context, [heldAt]);
		}

		return isHeld
			? {
				...change,
				switch: [...saveElsewhere, ...copySteps(context, {
					id: 'nvram', title: 'the current firmware variables', from: nvramPath, to: heldAt, phase: 'switch', date: isSamePlace ? secondsOf(now) : undefined, isWrittenBack: true,
				})],
				remove: [...remove, ...closeCopy(context, {id: 'nvram', to: heldAt, phase: 'remove'})],
			}
			: {...change, switch: saveElsewhere};
	}

	const copy = 'copy' in source ? source.copy : usableNvramCopy(source, nvramFiles);
	if (copy !== undefined && problemWith(context, nvramPath) === undefined) {
		const swapped = swap(context, {path: nvramPath, copy, heldAt, stamp: stampOf(now), date: isSamePlace ? secondsOf(now) : undefined});
		return {
			...change,
			create: swapped.create,
			switch: [...saveElsewhere, ...swapped.switch],
			remove: [...remove, ...swapped.remove],
			consequences: [...consequences, {severity: 'info', text: `The firmware variables are reverted too, from ${copy}.`}],
		};
	}

	return {
		...change,
		switch: kept === undefined ? [] : save(kept.from, kept.path),
		consequences: [...consequences, {severity: 'warning', text: `The firmware variables (${nvramPath}) stay as they are: ${reasonToStay(context, source, nvramPath)}.`}],
	};
}

/** The first snapshot of a branch keeps the variables that the branch begins with. `definitionXml`: of the branch. */
export function branchNvram(context: PlanContext, snapshot: Snapshot, given: {name: string; now: Date; definitionXml: string}): Pick<NvramChange, 'switch' | 'created'> {
	const {nvramPath} = variablesIn(given.definitionXml);
	const place = nvramPath === undefined ? undefined : placeFor(context, nvramPath, given.name);
	return nvramPath !== undefined && place && 'path' in place
		? {
			switch: copySteps(context, {
				id: 'branch-nvram',
				title: 'the copy of the firmware variables for the branch',
				from: usableNvramCopy(snapshot, context.inventory.nvramFiles) ?? nvramPath,
				to: place.path,
				phase: 'switch',
				date: secondsOf(given.now),
			}),
			created: [place.path],
		}
		: {switch: [], created: []};
}
