/**
Copies of files in plans: made so that nothing can be overwritten, and everything can be taken back. Where others may exchange the folder or what is in it, the
copy is made in a private folder and linked from there (`Build`), and a file is replaced by a rename; nothing there is opened for writing.
*/
import {posix} from 'node:path';
import type {FileFacts} from '../../model/images/image.ts';
import type {
	Command, Phase, Place, Step,
} from '../../model/plan/plan.ts';
import {inPlace} from '../../model/plan/placed-command.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {buildFor, placeOf, type Build} from './build-folder.ts';
import {reserving, step} from './step.ts';

const whenStopped = 'Recover would undo it; the firmware variables are as they were.';
/** The age of a copy that is not proven: no snapshot is as old. */
export const noAge = '0';

/** A step about them, with what most of them have in common. */
export function nvramStep(id: string, title: string, phase: Phase, more: Pick<Step, 'command'> & Partial<Step>): Step {
	return step(phase, {id, title, undo: [], whenStopped, ...more});
}

export type Copy = {
	id: string;
	/** In words what the copy is. */
	title: string;
	from: string;
	to: string;
	phase: Phase;
	/** Unix seconds that the copy is to be dated with; undefined: when it is made. */
	date?: string;
	/** What it is a copy of, in words, where that is not the variables of the firmware. */
	current?: string;
	/** Whose owner and mode it gets; undefined: private to whoever runs this. */
	like?: FileFacts;
	/** Taking it back means to write it back where it came from, because something writes there meanwhile. Then `closeCopy` is to be done at the end. */
	isWrittenBack?: boolean;
};

/** Where the steps of this copy make it; undefined: in place. */
export function buildOf(context: PlanContext, {id, to}: Pick<Copy, 'id' | 'to'>): {folder: string; path: string; place: Place} | undefined {
	const build = buildFor(context, to, id);
	return build && {...build, path: posix.join(build.folder, 'copy')};
}

/** Where a file of variables is that must still be the one which was seen. */
function placeOfKnown(context: PlanContext, path: string): Place | undefined {
	const place = placeOf(context, path);
	const file = context.inventory.nvramFiles.get(path);
	return place && {...place, ...(file && {entry: {name: posix.basename(path), is: file.inode}})};
}

/** Puts what a file holds in the place of another one: always the same, however often it is done. `like`: whose owner and mode it gets. */
export function putInPlace(context: PlanContext, {id, from, to, like}: Pick<Copy, 'id' | 'from' | 'to' | 'like'>): Command[] {
	const build = buildOf(context, {id, to});
	if (build === undefined) {
		return [fileCommands.copy(from, to), fileCommands.sync([to])];
	}

	const ready = posix.join(build.folder, 'back');
	return [
		inPlace(placeOf(context, from), fileCommands.copyFrom(from, ready)),
		...(like === undefined ? [] : [fileCommands.own(ready, like), fileCommands.allow(ready, like.mode)]),
		inPlace(build.place, fileCommands.replace(ready, to)),
		fileCommands.sync([posix.dirname(to)]),
	];
}

/** Another name for the file, while it keeps its own. */
export function linkBeside(context: PlanContext, path: string, other: string): Pick<Step, 'command' | 'undo'> {
	const remove = inPlace(placeOf(context, other), fileCommands.remove(other));
	return {
		command: inPlace(placeOfKnown(context, path), fileCommands.link(path, other)),
		undo: [
			{...remove, onlyIf: {kind: 'also-named', path: other, other: path}},
			// What it holds was put back as another file. Where neither is so, this is the last of it.
			{...remove, onlyIf: {kind: 'all', of: [{kind: 'file-exists', path: other}, {kind: 'file-exists', path}, {kind: 'same-content', path, other}]}},
		],
	};
}

