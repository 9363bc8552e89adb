/**
The proof of a way back: the world is read again and compared with how the plan found it. Only what was read is said to be as it was.
*/
import {headDisks} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {targetOf, type Plan, type Target} from '../../model/plan/plan.ts';
import {parseSnapshotXml} from '../../model/xml/parse-snapshot.ts';
import {keepsNewCurrent} from '../run/progress.ts';
import {findBrokenChains} from '../run/prove.ts';
import {describeMeanwhile, findMeanwhile, isDrive} from './compare-journal.ts';

/** What differs from before (`findings`), and what a person should know all the same (`remarks`), in sentences. */
type BackProof = {findings: string[]; remarks: string[]};

function recordDifferences({before, expected}: Target, details: DomainDetails): string[] {
	const findings: string[] = [];
	for (const xml of before.snapshotXmls) {
		const parsed = parseSnapshotXml(xml);
		const found = parsed.ok ? details.snapshots.find(({name}) => name === parsed.value.name) : undefined;
		if (parsed.ok && found === undefined) {
			findings.push(`The snapshot "${parsed.value.name}" is gone.`);
		} else if (parsed.ok && found!.parent !== parsed.value.parent) {
			findings.push(`The snapshot "${parsed.value.name}" came after "${parsed.value.parent ?? 'nothing'}" before, and now comes after "${found!.parent ?? 'nothing'}".`);
		}
	}

	for (const {name} of expected.snapshots) {
		if (!before.snapshotNames.includes(name) && details.snapshots.some(snapshot => snapshot.name === name)) {
			findings.push(`The snapshot "${name}" exists, but did not exist before.`);
		}
	}

	return findings;
}

function headDifferences({before}: Target, details: DomainDetails): string[] {
	const {domain} = details;
	return before.heads.filter(({target}) => !isDrive(domain, target)).flatMap(({target, path}) => {
		const sources = [domain.definition.disks, headDisks(domain)].map(disks => disks.find(disk => disk.target === target)?.sourcePath);
		// A change that was pending before may still be: the disks that the domain writes to are what counts.
		const isThere = domain.liveDefinition === undefined ? sources[0] === path : sources[1] === path;
		return isThere ? [] : [`${target} was on ${path}, and is on ${sources[1] ?? sources[0] ?? 'nothing'}.`];
	});
}

/** `hasSwitched`: the action had begun to change the definition and the records; else what differs there is of others. */
export function compareWithBefore(plan: Plan, details: DomainDetails, {hasSwitched}: {hasSwitched: boolean}): BackProof {
	const {before, expected} = targetOf(plan);
	const isKept = keepsNewCurrent(targetOf(plan)) && details.currentSnapshot === expected.currentSnapshot;
	const current = details.currentSnapshot === before.currentSnapshot || isKept
		? []
		: [`The current snapshot was "${before.currentSnapshot ?? 'none'}", and is "${details.currentSnapshot ?? 'none'}".`];
	const changed = [...headDifferences(targetOf(plan), details), ...recordDifferences(targetOf(plan), details), ...current];
	const meanwhile = describeMeanwhile(findMeanwhile(plan, details));
	const chains = findBrokenChains(before.chains ?? before.heads.map(({path}) => path), details);
	const stays = isKept && hasSwitched ? [`"${expected.currentSnapshot ?? ''}" stays the current snapshot: libvirt cannot be told that there is none.`] : [];
	return hasSwitched
		? {findings: [...changed, ...chains], remarks: [...stays, ...meanwhile]}
		: {findings: chains, remarks: meanwhile.length > 0 ? meanwhile : changed};
}
