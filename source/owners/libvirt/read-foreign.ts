/**
What the other domains of the host hold: their definitions and the records of their snapshots, in as few processes as possible. A domain that cannot be
read is named, because what it holds is then unknown.
*/
import type {Domain, DomainDefinition} from '../../model/domain.ts';
import type {Pin} from '../../model/inventory.ts';
import {formatsOfDomain, pinsOfDomain} from '../../model/pins.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/snapshot.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../model/xml/parse-snapshot.ts';
import {parseNames, readDomains} from './read-host.ts';
import {isMissingDomain, isMissingSnapshot, reasonOf, type Answer, type Virsh} from './virsh.ts';

export type ForeignRecords = {
	pins: Pin[];
	formats: Map<string, string>;
	/** Domains of which nothing is known. */
	unreadableDomains: Unreadable[];
	unreadableSnapshots: Unreadable[];
};

type Unreadable = {name: string; reason: string};

type Found = {uuid: string; name: string; definition: DomainDefinition; liveDefinition: DomainDefinition | undefined; snapshotNames: string[]};

const questionsPerDomain = 3;

/** `exceptUuid` is left out; undefined reads all. Domains and snapshots that went away meanwhile are no problem. */
export async function readForeignRecords(virsh: Virsh, exceptUuid: string | undefined): Promise<Result<ForeignRecords>> {
	const list = await readDomains(virsh);
	if (!list.ok) {
		return list;
	}

	const others = list.value.filter(domain => domain.uuid !== exceptUuid);
	const answers = await virsh.ask(others.flatMap(({uuid}) => [
		['dumpxml', '--domain', uuid, '--inactive'],
		['dumpxml', '--domain', uuid],
		['snapshot-list', '--domain', uuid, '--name'],
	]));
	if (!answers.ok) {
		return answers;
	}

	const unreadableDomains: Unreadable[] = [];
	const found: Found[] = [];
	for (const [index, {uuid, name}] of others.entries()) {
		const [inactive, live, names] = answers.value.slice(index * questionsPerDomain, (index + 1) * questionsPerDomain) as [Answer, Answer, Answer];
		const [definition, liveDefinition] = [inactive, live].map(answer => answer.ok ? parseDomainXml(answer.value) : answer) as [Result<DomainDefinition>, Result<DomainDefinition>];
		if (definition.ok && names.ok) {
			found.push({uuid, name, definition: definition.value, liveDefinition: liveDefinition.ok ? liveDefinition.value : undefined, snapshotNames: [...new Set(parseNames(names.value))]});
		} else {
			const failed = definition.ok ? names : definition;
			if (!failed.ok && !isMissingDomain(failed.failure)) {
				unreadableDomains.push({name, reason: reasonOf(failed.failure)});
			}
		}
	}

	const unreadableSnapshots: Unreadable[] = [];
	const snapshots = await readSnapshots(virsh, found, unreadableSnapshots);
	return snapshots.ok ? succeed({...gather(found, snapshots.value), unreadableDomains, unreadableSnapshots}) : snapshots;
}

async function readSnapshots(virsh: Virsh, found: Found[], unreadable: Unreadable[]): Promise<Result<Map<string, Snapshot[]>>> {
	const wanted = found.flatMap(domain => domain.snapshotNames.map(snapshot => ({domain, snapshot})));
	const answers = await virsh.ask(wanted.map(({domain, snapshot}) => ['snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', snapshot]));
	if (!answers.ok) {
		return answers;
	}

	const byDomain = new Map<string, Snapshot[]>(found.map(domain => [domain.uuid, []]));
	for (const [index, {domain, snapshot}] of wanted.entries()) {
		const answer = answers.value[index]!;
		const parsed = answer.ok ? parseSnapshotXml(answer.value) : answer;
		if (parsed.ok) {
			byDomain.get(domain.uuid)!.push(parsed.value);
		} else if (!isMissingDomain(parsed.failure)) {
			const reason = isMissingSnapshot(parsed.failure) ? 'it is listed, but libvirt does not find it by this name' : reasonOf(parsed.failure);
			unreadable.push({name: `${snapshot} of ${domain.name}`, reason});
		}
	}

	return succeed(byDomain);
}

function gather(found: Found[], snapshots: Map<string, Snapshot[]>): Pick<ForeignRecords, 'pins' | 'formats'> {
	const pins: Pin[] = [];
	const formats = new Map<string, string>();
	for (const {uuid, name, definition, liveDefinition} of found) {
		const domain: Domain = {uuid, name, state: 'nostate', isPersistent: true, hasManagedSave: false, definition, liveDefinition};
		const records = snapshots.get(uuid) ?? [];
		pins.push(...pinsOfDomain(domain, records));
		for (const [path, format] of formatsOfDomain(domain, records)) {
			formats.set(path, formats.get(path) ?? format);
		}
	}

	const pinned = new Set(pins.map(pin => pin.path));
	return {pins, formats: new Map([...formats].filter(([path]) => pinned.has(path)))};
}
