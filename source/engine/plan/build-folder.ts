/**
Making files for root in folders that others may write to: they are made in a private folder beside, on the same file system, and linked into place when they
are ready. `ln` follows no link and overwrites nothing. As long as the private name is there, it proves that the other is still the same file.
*/
import {posix} from 'node:path';
import type {Step} from '../../model/plan.ts';
import {fileCommands} from './commands.ts';
import type {PlanContext} from './context.ts';

/** A new file, and the private folder that it is made in; without one it is made in place. */
export type BuiltFile = {target: string; overlayPath: string; buildFolder?: string};

/** Undefined where the folder is safe, and where nothing safe is beside it (`refuseFolderRisks`). */
export function buildFolderFor(context: PlanContext, path: string): string | undefined {
	const buildIn = context.inventory.folders.get(posix.dirname(path))?.risk?.buildIn;
	return buildIn === undefined ? undefined : posix.join(buildIn, `.vsnap-tui-${posix.basename(context.workPath)}`);
}

/** Where the file is until it is linked into place. */
export function buildPath({overlayPath, buildFolder}: BuiltFile): string {
	return buildFolder === undefined ? overlayPath : posix.join(buildFolder, posix.basename(overlayPath));
}

/**
Appends blockers to the context: where root can make no file that nobody exchanges. `writer`: who writes to the files by their public names, so that a private
folder is no help.
*/
export function refuseFolderRisks(context: PlanContext, paths: readonly string[], {writer}: {writer?: string} = {}): void {
	for (const folder of new Set(paths.map(path => posix.dirname(path)))) {
		const risk = context.inventory.folders.get(folder)?.risk;
		if (risk !== undefined && (risk.buildIn === undefined || writer !== undefined)) {
			context.blockers.push({
				kind: 'not-permitted',
				text: `${risk.folder} can be written to by ${risk.who}, who could exchange the files that ${writer ?? 'root'} writes to in ${folder}.`,
				remedy: 'Leave that folder to root (chown root FOLDER; chmod go-w FOLDER), name the new files elsewhere, or run this as the user whose folder it is.',
			});
		}
	}
}

function step(id: string, title: string, more: Pick<Step, 'command' | 'phase'> & Partial<Step>): Step {
	return {id, title, undo: [], happened: {kind: 'never'}, ifStopped: 'The new files would be removed again: the domain is as it was.', ...more};
}

const foldersOf = (files: readonly BuiltFile[]) => [...new Set(files.flatMap(({buildFolder}) => buildFolder ?? []))];

/** Makes the private folders. */
export function openBuildFolders(files: readonly BuiltFile[]): Step[] {
	return foldersOf(files).map((path, index) => step(`build-folder-${index + 1}`, `Make a private folder, ${path}: others may write to where the new files belong`, {
		phase: 'create',
		command: fileCommands.makeFolder(path),
		undo: [{...fileCommands.removeFolder(path), onlyIf: {kind: 'file-exists', path}}],
		happened: {kind: 'file-exists', path},
		failsClean: true,
	}));
}

/** Links a finished file to where it belongs. */
export function publishStep(file: BuiltFile): Step[] {
	const {target, overlayPath: path} = file;
	const other = buildPath(file);
	return other === path
		? []
		: [step(`publish-${target}`, `Link ${posix.basename(path)} into ${posix.dirname(path)}`, {
			phase: 'create',
			command: fileCommands.link(other, path),
			undo: [{...fileCommands.remove(path), onlyIf: {kind: 'same-file', path, other}}],
			happened: {kind: 'same-file', path, other},
			failsClean: true,
		})];
}

/** Before anything refers to the files: each is still the one that was made. */
export function proveBuilt(files: readonly BuiltFile[]): Step[] {
	return files.filter(({buildFolder}) => buildFolder !== undefined).map(file => step(`prove-${file.target}`, `Check that ${posix.basename(file.overlayPath)} is the file that was made`, {
		phase: 'switch',
		command: fileCommands.isSame(file.overlayPath, buildPath(file)),
	}));
}

/** Takes the private names away when all is done. */
export function closeBuildFolders(files: readonly BuiltFile[]): Step[] {
	const after = {phase: 'remove', undo: null, ifStopped: 'The work is done; the private folder would be left for recover.'} as const;
	const built = files.filter(({buildFolder}) => buildFolder !== undefined);
	return [
		...built.map((file, index) => step(`close-${index + 1}`, `Take away the private name of ${posix.basename(file.overlayPath)}`, {
			...after, command: fileCommands.remove(buildPath(file)), happened: {kind: 'file-missing', path: buildPath(file)},
		})),
		...foldersOf(built).map((path, index) => step(`close-folder-${index + 1}`, 'Remove the private folder', {...after, command: fileCommands.removeFolder(path), happened: {kind: 'file-missing', path}})),
	];
}
