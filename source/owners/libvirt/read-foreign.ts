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
import {readVolumePaths} from './read-volumes.ts';
import {readUntilSettled} from './settle.ts';
import {isMissingDomain, isMissingSnapshot, reasonOf, type Answer, type Virsh} from './virsh.ts';

export type ForeignRecords = {
	pins: Pin[];
	formats: Map<string, string>;
	/** Domains of which nothing is known, or not the file behind each of their disks. */
	unreadableDomains: Unreadable[];
	unreadableSnapshots: Unreadable[];
};

type Unreadable = {name: string; reason: string};

type Found = {uuid: string; name: string; definition: DomainDefinition; liveDefinition: DomainDefinition; snapshotNames: string[]; hiddenSnapshot: string | undefined};

const questionsPerDomain = 3;

/** `exceptUuid` is left out; undefined reads all. Domains and snapshots that went away meanwhile are no problem. */
export async function readForeignRecords(virsh: Virsh, exceptUuid: string | undefined): Promise<Result<ForeignRecords>> {
	return readUntilSettled(
		async () => readOnce(virsh, exceptUuid),
		({unreadableDomains, unreadableSnapshots}) => [...unreadableDomains, ...unreadableSnapshots].map(({name}) => name),
	);
}

async function readOnce(virsh: Virsh, exceptUuid: string | undefined): Promise<Result<ForeignRecords>> {
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
		if (definition.ok && liveDefinition.ok && names.ok) {
			const listed = parseNames(names.value);
			found.push({
				uuid,
				name,
				definition: definition.value,
				liveDefinition: liveDefinition.value,
				snapshotNames: [...new Set(listed)],
				// A name may hold a line end. Where its pieces are names of other snapshots, only this tells.
				hiddenSnapshot: listed.find((snapshot, at) => listed.indexOf(snapshot) !== at),
			});
		} else {
			const failed = [definition, liveDefinition, names].find(result => !result.ok);
			if (failed && !failed.ok && !isMissingDomain(failed.failure)) {
				unreadableDomains.push({name, reason: reasonOf(failed.failure)});
			}
		}
	}

	const unreadableSnapshots: Unreadable[] = [];
	const snapshots = await readSnapshots(virsh, found, unreadableSnapshots);
	if (!snapshots.ok) {
		return snapshots;
	}

	const definitionsOf = ({uuid, definition, liveDefinition}: Found) => [definition, liveDefinition, ...snapshots.value.get(uuid)!.map(snapshot => snapshot.domain)];
	const volumes = await readVolumePaths(virsh, found.flatMap(domain => definitionsOf(domain)));
	if (!volumes.ok) {
		return volumes;
	}

	const {withPaths, unknownSources} = volumes.value;
	for (const domain of found) {
		const sources = unknownSources(definitionsOf(domain).map(definition => withPaths(definition)));
		unreadableDomains.push(...sources.map(reason => ({name: domain.name, reason})));
	}

	const whole = found.map(domain => ({...domain, definition: withPaths(domain.definition), liveDefinition: withPaths(domain.liveDefinition)}));
	const records = new Map([...snapshots.value].map(([uuid, list]) => [uuid, list.map(snapshot => ({...snapshot, domain: withPaths(snapshot.domain)}))]));
	return succeed({...gather(whole, records), unreadableDomains, unreadableSnapshots});
}

async function readSnapshots(virsh: Virsh, found: Found[], unreadable: Unreadable[]): Promise<Result<Map<string, Snapshot[]>>> {
	const wanted = found.flatMap(domain => domain.snapshotNames.map(snapshot => ({domain, snapshot})));
	const answers = await virsh.ask(wanted.map(({domain, snapshot}) => ['snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', snapshot]));
	if (!answers.ok) {
		return answers;
	}

	const byDomain = new Map<string, Snapshot[]>(found.map(domain => [domain.uuid, []]));
	unreadable.push(...found.flatMap(({name, hiddenSnapshot}) => hiddenSnapshot === undefined
		? []
		: [{name: `${hiddenSnapshot} of ${name}`, reason: 'two are listed by this name, so that of another only a piece is seen'}]));
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
