/**
`vsnap-tui backup list` and `verify`: the points of a folder of backups, and whether they can be restored. The names in the JSON are a contract.
*/
import {posix} from 'node:path';
import {manifestName, type Manifest} from '../../model/backup/manifest.ts';
import type {PointVerdict} from '../../model/backup/verdict.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {exitCodes} from '../../model/text/exit-codes.ts';
import {formatBytes, formatTime} from '../../model/text/format.ts';
import {listNames} from '../../model/text/list-names.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {pruningName} from '../../model/backup/pruning.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from '../context.ts';
import {formatTable} from '../table.ts';
import {treeLines} from '../tree-lines.ts';

const consistencyWords: Record<Manifest['consistency'], string> = {off: 'off', 'crash-consistent': 'crash-consistent', frozen: 'file systems frozen'};

const sizeOf = ({disks, extras}: Manifest) => [...disks, ...extras].reduce((sum, {sizeBytes}) => sum + sizeBytes, 0);

/** Files that no manifest names. */
function strangersIn({folder, points, unreadable}: BackupFolder): string[] {
	const known = new Set([...points.flatMap(({point, disks, extras}) => [manifestName(point), ...[...disks, ...extras].map(({file}) => file)]), ...unreadable.map(({name}) => name), pruningName]);
	return [...folder.names].filter(name => !known.has(name)).sort();
}

const kindOf = ({disks}: Manifest) => {
	const increments = disks.filter(({kind}) => kind === 'incremental').length;
	return increments === 0 ? 'full' : (increments === disks.length ? 'incremental' : 'partly incremental');
};

/** A relative one counts from where the program was started; at the other end of ssh there is no such place. */
export function readFolderPath(path: string): Result<string> {
	return path.startsWith('/')
		? succeed(posix.normalize(path).replace(/(?<=.)\/$/, ''))
		: fail({kind: 'usage', message: `"${path}" does not begin with "/".`, hint: 'A folder is named by its whole path on the host where the images are.'});
}

export async function readBackupFolder({world: {host}}: CommandContext, path: string): Promise<Result<BackupFolder>> {
	const whole = readFolderPath(path);
	return whole.ok ? host.readBackups(whole.value) : whole;
}

const pruningWords = ({path}: BackupFolder) => `A removal of old points was interrupted here. This finishes it: vsnap-tui backup prune ${quoteForShell(path)} --yes`;

function pointJson(manifest: Manifest) {
	const {point, createdAt, parent, since, checkpoint, consistency, description, domain: {name, uuid}, disks, extras} = manifest;
	return {point, createdAt, kind: kindOf(manifest), parent, since, checkpoint, consistency, description, domain: {name, uuid}, size: sizeOf(manifest), disks, extras};
}

/** Gives the exit code. */
export async function listBackups(context: CommandContext, path: string): Promise<number> {
	const backups = await readBackupFolder(context, path);
	if (!backups.ok) {
		return sayFailure(context, backups.failure);
	}

	const {points, unreadable, pruning} = backups.value;
	const strangers = strangersIn(backups.value);
	if (context.isJson) {
		sayJson(context, {folder: backups.value.path, points: points.map(point => pointJson(point)), unreadable, leftovers: strangers, pruning: pruning !== undefined});
		return 0;
	}

	const items = points.map(manifest => ({name: manifest.point, parent: manifest.parent ?? undefined, manifest}));
	const domains = new Set(points.map(({domain}) => domain.name));
	sayLines(context, [
		...(points.length === 0 ? ['There are no backups in this folder.'] : []),
		...treeLines(items, context.isAscii, ({manifest}) => [
			formatTime(Math.floor(Date.parse(manifest.createdAt) / 1000)),
			...(domains.size > 1 ? [manifest.domain.name] : []),
			kindOf(manifest),
			manifest.disks.map(({disk}) => disk).join(' '),
			formatBytes(sizeOf(manifest)),
			consistencyWords[manifest.consistency],
			manifest.checkpoint === null ? '' : `checkpoint ${manifest.checkpoint}`,
			manifest.description ?? '',
		]),
		...unreadable.map(({name, reason}) => `Not readable: ${name}: ${reason}`),
		...(strangers.length === 0 ? [] : [`Not part of a backup: ${listNames(strangers, 5)}. A backup that is under way has no manifest yet; one that was killed never gets one.`]),
		...(pruning === undefined ? [] : [pruningWords(backups.value)]),
	]);
	return 0;
}

const stateWords: Record<PointVerdict['state'], string> = {good: 'good', damaged: 'damaged', unrestorable: 'cannot be restored'};

/** `at`: undefined: all. Fails with `usage` for a point that is not there. */
export function choosePoint({path, points}: BackupFolder, at: string | undefined): Result<Manifest> {
	const found = at === undefined ? points.at(-1) : points.find(({point}) => point === at);
	if (found !== undefined) {
		return succeed(found);
	}

	const known = points.map(({point}) => point);
	return fail({
		kind: 'usage',
		message: at === undefined ? `There are no backups in ${path}.` : `There is no point "${at}" in ${path}.`,
		hint: known.length === 0 ? 'vsnap-tui backup create DOMAIN --to FOLDER makes one.' : `There are: ${listNames(known, 10)}.`,
	});
}

/** Gives the exit code. */
export async function verifyBackups(context: CommandContext, given: {folder: string; at: string | undefined; isQuick: boolean}): Promise<number> {
	const backups = await readBackupFolder(context, given.folder);
	const one = backups.ok && given.at !== undefined ? choosePoint(backups.value, given.at) : undefined;
	if (!backups.ok || one?.ok === false) {
		return sayFailure(context, (backups.ok ? one as Extract<typeof one, {ok: false}> : backups).failure);
	}

	const {path, points, unreadable, pruning} = backups.value;
	const verdicts = await context.world.host.examineBackups(path, {points, wanted: one === undefined ? points : [one.value], isQuick: given.isQuick});
	if (!verdicts.ok) {
		return sayFailure(context, verdicts.failure);
	}

	const broken = one === undefined ? unreadable : [];
	if (context.isJson) {
		sayJson(context, {folder: path, points: verdicts.value, unreadable: broken, pruning: pruning !== undefined});
	} else {
		sayLines(context, [
			...(points.length === 0 ? ['There are no backups in this folder.'] : formatTable(verdicts.value.map(({point, state, problems}) => [point, problems.length === 0 ? stateWords[state] : `${stateWords[state]}: ${problems.join('; ')}`]))),
			...broken.map(({name, reason}) => `Not readable: ${name}: ${reason}`),
			...(pruning === undefined ? [] : [pruningWords(backups.value)]),
		]);
	}

	const isGood = verdicts.value.every(({state}) => state === 'good') && broken.length === 0 && pruning === undefined;
	return isGood ? exitCodes.done : exitCodes.findings;
}
