/**
Removing old points of a folder of backups. A point that stays and is built on one that goes becomes whole by itself: it is copied to a new file first, proven to read the
same, and put in the place of the old one at one moment, under the same name, so that what is built on it needs no change. Only then the old points go.

Copying needs more room than committing the increments into the oldest file, but a commit changes the one full image there is: whatever goes wrong with it then takes all
points along. A full backup beforehand (`backup create --full`) makes the copy unnecessary.
*/
import {posix} from 'node:path';
import {chainSpec} from '../../model/backup/chain.ts';
import {formatManifest, manifestName, type Manifest, type ManifestDraft} from '../../model/backup/manifest.ts';
import {formatPruning, nextManifestName, pruningName, readyName, type Pruning} from '../../model/backup/pruning.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {allOf, fail, succeed, type Result} from '../../model/result.ts';
import {formatBytes} from '../../model/text/format.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {listNames} from '../../model/text/list-names.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import {refuseBackups, refuseForeign} from './refuse-backups.ts';
import {removeIfThere, verifyStep, writeSteps, type FolderPlan, type FolderStep} from './folder-plan.ts';
import {convert, specOfDisk, wholeBytes} from './restore.ts';

export type Keep = {newest: number | undefined; since: Date | undefined};

/** `allocated`: what the files of the folder take, by their names. */
type PruneRequest = {backups: BackupFolder; allocated: ReadonlyMap<string, number>; keep: Keep; uri: string; id: string; workPath: string};

const filesOf = ({disks, extras}: Manifest) => [...disks, ...extras].map(({file}) => file);

/** The newest one stays in any case. `points`: oldest first. */
export function pointsToKeep(points: readonly Manifest[], {newest, since}: Keep): Manifest[] {
	return points.filter(({createdAt}, index) => index === points.length - 1
		|| (newest !== undefined && index >= points.length - newest)
		|| (since !== undefined && Date.parse(createdAt) >= since.getTime()));
}

/** Files of a point that are built on one that goes. */
function filesToReplace(point: Manifest, staying: ReadonlySet<string>): string[] {
	return point.disks.filter(({backing}) => backing !== null && !staying.has(backing)).map(({file}) => file);
}

function draftOf(point: Manifest, files: readonly string[]): ManifestDraft {
	const disks = point.disks.map(disk => files.includes(disk.file) ? {...disk, kind: 'full' as const, backing: null} : disk);
	const isBuilt = disks.some(({backing}) => backing !== null);
	return {...point, disks, ...(!isBuilt && {parent: null, since: null})};
}

const silently = (command: ProgramCommand, path: string): ProgramCommand => ({...command, onlyIf: {kind: 'file-exists', path}});

/** All that leads forward from the moment at which the folder says what is under way; each can be done again. */
function finishSteps(folder: string, {replaced, removed}: Pruning): FolderStep[] {
	const at = (name: string) => posix.join(folder, name);
	const final = (title: string, command: ProgramCommand): FolderStep => ({title, command, undo: null});
	const put = (from: string, name: string) => final(`Put the new ${name} in the place of the old one`, silently(fileCommands.replace(at(from), at(name)), at(from)));
	const drop = (name: string) => final(`Remove ${name}`, removeIfThere(at(name)));
	const sync = final('Flush the folder to disk', fileCommands.sync([folder]));
	return [
		sync,
		...replaced.flatMap(({point, files}) => [...files.map(file => put(readyName(file), file)), put(nextManifestName(point), manifestName(point))]),
		sync,
		...removed.map(({point}) => drop(manifestName(point))),
		sync,
		...removed.flatMap(({files}) => files.map(file => drop(file))),
		sync,
		drop(pruningName),
	];
}

/** What it leaves behind, and the whole images that are made before. */
function roomOf({backups: {path, folder}, allocated}: PruneRequest, {replaced, removed}: Pruning, madeBytes: number): Pick<FolderPlan, 'files' | 'space'> {
	const files = [...replaced, ...removed].flatMap(({files}) => files);
	const freed = files.reduce((sum, file) => sum + (allocated.get(file) ?? 0), 0);
	return {
		files: files.flatMap(file => [file, readyName(file)]).map(file => posix.join(path, file)),
		space: {freed: {atLeast: freed - madeBytes, atMost: freed}, meanwhileBytes: madeBytes, leftBytes: folder.freeBytes},
	};
}

