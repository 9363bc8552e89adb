/**
A point of a folder of backups as whole images in another folder, with the definition of the domain beside them; `as`: and as a new domain. Everything is made under
names that say that it is not whole yet, and renamed at the end.
*/
import {posix} from 'node:path';
import {chainOf, chainSpec, linksByFile} from '../../model/backup/chain.ts';
import {readyName} from '../../model/backup/pruning.ts';
import type {BackedUpDisk, FileOwner, Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder, NewIdentity, RestoreTarget} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import type {Probe, ProgramCommand} from '../../model/plan/plan.ts';
import {allOf, fail, succeed, type Result} from '../../model/result.ts';
import {maskedSecret} from '../../model/xml/redact.ts';
import {formatBytes, formatWritten} from '../../model/text/format.ts';
import {tablesBytes} from '../../model/backup/tables.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import {reserving} from '../steps/step.ts';
import {refuseBackups} from './refuse-backups.ts';
import {removeIfThere, verifyStep, type FolderPlan, type FolderStep} from './folder-plan.ts';

export type RestoreFormat = 'qcow2' | 'raw';

export type RestoreRequest = {
	backups: BackupFolder;
	point: Manifest;
	target: RestoreTarget;
	format: RestoreFormat;
	isVerified: boolean;
	uri: string;
	id: string;
	workPath: string;
	/** A new domain on the restored files; `definition`: its XML. */
	as?: {
		name: string;
		tpm: NewIdentity['tpm'];
		define: (files: RestoredFiles) => Result<{xml: string; notes: string[]}>;
	};
};

/** Where everything is afterwards: images by the disk's target, and the variables of the firmware. */
export type RestoredFiles = {disks: Map<string, {path: string; format: RestoreFormat}>; variables: string | undefined};

/** What a disk may take when it is written as a whole: all that its layers hold, and no more than its size, and its tables. Fails with `unreadable`. */
export function wholeBytes(points: readonly Manifest[], disks: readonly BackedUpDisk[]): Result<number> {
	const chains = allOf(disks.map(({file}) => chainOf(linksByFile(points), file)));
	return chains.ok
		? succeed(chains.value.reduce((sum, [disk, ...below]) => sum + Math.min(disk!.virtualSizeBytes, [disk!, ...below].reduce((held, {sizeBytes}) => held + sizeBytes, 0)) + tablesBytes(disk!.virtualSizeBytes), 0))
		: chains;
}

/** For qemu-img: the whole chain of a disk. Fails with `unreadable`. */
export function specOfDisk({path, points}: Pick<BackupFolder, 'path' | 'points'>, file: string): Result<string> {
	const chain = chainOf(linksByFile(points), file);
	return chain.ok ? succeed(chainSpec(path, chain.value.map(link => link.file))) : chain;
}

export const convert = (spec: string, format: RestoreFormat, to: string): ProgramCommand => ({tool: 'qemu-img', argv: ['qemu-img', 'convert', '-O', format, spec, to], files: []});

/** Appends. */
function refuseTarget(blockers: Blocker[], {path, facts, isMade}: RestoreTarget, given: {neededBytes: number; names: readonly string[]}): void {
	const where = isMade ? facts.path : path;
	if (!facts.isWritable) {
		blockers.push({kind: 'not-permitted', text: `No file can be created in ${where}: it is not writable by you.`, remedy: 'Run as a user who may write there, or choose another folder.'});
	}

	if (facts.risk !== undefined) {
		blockers.push({kind: 'not-permitted', text: `${where} can be written to by ${facts.risk.who}, who could exchange what root writes there.`, remedy: 'Choose a folder that only root can write to, in folders that only root can write to.'});
	}

	if (facts.freeBytes < given.neededBytes) {
		blockers.push({kind: 'no-space', text: `Not enough room in ${where}: ${formatBytes(facts.freeBytes)} free, and ${formatBytes(given.neededBytes)} may be needed.`, remedy: 'Free some space there, or choose another folder.'});
	}

	const taken = isMade ? [] : given.names.flatMap(name => [name, readyName(name)]).filter(name => facts.names.has(name));
	const left = taken.filter(name => name.endsWith('.partial'));
	if (taken.length > 0) {
		blockers.push({
			kind: 'name-taken',
			text: `${path} has these files already, and nothing is overwritten: ${taken.join(', ')}.`,
			remedy: left.length === 0 ? 'Choose another folder.' : `Choose another folder, or remove what an interrupted restore left: ${left.join(', ')}.`,
		});
	}
}

/** A file as it appears: reserved and filled under its other name, and renamed once everything is on disk. */
type Piece = {name: string; fill: Omit<FolderStep, 'undo'>; /** Missing: whoever runs this, who alone may read it. */ owner?: FileOwner};

