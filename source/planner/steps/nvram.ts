/**
Copies of the firmware variables in plans: one goes beside them with each state that is kept without memory (see model/domain/nvram.ts), and away with its
snapshot. How they come back stands in nvram-revert.ts. Where the domain is off the copy is exact by itself; beside a guest that runs it counts only if it is still the same once the disks are
frozen.
*/
import {posix} from 'node:path';
import type {DomainDefinition} from '../../model/domain/domain.ts';
import {
	nvramCopyOf, nvramCopyPath, unreadableNvramCopy, type NvramFile,
} from '../../model/domain/nvram.ts';
import type {Consequence, Step} from '../../model/plan/plan.ts';
import {inPlace} from '../../model/plan/placed-command.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import type {PlanContext} from '../context.ts';
import {placeOf} from './build-folder.ts';
import {copySteps, noAge, nvramStep} from './copy-file.ts';

export const secondsOf = (now: Date) => String(Math.floor(now.getTime() / 1000));

/** Whether another domain of the host keeps its variables in this file. */
export function isForeignNvram(context: Pick<PlanContext, 'graph' | 'uuid'>, path: string): boolean {
	return context.graph.nodes.get(context.graph.keyOf(path))?.pins.some(({domainUuid}) => domainUuid !== context.uuid) ?? false;
}

function definitionsOf({inventory: {details: {domain, snapshots}}}: PlanContext): DomainDefinition[] {
	return [domain.liveDefinition, domain.definition, ...snapshots.map(snapshot => snapshot.domain)].filter(definition => definition !== undefined);
}

/** Where variables are that are in no file, as the end of a sentence. */
export function whereElse(context: PlanContext, path: string): string | undefined {
	const elsewhere = definitionsOf(context).find(definition => definition.nvramPath === path)?.nvramElsewhere;
	return elsewhere === undefined ? undefined : `they are ${elsewhere}`;
}

/** Why this file is neither copied nor replaced, as the end of a sentence; undefined: nothing is against it. */
export function problemWith(context: PlanContext, path: string): string | undefined {
	const file: NvramFile | undefined = context.inventory.nvramFiles.get(path);
	const elsewhere = whereElse(context, path);
	const risk = context.inventory.folders.get(posix.dirname(path))?.risk;
	const rules: Array<[boolean, string]> = [
		[elsewhere !== undefined, elsewhere ?? ''],
		[file === undefined, 'the file does not exist yet, is not a regular file, or may not be read'],
		[file?.isRaw === false, 'they are in a qcow2 file, which may also hold internal snapshots'],
		[isForeignNvram(context, path), 'another domain uses the same file'],
		[risk !== undefined && risk.buildIn === undefined, `${risk?.who} could replace files in ${risk?.folder} meanwhile`],
		[!context.inventory.folders.get(posix.dirname(path))?.isWritable, `you may not create a file in ${posix.dirname(path)}`],
	];
	return rules.find(([holds]) => holds)?.[1];
}

/** Where the copy for a new state goes, or why there is none. Appends a blocker where the name is taken. */
export function placeFor(context: PlanContext, nvramPath: string, name: string): {path: string} | {problem: string} {
	const path = nvramCopyPath(nvramPath, name);
	const problem = problemWith(context, nvramPath) ?? (path === undefined ? 'the name of the snapshot is too long for a file name' : undefined);
	if (path === undefined || problem !== undefined) {
		return {problem: problem ?? ''};
	}

	if (context.inventory.folders.get(posix.dirname(nvramPath))?.names.has(posix.basename(path))) {
		context.blockers.push({
			kind: 'name-taken',
			text: `${path} exists already: firmware variables of an earlier snapshot "${name}".`,
			remedy: 'Choose another name, or remove that file if it is not needed (vsnap-tui doctor).',
		});
	}

	return {path};
}

type NvramCopy = {
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
	const {nvramPath, details: {domain}} = context.inventory;
	if (nvramPath === undefined) {
		const {nvramElsewhere} = domain.liveDefinition ?? domain.definition;
		const consequences: Consequence[] = nvramElsewhere === undefined ? [] : [{severity: 'warning', text: `The firmware variables are not kept with the snapshot: they are ${nvramElsewhere}.`}];
		return {before: [], after: [], created: [], consequences};
	}

	const place = placeFor(context, nvramPath, name);
	if ('problem' in place) {
		return {before: [], after: [], created: [], consequences: [{severity: 'warning', text: `The firmware variables (${nvramPath}) are not kept with the snapshot: ${place.problem}.`}]};
	}

	const to = place.path;
	const onlyIf = {kind: 'same-content', path: nvramPath, other: to} as const;
	const date = inPlace(placeOf(context, to), context.can.recordsRunning ? fileCommands.dateNow(to) : fileCommands.dateEntry(to, secondsOf(now)));
	return {
		before: copySteps(context, {id: 'nvram', title: 'the copy of the firmware variables', from: nvramPath, to, phase: 'create', date: isActive ? noAge : secondsOf(now)}),
		after: isActive
			? [
				nvramStep('prove-nvram', 'Set the timestamps of the copy to those of the snapshot, if the guest has not changed its variables meanwhile', 'switch', {
					command: {...date, onlyIf},
					skippedNote: 'The guest has changed its firmware variables meanwhile: a revert to the snapshot will not restore them.',
				}),
				nvramStep('sync-nvram-age', 'Flush the timestamps to disk', 'switch', {command: fileCommands.sync([to])}),
			]
			: [],
		created: [to],
		consequences: [{severity: 'info', text: `The firmware variables are kept with the snapshot, in ${to}.`}],
	};
}

/** The copies that go with these snapshots, of the state of a TPM too, and those that have to be left to somebody who may remove them. */
export function nvramCopiesOf(context: PlanContext, deleted: readonly Snapshot[]): {gone: string[]; left: string[]} {
	const copies = deleted.flatMap(snapshot => {
		const path = nvramCopyOf(snapshot, context.inventory.nvramFiles);
		return path === undefined || isForeignNvram(context, snapshot.domain!.nvramPath!) ? [] : [path];
	});
	const {tpmPath, nvramFiles} = context.inventory;
	const tpm = tpmPath === undefined ? [] : deleted.flatMap(({name}) => nvramCopyPath(tpmPath, name) ?? []).filter(path => nvramFiles.has(path));
	const isRemovable = (path: string) => context.inventory.folders.get(posix.dirname(path))?.isWritable === true;
	const all = [...copies, ...tpm];
	const unreadable = deleted.flatMap(snapshot => unreadableNvramCopy(snapshot, context.inventory) ?? []);
	return {gone: all.filter(path => isRemovable(path)), left: [...all.filter(path => !isRemovable(path)), ...unreadable]};
}