/** One that was interrupted goes on as it began, whatever is asked for now. */
function planFinish(request: PruneRequest, pruning: Pruning): Result<FolderPlan> {
	const {id, backups, backups: {path, points, folder}} = request;
	const blockers: Blocker[] = [];
	refuseUnwritable(blockers, backups);
	refuseForeign(blockers, backups, 'prune');
	const going = new Set(pruning.removed.flatMap(({files}) => files));
	const replaced = new Set(pruning.replaced.flatMap(({files}) => files));
	const leaving = new Set(pruning.removed.map(({point}) => point));
	const needing = points.filter(({point, disks}) => !leaving.has(point) && disks.some(({file, backing}) => going.has(file) || (backing !== null && going.has(backing) && !replaced.has(file))));
	if (needing.length > 0) {
		blockers.push({
			kind: 'image-needed',
			text: `A removal of old points was interrupted here, and ${needing[0]!.point}, which stays, needs files that it removes.`,
			remedy: `Restore it elsewhere first (vsnap-tui restore ${quoteForShell(path)} --at ${needing[0]!.point} --to FOLDER), then remove all files here whose names begin with ${needing[0]!.point}.`,
		});
	}

	return blockers.length > 0
		? fail({kind: 'refused', blockers})
		: succeed({
			id,
			title: `Finish the removal of old points of ${path}`,
			notes: [`It was interrupted. ${listNames([...leaving], 10)} ${leaving.size === 1 ? 'goes' : 'go'}, as was asked for then.`],
			steps: finishSteps(path, pruning),
			...roomOf(request, {...pruning, replaced: pruning.replaced.map(({point, files}) => ({point, files: files.filter(file => folder.names.has(readyName(file)))}))}, 0),
			done: `The removal of old points of ${path} is finished.`,
			domain: points.at(-1)?.domain ?? {uuid: '', name: ''},
		});
}

/** What an earlier run left that was killed before it replaced anything. */
function cleanSteps({path, folder, points}: BackupFolder): FolderStep[] {
	const ours = [...points.flatMap(({point, disks}) => [nextManifestName(point), readyName(nextManifestName(point)), ...disks.map(({file}) => readyName(file))]), readyName(pruningName)];
	return ours.filter(name => folder.names.has(name)).map(name => ({title: `Remove ${name}, which an interrupted run left`, command: removeIfThere(posix.join(path, name)), undo: []}));
}

type Replacing = {point: Manifest; files: string[]};

/** The whole image beside the old one, proven to read the same. */
function replaceSteps({backups, uri, workPath}: PruneRequest, {point, files}: Replacing): Result<FolderStep[]> {
	const {path} = backups;
	const specs = allOf(files.map(file => specOfDisk(backups, file)));
	if (!specs.ok) {
		return specs;
	}

	const next = posix.join(path, nextManifestName(point.point));
	const draftPath = posix.join(workPath, `${point.point}.draft.json`);
	return succeed([
		verifyStep(uri, {folder: path, point: point.point, isQuick: false}),
		...files.flatMap((file, index): FolderStep[] => {
			const ready = posix.join(path, readyName(file));
			return [
				{title: `Create an empty file for the whole ${file}`, command: fileCommands.reserve(ready), undo: [removeIfThere(ready)]},
				{title: `Copy ${file} with all that it is built on`, command: convert(specs.value[index]!, 'qcow2', ready), undo: []},
				{title: 'Check that the copy reads the same', command: {tool: 'qemu-img', argv: ['qemu-img', 'compare', '-q', specs.value[index]!, chainSpec(path, [readyName(file)])], files: []}, undo: []},
				{title: `Give it to the owner of ${file}`, command: fileCommands.ownLike(ready, posix.join(path, file)), undo: []},
			];
		}),
		{title: 'Flush the copies to disk', command: fileCommands.sync(files.map(file => posix.join(path, readyName(file)))), undo: []},
		{
			title: `Measure the files and write the manifest that ${point.point} gets`,
			command: {
				tool: 'seal',
				argv: ['vsnap-tui', '-c', uri, 'backup', 'seal', ...files.flatMap(file => ['--ready', file]), '--draft', draftPath, '--', next],
				files: [{path: draftPath, text: formatManifest(draftOf(point, files))}],
			},
			undo: [next, readyName(next)].map(left => removeIfThere(left)),
		},
	]);
}