/** Only root can, and whose file it is so far tells whether this is root. */
function ownSteps(path: string, owner: FileOwner): FolderStep[] {
	const onlyIf = {kind: 'not', of: {kind: 'not-owned-by-root', path}} as const;
	return [
		{title: 'Give it the mode of then', command: {...fileCommands.allow(path, owner.mode), onlyIf}, undo: []},
		{title: 'Give it the owner of then', command: {...fileCommands.own(path, owner), onlyIf}, undo: []},
	];
}

function reserveStep(title: string, path: string): FolderStep {
	const {command, doneWhen, undoWhen, failureChangesNothing} = reserving(path);
	return {title, command: command as ProgramCommand, undo: [removeIfThere(path)], more: {doneWhen, ...(undoWhen && {undoWhen}), ...(failureChangesNothing && {failureChangesNothing})}};
}

/** Where the other name is gone, it is our file that has this one. */
function nameStep(at: (name: string) => string, name: string): FolderStep {
	const isNamed = {kind: 'all', of: [{kind: 'file-missing', path: at(readyName(name))}, {kind: 'file-exists', path: at(name)}]} satisfies Probe;
	return {title: `Give ${name} its name`, command: fileCommands.renameToFree(at(readyName(name)), at(name)), undo: [{...fileCommands.remove(at(name)), onlyIf: isNamed}], more: {doneWhen: isNamed}};
}

function folderStep(path: string): FolderStep {
	const isThere = {kind: 'file-exists', path} as const;
	return {title: `Make the folder ${path}`, command: fileCommands.makeFolder(path), undo: [{...fileCommands.removeFolder(path), onlyIf: isThere}], more: {doneWhen: isThere, failureChangesNothing: true}};
}

function makePieces(folder: string, pieces: readonly Piece[]): FolderStep[] {
	const at = (name: string) => posix.join(folder, name);
	return [
		...pieces.flatMap(({name, fill, owner}): FolderStep[] => [
			reserveStep(`Create an empty file for ${name}`, at(readyName(name))),
			{title: 'Let nobody else read it', command: fileCommands.allow(at(readyName(name)), 0o600), undo: []},
			{...fill, undo: []},
			...(owner === undefined ? [] : ownSteps(at(readyName(name)), owner)),
		]),
		{title: 'Flush the files to disk', command: fileCommands.sync(pieces.map(({name}) => at(readyName(name)))), undo: []},
		...pieces.flatMap(({name}): FolderStep[] => [
			nameStep(at, name),
			{title: 'Check that the name was free', command: fileCommands.isMissing(at(readyName(name))), undo: []},
		]),
		{title: 'Flush the folder to disk', command: fileCommands.sync([folder]), undo: []},
	];
}

function piecesOf({backups, point, target, format, as: anew}: RestoreRequest, files: RestoredFiles): Result<Piece[]> {
	const specs = allOf(point.disks.map(({file}) => specOfDisk(backups, file)));
	if (!specs.ok) {
		return specs;
	}

	const bytes = allOf(point.disks.map(disk => wholeBytes(backups.points, [disk])));
	if (!bytes.ok) {
		return bytes;
	}

	return succeed([
		...point.disks.map(({disk}, index): Piece => {
			const {path} = files.disks.get(disk)!;
			const [copyBytes, ready] = [bytes.value[index]!, readyName(path)];
			return {name: posix.basename(path), fill: {title: `Copy ${disk} as it was`, command: convert(specs.value[index]!, format, ready), more: {copyBytes, progress: {kind: 'file-size', path: ready, totalBytes: copyBytes}}}};
		}),
		...point.extras.filter(({kind}) => kind !== 'tpm' || anew?.tpm === undefined).map((extra): Piece => {
			const name = nameOfExtra(point, extra.file, anew?.name);
			return {name, fill: {title: `Copy ${name}`, command: fileCommands.copy(posix.join(backups.path, extra.file), readyName(posix.join(target.path, name)))}, ...(anew && extra.owner && {owner: extra.owner})};
		}),
		...(anew === undefined ? [definitionPiece(point, target.path)] : []),
	]);
}

/** libvirt gives the folder and the file to its emulator when the domain starts (9.0). */
function tpmSteps({backups, point, as: anew}: RestoreRequest): FolderStep[] {
	const extra = point.extras.find(({kind}) => kind === 'tpm');
	if (extra === undefined || anew?.tpm === undefined) {
		return [];
	}

	const {path, folders} = anew.tpm;
	return [
		...folders.flatMap((folder): FolderStep[] => [
			folderStep(folder),
			...(folder === posix.dirname(path) ? [] : [{title: 'Let the emulator of the TPM through', command: fileCommands.allow(folder, 0o711), undo: []}]),
		]),
		reserveStep('Create an empty file for the state of the TPM', path),
		{title: 'Let nobody else read it', command: fileCommands.allow(path, 0o600), undo: []},
		{title: 'Copy the state of the TPM', command: fileCommands.copy(posix.join(backups.path, extra.file), path), undo: []},
		{title: 'Flush it to disk', command: fileCommands.sync([path, posix.dirname(path)]), undo: []},
	];
}

