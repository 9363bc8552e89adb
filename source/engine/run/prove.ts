/**
Proving a result instead of trusting exit codes: the world is read again and compared with what the plan expected. Runs before anything is removed.
*/
import {targetOf, type Expected, type Plan, type Target} from '../../model/plan/plan.ts';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {succeed, type Result} from '../../model/result.ts';
import {findMeanwhile} from '../recover/compare-journal.ts';
import type {Host} from '../ports.ts';
import {specOf} from '../../actions/registry.ts';
import {powerRemarks} from './power.ts';

/** An image that the picture does not hold belongs to nobody here, and is looked at by whom it belongs to. */
function findWrongLinks({links = []}: Expected, {images}: DomainDetails): string[] {
	return links.flatMap(({path, backing}) => {
		const image = images.find(candidate => candidate.path === path);
		const found = image && images.find(candidate => candidate.path === image.backingPath);
		return image === undefined || found?.file?.inode === backing.inode
			? []
			: [`${path} should be backed by the file ${backing.path}, and is backed by ${image.backingPath ?? 'nothing'}${image.backingPath === backing.path ? ', which is another file' : ''}.`];
	});
}

/** What the state that was left is promised to be kept in: gone, or another file by now. */
function findLostKept({kept = []}: Expected, {images}: DomainDetails): string[] {
	return kept.flatMap(({path, inode, tag}) => {
		const image = images.find(candidate => candidate.path === path);
		if (image === undefined || image.problems.some(({kind}) => kind === 'missing')) {
			return [`The former state should be kept in ${path}, which is gone.`];
		}

		if (inode !== undefined && image.file?.inode !== inode) {
			return [`The former state should be kept in ${path}, which is now another file.`];
		}

		return tag === undefined || image.internalSnapshots.some(snapshot => snapshot.tag === tag) ? [] : [`The former state should be kept inside ${path}, but is not there.`];
	});
}

/** Those of these images that cannot be opened with all that they need, in sentences. */
export function findBrokenChains(paths: readonly string[], details: DomainDetails): string[] {
	return paths.flatMap(path => {
		const image = details.images.find(candidate => candidate.path === path);
		const problems = image?.problems.filter(problem => problem.kind !== 'backing-format-not-recorded' && problem.kind !== 'locked') ?? [];
		if (image === undefined) {
			return [`The image ${path} was not found.`];
		}

		return problems.length === 0 ? [] : [`The image ${path} does not open: ${problems.map(problem => problem.kind).join(', ')}.`];
	});
}

/**
The snapshots that somebody has taken between these two while the action went on or right after it, the latest first. Undefined where the upper one does not
come after the lower one through new ones alone.
*/
function newOnesBetween({before, expected}: Target, {snapshots}: DomainDetails, {upper, lower}: {upper: string | undefined; lower: string | undefined}): string[] | undefined {
	const known = new Set([...before.snapshotNames, ...expected.snapshots.map(({name}) => name)]);
	const found: string[] = [];
	for (let name = upper; name !== lower; name = snapshots.find(snapshot => snapshot.name === name)?.parent) {
		if (name === undefined || known.has(name) || found.includes(name)) {
			return undefined;
		}

		found.push(name);
	}

	return found;
}

/** Whether the image is this one or has it below. */
function leadsTo({images}: DomainDetails, from: string | undefined, path: string): boolean {
	const seen = new Set<string>();
	for (let at = from; at !== undefined && !seen.has(at); at = images.find(image => image.path === at)?.backingPath) {
		if (at === path) {
			return true;
		}

		seen.add(at);
	}

	return false;
}