/** The copy, complete but for its name: it is where `buildOf` says. */
export function prepareCopy(context: PlanContext, copy: Copy, build: Build & {path: string}): Step[] {
	const {id, from, title, phase, like, current = 'the current variables'} = copy;
	const {folder, path} = build;
	return [
		nvramStep(`folder-${id}`, `Create a private folder, ${folder}: others may write to the folder of ${title}`, phase, {
			command: fileCommands.makeFolder(folder),
			undo: [{...fileCommands.removeFolder(folder), onlyIf: {kind: 'file-exists', path: folder}}],
			doneWhen: {kind: 'file-exists', path: folder},
			failureChangesNothing: true,
		}),
		nvramStep(`copy-${id}`, `Copy ${posix.basename(from)} there`, phase, {
			command: inPlace(placeOfKnown(context, from), fileCommands.copyFrom(from, path)),
			undo: [{...fileCommands.remove(path), onlyIf: {kind: 'file-exists', path}}],
		}),
		...(like === undefined
			? []
			: [
				nvramStep(`own-${id}`, `Copy the owner of ${current} to it`, phase, {command: fileCommands.own(path, like)}),
				nvramStep(`allow-${id}`, `Copy the mode of ${current} to it`, phase, {command: fileCommands.allow(path, like.mode)}),
			]),
		...dateStep(copy, path),
	];
}

function dateStep({id, phase, date}: Copy, path: string): Step[] {
	return date === undefined ? [] : [nvramStep(`date-${id}`, date === noAge ? 'Reset its timestamps until it is verified' : 'Set its timestamps to those of its snapshot', phase, {command: fileCommands.date(path, date)})];
}

function placedCopySteps(context: PlanContext, copy: Copy, build: Build & {path: string}): Step[] {
	const {id, title, to, phase} = copy;
	const {place, path} = build;
	return [
		...prepareCopy(context, copy, build),
		nvramStep(`publish-${id}`, `Link ${title} into its folder`, phase, {
			command: inPlace(place, fileCommands.link(path, to)),
			undo: [{...inPlace(place, fileCommands.remove(to)), onlyIf: {kind: 'file-exists', path: to}}],
			doneWhen: {kind: 'file-exists', path: to},
			undoWhen: {kind: 'same-file', path: to, other: path},
			failureChangesNothing: true,
		}),
		nvramStep(`close-${id}`, 'Remove its private name', phase, {command: fileCommands.remove(path), doneWhen: {kind: 'file-missing', path}}),
	];
}

/** Takes the private folder away. */
export function closeCopy(context: PlanContext, copy: Pick<Copy, 'id' | 'to' | 'phase'>): Step[] {
	const build = buildOf(context, copy);
	return build === undefined
		? []
		: [nvramStep(`close-folder-${copy.id}`, 'Remove the private folder', copy.phase, {
			command: fileCommands.removeFolder(build.folder),
			doneWhen: {kind: 'file-missing', path: build.folder},
			...(copy.phase === 'remove' && {undo: null, whenStopped: 'The work is done; recover would remove the private folder.'}),
		})];
}

function plainCopySteps(copy: Copy): Step[] {
	const {id, title, from, to, phase, like, current = 'the current variables'} = copy;
	return [
		nvramStep(`reserve-${id}`, `Create an empty file for ${title}`, phase, reserving(to)),
		...(like === undefined
			? []
			: [
				nvramStep(`own-${id}`, `Copy the owner of ${current} to it`, phase, {command: fileCommands.own(to, like)}),
				nvramStep(`allow-${id}`, `Copy the mode of ${current} to it`, phase, {command: fileCommands.allow(to, like.mode)}),
			]),
		nvramStep(`copy-${id}`, `Copy ${posix.basename(from)} there`, phase, {command: fileCommands.copy(from, to)}),
		...dateStep(copy, to),
	];
}

/** Makes the copy so that nothing can be overwritten. */
export function copySteps(context: PlanContext, copy: Copy): Step[] {
	const {id, title, from, to, phase, isWrittenBack} = copy;
	const build = buildOf(context, copy);
	const folder = posix.dirname(to);
	return [
		...(build === undefined ? plainCopySteps(copy) : placedCopySteps(context, copy, build)),
		...(isWrittenBack ? [] : closeCopy(context, copy)),
		nvramStep(`sync-${id}`, `Flush ${title} to disk`, phase, {
			command: fileCommands.sync(build === undefined ? [to, folder] : [folder]),
			...(isWrittenBack && {
				undo: putInPlace(context, {id, from: to, to: from, like: context.inventory.nvramFiles.get(from)}),
				undoWhileOff: true,
				// Nothing has been written there before it is done.
				undoWhen: {kind: 'never'},
				failureChangesNothing: true,
			}),
		}),
	];
}
