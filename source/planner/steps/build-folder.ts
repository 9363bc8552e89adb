/**
Making files for root in folders that others may write to, or exchange: they are made in a private folder on the same file system, in a place that is root's,
and linked from there when they are ready. `ln` follows no link and overwrites nothing. As long as the private name is there, it proves that the other is still
the same file.
*/
import {posix} from 'node:path';
import {digest} from '../../model/plan/fingerprint.ts';
import type {Place, Step} from '../../model/plan/plan.ts';
import {inPlace} from '../../model/plan/placed-command.ts';
import {formatCommandLine} from '../../model/text/shell-quote.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';

/** Where a file is made that is then linked to where it belongs, in `place`. */
export type Build = {folder: string; place: Place};

/** A new file; without `build` it is made in place. */
type BuiltFile = {layer?: 'upper'; target: string; overlayPath: string; build?: Build};

/** The folder of this file, if others may exchange it or its entries. */
export function placeOf({inventory}: Pick<PlanContext, 'inventory'>, path: string): Place | undefined {
	const folder = posix.dirname(path);
	const risk = inventory.folders.get(folder)?.risk;
	return risk && {folder, inode: risk.inode};
}

/** Undefined where the folder is safe, and where nothing safe is near (`refuseFolderRisks`). One for all files of a folder and a purpose. */
export function buildFor(context: PlanContext, path: string, purpose = 'new'): Build | undefined {
	const place = placeOf(context, path);
	const buildIn = context.inventory.folders.get(posix.dirname(path))?.risk?.buildIn;
	return place === undefined || buildIn === undefined
		? undefined
		: {folder: posix.join(buildIn, `.vsnap-tui-${posix.basename(context.workPath)}-${purpose}-${digest(place.folder).slice(0, 8)}`), place};
}

/** Where the file is until it is linked into place. */
export function buildPath({overlayPath, build}: BuiltFile): string {
	return build === undefined ? overlayPath : posix.join(build.folder, posix.basename(overlayPath));
}

/**
Appends blockers to the context: where root can make no file that nobody exchanges. `writer`: who writes to the files by their public names, so that a private
folder is no help.
*/
export function refuseFolderRisks(context: PlanContext, paths: readonly string[], {writer}: {writer?: string} = {}): void {
	for (const folder of new Set(paths.map(path => posix.dirname(path)))) {
		const risk = context.inventory.folders.get(folder)?.risk;
		if (risk !== undefined && (risk.buildIn === undefined || writer !== undefined)) {
			const [, uid] = /^user (\d+)$/.exec(risk.who) ?? [];
			const asUser = uid === undefined ? '' : `, or run this as that user (sudo -u '#${uid}' vsnap-tui …)`;
			context.blockers.push({
				kind: 'not-permitted',
				text: `${risk.folder} can be written to by ${risk.who}, who could replace the files that ${writer ?? 'root'} writes to in ${folder}.`,
				remedy: `Make root its only writer (${formatCommandLine(['chown', 'root', risk.folder])}; ${formatCommandLine(['chmod', 'go-w', risk.folder])}), or name the new files elsewhere${asUser}.`,
			});
		}
	}
}

function step(id: string, title: string, more: Pick<Step, 'command' | 'phase'> & Partial<Step>): Step {
	return {id, title, undo: [], doneWhen: {kind: 'never'}, whenStopped: 'Recover would remove the new files; the domain is as it was.', ...more};
}

/** The steps of a branch's upper layer have names of their own: its disks are those of the layer below. */
export const layerId = ({layer}: BuiltFile, id: string) => layer === undefined ? id : `${layer}-${id}`;

const foldersOf = (files: readonly BuiltFile[]) => [...new Set(files.flatMap(({build}) => build?.folder ?? []))];

/** Makes the private folders. */
export function openBuildFolders(files: readonly BuiltFile[]): Step[] {
	return foldersOf(files).map((path, index) => step(`build-folder-${index + 1}`, `Create a private folder, ${path}: others may write to the folder of the new files`, {
		phase: 'create',
		command: fileCommands.makeFolder(path),
		undo: [{...fileCommands.removeFolder(path), onlyIf: {kind: 'file-exists', path}}],
		doneWhen: {kind: 'file-exists', path},
		failureChangesNothing: true,
	}));
}

/** Links a finished file to where it belongs. */
export function publishStep(file: BuiltFile): Step[] {
	const {target, overlayPath: path, build} = file;
	const other = buildPath(file);
	return build === undefined
		? []
		: [step(layerId(file, `publish-${target}`), `Link ${posix.basename(path)} into ${posix.dirname(path)}`, {
			phase: 'create',
			command: inPlace(build.place, fileCommands.link(other, path)),
			undo: [{...inPlace({...build.place, entry: {name: posix.basename(path), is: other}}, fileCommands.remove(path)), onlyIf: {kind: 'same-file', path, other}}],
			doneWhen: {kind: 'same-file', path, other},
			failureChangesNothing: true,
		})];
}

/** Before anything is switched: each file is still the one that was made. */
export function proveBuilt(files: readonly BuiltFile[]): Step[] {
	return files.filter(({build}) => build !== undefined).map(file => step(layerId(file, `prove-${file.target}`), `Check that ${posix.basename(file.overlayPath)} is the file that was created`, {
		phase: 'create',
		command: inPlace(file.build?.place, fileCommands.isSame(file.overlayPath, buildPath(file))),
	}));
}

/** Takes the private names away when all is done. */
export function closeBuildFolders(files: readonly BuiltFile[]): Step[] {
	const after = {phase: 'remove', undo: null, whenStopped: 'The work is done; recover would remove the private folder.'} as const;
	const built = files.filter(({build}) => build !== undefined);
	return [
		...built.map((file, index) => step(`close-${index + 1}`, `Remove the private name of ${posix.basename(file.overlayPath)}`, {
			...after, command: fileCommands.remove(buildPath(file)), doneWhen: {kind: 'file-missing', path: buildPath(file)},
		})),
		...foldersOf(built).map((path, index) => step(`close-folder-${index + 1}`, 'Remove the private folder', {...after, command: fileCommands.removeFolder(path), doneWhen: {kind: 'file-missing', path}})),
	];
}