/** The bitmaps are those in the files, so they are only asked of a domain that is off. */
function findWrongCheckpoints({checkpoints = [], goneCheckpoints = [], bitmaps = []}: Expected, details: DomainDetails): string[] {
	const found = new Map(details.checkpoints.map(checkpoint => [checkpoint.name, checkpoint]));
	return [
		...checkpoints.flatMap(({name, parent}) => {
			const checkpoint = found.get(name);
			return checkpoint === undefined
				? [`The checkpoint "${name}" is not there.`]
				: (checkpoint.parent === parent ? [] : [`The checkpoint "${name}" should come after "${parent ?? 'nothing'}", and comes after "${checkpoint.parent ?? 'nothing'}".`]);
		}),
		...goneCheckpoints.flatMap(name => found.has(name) ? [`The checkpoint "${name}" is still there.`] : []),
		...(hasProcess(details.domain) ? [] : bitmaps).flatMap(({path, name}) =>
			details.images.find(image => image.path === path)?.bitmaps.some(bitmap => bitmap.name === name && bitmap.isUsable) ? [] : [`The image ${path} has no good bitmap "${name}".`]),
	];
}

/** `hasGoneOn`: somebody has taken snapshots, so a disk may be on an overlay above the expected head. */
function findDifferences(plan: Plan, details: DomainDetails, {hasGoneOn, isCurrentRight}: {hasGoneOn: boolean; isCurrentRight: boolean}): string[] {
	const findings: string[] = [];
	const {expected} = targetOf(plan);
	const {domain} = details;
	for (const {target, path} of expected.heads) {
		const sources = [domain.definition.disks, headDisks(domain)].map(disks => disks.find(disk => disk.target === target)?.sourcePath);
		const wrong = sources.find(source => source !== path && !(hasGoneOn && leadsTo(details, source, path)));
		if (wrong !== undefined || sources.includes(undefined)) {
			findings.push(`${target} should be on ${path}, and is on ${wrong ?? 'nothing'}.`);
		}
	}

	findings.push(...findBrokenChains(expected.chains.map(({path}) => path), details), ...findWrongLinks(expected, details), ...findLostKept(expected, details));
	if (!isCurrentRight) {
		findings.push(`The current snapshot should be "${expected.currentSnapshot ?? 'none'}", and is "${details.currentSnapshot ?? 'none'}".`);
	}

	for (const {name, parent} of expected.snapshots) {
		const found = details.snapshots.find(snapshot => snapshot.name === name);
		if (!found) {
			findings.push(`The snapshot "${name}" is gone.`);
		} else if (newOnesBetween(targetOf(plan), details, {upper: found.parent, lower: parent}) === undefined) {
			findings.push(`The snapshot "${name}" should come after "${parent ?? 'nothing'}" before, and now comes after "${found.parent ?? 'nothing'}".`);
		}
	}

	findings.push(...findWrongCheckpoints(expected, details));
	for (const name of expected.goneSnapshots ?? []) {
		if (details.snapshots.some(snapshot => snapshot.name === name)) {
			findings.push(`The snapshot "${name}" is still there.`);
		}
	}

	return findings;
}

/** Whether the action brings the domain into a state on purpose. Of any other the state is a remark: a guest may end, and somebody may start it, at any moment. */
function isStateWanted(plan: Plan): boolean {
	return specOf(plan.action).setsPower === true && targetOf(plan).expected.endState !== undefined;
}

type Proof = {findings: string[]; remarks: string[]};

/** Gives what differs from the plan, in sentences; no findings mean proven. `mayHaveMovedOn`: the domain's state is not part of the proof. */
export async function prove(plan: Plan, host: Host, options: {mayHaveMovedOn: boolean}): Promise<Result<Proof>> {
	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false, withoutSizes: true});
	if (!details.ok) {
		return details;
	}

	const {made} = findMeanwhile(plan, details.value);
	const later = newOnesBetween(targetOf(plan), details.value, {upper: details.value.currentSnapshot, lower: targetOf(plan).expected.currentSnapshot});
	const findings = findDifferences(plan, details.value, {hasGoneOn: made.length > 0, isCurrentRight: later !== undefined});
	const power = powerRemarks(plan, details.value.domain);
	const remarks = made.map(name => later?.includes(name)
		? `Somebody has taken the snapshot "${name}" since, and the domain has continued from it.`
		: `Somebody has taken the snapshot "${name}" meanwhile; vsnap-tui doctor says whether its record is right.`);
	return succeed(isStateWanted(plan) && !options.mayHaveMovedOn
		? {findings: [...findings, ...power], remarks}
		: {findings, remarks: [...power, ...remarks]});
}