/** Appends. */
function refuseUnwritable(blockers: Blocker[], {path, folder}: BackupFolder): void {
	if (!folder.isWritable) {
		blockers.push({kind: 'not-permitted', text: `Nothing can be changed in ${path}: it is not writable by you.`, remedy: 'Run as a user who may write there.'});
	}
}

/** Appends. */
function refuse(blockers: Blocker[], backups: BackupFolder, neededBytes: number): void {
	const {path, folder, points, unreadable} = backups;
	if (unreadable.length > 0) {
		blockers.push({kind: 'image-needed', text: `${unreadable[0]!.name} cannot be read (${unreadable[0]!.reason}), so it is not known which files it needs.`, remedy: 'If it is no backup, move it to another folder.'});
	}

	if (new Set(points.map(({domain}) => domain.uuid)).size > 1) {
		blockers.push({kind: 'not-supported', text: `${path} holds backups of several domains.`, remedy: 'Give each domain a folder: all files of a point begin with its name, and can be moved with those that it is built on.'});
	}

	refuseUnwritable(blockers, backups);
	refuseBackups(blockers, backups, 'prune');

	if (folder.freeBytes < neededBytes) {
		blockers.push({
			kind: 'no-space',
			text: `Not enough room in ${path}: ${formatBytes(folder.freeBytes)} free, and a whole copy of the oldest point that stays may need ${formatBytes(neededBytes)}.`,
			remedy: 'Free some space there, or keep only points from a full backup on, which need no copy.',
		});
	}
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a chain is not whole. */
export function planPrune(request: PruneRequest): Result<FolderPlan> {
	const {backups, keep} = request;
	const {path, points, pruning} = backups;
	if (pruning !== undefined) {
		return planFinish(request, pruning);
	}

	const kept = pointsToKeep(points, keep);
	const staying = new Set(kept.flatMap(point => filesOf(point)));
	const going = points.filter(point => !kept.includes(point));
	const replacing = kept.map(point => ({point, files: filesToReplace(point, staying)})).filter(({files}) => files.length > 0);
	const needed = allOf(replacing.map(({point, files}) => wholeBytes(points, point.disks.filter(({file}) => files.includes(file)))));
	const replaced = allOf(replacing.map(one => replaceSteps(request, one)));
	if (!needed.ok || !replaced.ok) {
		return needed.ok ? replaced as Result<never> : needed;
	}

	const blockers: Blocker[] = [];
	const neededBytes = needed.value.reduce((sum, bytes) => sum + bytes, 0);
	refuse(blockers, backups, neededBytes);
	if (blockers.length > 0) {
		return fail({kind: 'refused', blockers});
	}

	// A name that a kept manifest has stays, whoever else claims it.
	const removed = going.map(point => ({point: point.point, files: filesOf(point).filter(file => !staying.has(file))}));
	const intent: Pruning = {format: 'vsnap-tui-prune', version: 1, replaced: replacing.map(({point, files}) => ({point: point.point, files})), removed};
	return succeed({
		id: request.id,
		title: `Remove old points of ${path}`,
		notes: [
			`${kept.length === 1 ? 'This point stays' : 'These points stay'}: ${kept.map(({point}) => point).join(', ')}.`,
			...(going.length === 0 ? ['No point goes.'] : [`${going.length === 1 ? 'This point goes' : 'These points go'}, and can no longer be restored: ${going.map(({point}) => point).join(', ')}.`]),
			...replacing.map(({point}) => `${point.point} is built on what goes, so it becomes a full backup first.`),
			...(going.length === 0 ? [] : ['The checkpoints of the domain stay as they are.']),
		],
		steps: going.length === 0 ? [] : [...cleanSteps(backups), ...replaced.value.flat(), ...writeSteps(posix.join(path, pruningName), formatPruning(intent), null), ...finishSteps(path, intent)],
		...(going.length === 0 ? {files: [], space: undefined} : roomOf(request, intent, neededBytes)),
		done: going.length === 0 ? 'There was nothing to remove.' : `${going.length} old ${going.length === 1 ? 'point is' : 'points are'} removed.`,
		domain: points.at(-1)?.domain ?? {uuid: '', name: ''},
	});
}