function definitionPiece({domain}: Manifest, folder: string): Piece {
	const path = readyName(posix.join(folder, 'domain.xml'));
	return {name: 'domain.xml', fill: {title: 'Write the definition as it was', command: {tool: 'file', argv: ['dd', `of=${path}`, 'conv=fsync', 'status=none'], input: domain.definition, files: []}}};
}

const nameOfExtra = ({point}: Manifest, file: string, prefix: string | undefined) => `${prefix === undefined ? '' : `${prefix}.`}${file.slice(point.length + 1)}`;

export function restoredFiles({point, target, format, as: anew}: Pick<RestoreRequest, 'point' | 'target' | 'format' | 'as'>): RestoredFiles {
	const variables = point.extras.find(({kind}) => kind !== 'tpm');
	return {
		disks: new Map(point.disks.map(({disk}) => [disk, {path: posix.join(target.path, `${anew === undefined ? '' : `${anew.name}.`}${disk}.${format}`), format}])),
		variables: variables && posix.join(target.path, nameOfExtra(point, variables.file, anew?.name)),
	};
}

/** Fails with `refused` and every reason at once, or with `unreadable` where a chain is not whole. */
export function planRestoreToFolder(request: RestoreRequest): Result<FolderPlan> {
	const {backups, point, target, format, isVerified, uri, as: anew} = request;
	const blockers: Blocker[] = [];
	const files = restoredFiles(request);
	const pieces = piecesOf(request, files);
	const needed = wholeBytes(backups.points, point.disks);
	const definition = anew?.define(files);
	if (!pieces.ok || !needed.ok) {
		return pieces.ok ? needed as Result<never> : pieces;
	}

	if (definition?.ok === false) {
		return definition;
	}

	refuseBackups(blockers, backups, 'restore', point);
	refuseTarget(blockers, target, {neededBytes: needed.value, names: pieces.value.map(({name}) => name)});
	if (anew !== undefined && /[/\0]/.test(anew.name)) {
		blockers.push({kind: 'name', text: `"${anew.name}" cannot be the name of a domain: it has a "/".`, remedy: 'Choose another name.'});
	}

	if (blockers.length > 0) {
		return fail({kind: 'refused', blockers});
	}

	const xmlPath = posix.join(request.workPath, 'restored.xml');
	const taken = needed.value + point.extras.reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);
	return succeed({
		id: request.id,
		title: `Restore ${point.point} of "${point.domain.name}" ${anew === undefined ? `to ${target.path}` : `as "${anew.name}"`}`,
		notes: [
			`The disks ${point.disks.map(({disk}) => disk).join(', ')} are restored as they were at ${formatWritten(point.createdAt)}, each as one whole ${format} image in ${target.path}.`,
			...(isVerified ? [] : ['Their bytes are not compared with the checksums first.']),
			...(definition?.value.notes ?? [`The definition of then is put beside them${point.domain.definition.includes(maskedSecret) ? `, with ${maskedSecret} in the place of its passwords` : ''}. Nothing is defined or started.`]),
		],
		steps: [
			verifyStep(uri, {folder: backups.path, point: point.point, isQuick: !isVerified}),
			...(target.isMade
				? [folderStep(target.path),
					...(anew === undefined ? [] : [{title: 'Let QEMU\'s user reach what is in it', command: fileCommands.allow(target.path, 0o711), undo: []}])]
				: []),
			...makePieces(target.path, pieces.value),
			...tpmSteps(request),
			...(definition === undefined
				? []
				: [{
					title: `Define "${anew!.name}"`,
					command: {tool: 'virsh' as const, argv: ['virsh', '-q', '-c', uri, 'define', xmlPath], files: [{path: xmlPath, text: definition.value.xml}]},
					undo: null,
				}]),
		],
		files: [...pieces.value.map(({name}) => posix.join(target.path, name)), ...(anew?.tpm === undefined ? [] : [anew.tpm.path])],
		space: {freed: {atLeast: -taken, atMost: 0}, meanwhileBytes: taken, leftBytes: target.facts.freeBytes},
		done: anew === undefined ? `${point.point} is restored to ${target.path}.` : `"${anew.name}" is defined, as it was at ${formatWritten(point.createdAt)}; it is off.`,
		domain: point.domain,
	});
}
