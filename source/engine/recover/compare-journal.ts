/**
The world beside what the journal says of it: what others have done since the action was interrupted. Pure; what was read comes in.
*/
import {createdPaths, targetOf, type Command, type Plan, type Probe} from '../../model/plan/plan.ts';
import {headDisks, isWritableMedium, type Domain} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {stateOf, type Progress} from '../run/progress.ts';

/** Records that the plan makes on its way and drops again. */
function passingNames(plan: Plan): string[] {
	const commands: Command[] = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
	const probes: Array<Probe | undefined> = [...plan.steps.map(step => step.doneWhen), ...commands.map(command => command.onlyIf)];
	return probes.flatMap(probe => probe?.kind === 'snapshot-exists' || probe?.kind === 'snapshot-missing' ? [probe.name] : []);
}

/** Whether the disk is one whose medium anybody may change at any time. */
export function isDrive(domain: Domain, target: string): boolean {
	const disk = headDisks(domain).find(candidate => candidate.target === target) ?? domain.definition.disks.find(candidate => candidate.target === target);
	return disk !== undefined && !isWritableMedium(disk);
}

type Meanwhile = {
	/** Snapshots that somebody has made. */
	made: string[];
	/** Snapshots that somebody has deleted. */
	deleted: string[];
	/** Disks that are on images which are neither those of before nor those of this action; `undefined`: on none. */
	moved: Array<{target: string; path: string | undefined}>;
};

/** What others have done to the domain's records and disks. */
export function findMeanwhile(plan: Plan, details: DomainDetails): Meanwhile {
	const {before, expected} = targetOf(plan);
	const names = details.snapshots.map(({name}) => name);
	const known = new Set([...before.snapshotNames, ...expected.snapshots.map(({name}) => name), ...passingNames(plan)]);
	const heads = [...before.heads, ...expected.heads];
	const paths = new Set([...heads.map(({path}) => path), ...createdPaths(plan)]);
	const {domain} = details;
	const moved: Meanwhile['moved'] = [...new Set(heads.map(({target}) => target))].filter(target => !isDrive(domain, target)).flatMap(target => {
		const isEverywhere = before.heads.some(head => head.target === target) && expected.heads.some(head => head.target === target);
		const found = [domain.definition.disks, headDisks(domain)].map(disks => disks.find(disk => disk.target === target)?.sourcePath);
		const foreign = found.find(path => path !== undefined && !paths.has(path));
		return foreign !== undefined || (isEverywhere && found.includes(undefined)) ? [{target, path: foreign}] : [];
	});
	return {
		made: names.filter(name => !known.has(name)),
		deleted: before.snapshotNames.filter(name => expected.snapshots.some(snapshot => snapshot.name === name) && !names.includes(name)),
		moved,
	};
}

const quoted = (names: readonly string[]) => names.map(name => `"${name}"`).join(', ');

/** In sentences; empty: nothing. */
export function describeMeanwhile({made, deleted, moved}: Meanwhile): string[] {
	return [
		...(made.length === 0 ? [] : [`Since then, somebody has created ${made.length === 1 ? 'the snapshot' : 'the snapshots'} ${quoted(made)}.`]),
		...(deleted.length === 0 ? [] : [`Since then, somebody has deleted ${deleted.length === 1 ? 'the snapshot' : 'the snapshots'} ${quoted(deleted)}.`]),
		...moved.map(({target, path}) => `Since then, somebody has ${path === undefined ? `removed ${target} from the domain` : `put ${target} on ${path}`}.`),
	];
}

/** The images of this action that the domain writes to at this moment. */
export function liveOnNew(plan: Plan, details: DomainDetails): string[] {
	const created = new Set(createdPaths(plan));
	return (details.domain.liveDefinition?.disks ?? []).flatMap(({sourcePath}) => sourcePath !== undefined && created.has(sourcePath) ? [sourcePath] : []);
}

/** Whether the definition was switched by this action and no longer is. */
export function isSwitchedBack(plan: Plan, details: DomainDetails, {states}: Progress): boolean {
	const define = plan.steps.find(step => step.switchesDefinition);
	const {disks} = details.domain.definition;
	return define !== undefined && stateOf(states, define) === 'done'
		&& targetOf(plan).expected.heads.some(({target, path}) => createdPaths(plan).includes(path) && disks.some(disk => disk.target === target && disk.sourcePath !== path));
}
