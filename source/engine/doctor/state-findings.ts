/**
What was left half-way or half-asleep: actions of ours, managed saves, checkpoints whose bitmaps are gone, and bitmaps whose checkpoints are.
*/
import {formatWritten} from '../../model/text/format.ts';
import {listNames} from '../../model/text/list-names.ts';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import {holdersOf, imageAt} from '../../model/images/image-graph.ts';
import {healthOf} from '../../model/domain/checkpoint-health.ts';
import {lostNvramCopies} from '../../model/domain/nvram.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {describeAction} from '../../actions/registry.ts';
import {notedBitmaps} from '../../planner/records/noted-checkpoints.ts';
import {isForeignNvram} from '../../planner/steps/nvram.ts';
import {report, type Examination} from './domain-check.ts';

function findCheckpoints(examination: Examination): void {
	const {details: {checkpoints, domain}} = examination;
	const broken = new Map<string, string[]>();
	for (const checkpoint of checkpoints) {
		const health = healthOf(checkpoint, {domain, graph: examination.context.graph, all: checkpoints});
		const targets = listNames(health.filter(disk => disk.health === 'broken' || disk.health === 'missing').map(({target}) => target), 6);
		broken.set(targets, [...broken.get(targets) ?? [], checkpoint.name]);
	}

	broken.delete('');
	for (const [targets, names] of broken) {
		const isOne = names.length === 1;
		report(examination, {
			kind: 'checkpoint-broken',
			severity: 'warning',
			text: `The checkpoint${isOne ? '' : 's'} ${listNames(names.map(name => `"${name}"`), 6)} ${isOne ? 'has' : 'have'} no good bitmap on ${targets}.`,
			meaning: `A backup since ${isOne ? 'it' : 'them'} copies ${targets} whole, and with virsh or another program it fails. This happens after a crash of QEMU, after a start of QEMU that failed, and after a revert by virsh.`,
			remedy: 'Make a full backup with a new checkpoint afterwards (vsnap-tui backup create).',
			request: {
				kind: 'delete-checkpoint', uuid: domain.uuid, checkpoint: names[0]!, ...(isOne ? {} : {others: names.slice(1)}), scope: 'one', isMetadataOnly: false,
			},
		});
	}
}

/**
Bitmaps that no checkpoint names: of records that were deleted alone, or of checkpoints that ended with a state that was left. Those of a standalone QEMU may be of
another program, which records nothing here. The file of an image that a running guest writes to does not tell.
*/
function findOrphanBitmaps(examination: Examination): void {
	const {details: {checkpoints, domain}, context: {graph, can}, ownPaths} = examination;
	const known = new Set(checkpoints.flatMap(({name, disks}) => [name, ...disks.flatMap(({bitmap}) => bitmap ?? [])]));
	const noted = new Set(notedBitmaps(examination.context).map(({path, name}) => `${graph.keyOf(path)} ${name}`));
	const heads = new Set(hasProcess(domain) ? headDisks(domain).flatMap(({sourcePath}) => sourcePath === undefined ? [] : [graph.keyOf(sourcePath)]) : []);
	const orphans = can.isKnownToVirsh
		? ownPaths.filter(path => !heads.has(graph.keyOf(path)) && holdersOf(examination.graph, path).every(({domainUuid}) => domainUuid === domain.uuid)).flatMap(path => imageAt(graph, path)?.bitmaps.filter(({name}) => !known.has(name) && !noted.has(`${graph.keyOf(path)} ${name}`)).map(({name}) => ({path, name})) ?? [])
		: [];
	if (orphans.length > 0) {
		report(examination, {
			kind: 'orphan-bitmap',
			severity: 'info',
			text: `No checkpoint belongs to the bitmaps ${listNames(orphans.map(({path, name}) => `"${name}" in ${path}`), 6)}.`,
			meaning: 'They go on recording what is written to their image, and no new checkpoint can have such a name. They are left by a deleted record, or by a state that was left.',
			request: {kind: 'remove-orphans', uuid: domain.uuid, paths: [], bitmaps: orphans},
			images: [...new Set(orphans.map(({path}) => path))],
		});
	}
}

/** By their names they belong to snapshots that are gone; one that is made under such a name again would find it taken. */
function findLostNvram(examination: Examination): void {
	const {details: {domain, snapshots}, surroundings, graph} = examination;
	const lost = lostNvramCopies(domain, snapshots, {
		namesIn: folder => surroundings.folders.get(folder)?.names,
		isForeign: path => isForeignNvram({graph, uuid: domain.uuid}, path),
	});
	if (lost.length > 0) {
		report(examination, {
			kind: 'unused-nvram',
			severity: 'warning',
			text: `No snapshot belongs to ${listNames(lost, 6)}.`,
			meaning: 'They are copies of firmware variables for snapshots that were deleted without vsnap-tui.',
			request: {kind: 'remove-orphans', uuid: domain.uuid, paths: lost},
		});
	}
}

export function findStateTroubles(examination: Examination): void {
	const {details: {domain, snapshots}, unfinished} = examination;
	for (const {plan, damage} of unfinished) {
		report(examination, {
			kind: 'unfinished-action',
			severity: 'problem',
			text: `An action of vsnap-tui was interrupted: ${describeAction(plan.action)} (planned ${formatWritten(plan.plannedAt)}).`,
			meaning: damage === undefined
				? 'Images and records may be half changed; the rest is checked once it has ended. The journal has everything that is needed to finish it or to roll it back.'
				: `Images and records may be half changed. Its journal is damaged (${damage}), so recovery checks each step before it does anything.`,
			remedy: 'vsnap-tui recover',
		});
	}

	if (domain.hasManagedSave && snapshots.length > 0) {
		report(examination, {
			kind: 'managed-save',
			severity: 'warning',
			text: 'The domain has a managed save, and snapshots.',
			meaning: 'The saved memory belongs to the current disks. libvirt still takes offline snapshots and reverts, and the next start would then resume old memory on other disks.',
			remedy: `Start the domain from it (virsh start ${quoteForTerminal(domain.name)}), or discard it (virsh managedsave-remove ${quoteForTerminal(domain.name)}).`,
		});
	}

	if (!domain.isPersistent && snapshots.length > 0) {
		report(examination, {
			kind: 'transient',
			severity: 'warning',
			text: 'The domain is transient, and has snapshots.',
			meaning: 'When it stops, libvirt forgets it and all its snapshots; the images stay, untracked.',
			remedy: `Make it persistent: virsh dumpxml ${quoteForTerminal(domain.name)} > FILE, then virsh define FILE.`,
		});
	}
}

/** What only the files tell. */
export function findStateOfFiles(examination: Examination): void {
	findCheckpoints(examination);
	findOrphanBitmaps(examination);
	findLostNvram(examination);
}
