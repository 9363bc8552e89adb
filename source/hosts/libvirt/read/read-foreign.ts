/**
What the other domains of the host hold: their definitions and the records of their snapshots, in as few processes as possible. A domain that cannot be
read is named, because what it holds is then unknown.
*/
import type {Domain, DomainDefinition} from '../../../model/domain/domain.ts';
import type {Unreadable} from '../../../model/domain/inventory.ts';
import type {Pin} from '../../../model/images/pin.ts';
import {formatsOfDomain, pinsOfDomain} from '../../../model/images/pins.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {quoteForTerminal} from '../../../model/text/shell-quote.ts';
import type {Snapshot} from '../../../model/domain/snapshot.ts';
import {parseDomainXml} from '../../../model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../../model/xml/parse-snapshot.ts';
import {reasonOf} from '../../shared/read-answers.ts';
import type {ForeignRecords} from '../../shared/record-source.ts';
import {readUntilSettled} from '../settle.ts';
import {isMissingDomain, isMissingSnapshot, type Answer, type Virsh} from '../virsh.ts';
import {readDomains} from './read-host.ts';
import {readSnapshotDocuments} from './read-snapshot-documents.ts';
import {readVolumePaths} from './read-volumes.ts';
import {remedyForRecord} from './record-remedy.ts';

type Found = {uuid: string; name: string; isOff: boolean; definition: DomainDefinition; liveDefinition: DomainDefinition; listing: string};

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
	for (const [index, {uuid, name, state}] of others.entries()) {
		const [inactive, live, names] = answers.value.slice(index * questionsPerDomain, (index + 1) * questionsPerDomain) as [Answer, Answer, Answer];
		const [definition, liveDefinition] = [inactive, live].map(answer => answer.ok ? parseDomainXml(answer.value) : answer) as [Result<DomainDefinition>, Result<DomainDefinition>];
		if (definition.ok && liveDefinition.ok && names.ok) {
			found.push({
				uuid, name, isOff: state === 'shutoff', definition: definition.value, liveDefinition: liveDefinition.value, listing: names.value,
			});
		} else {
			const failed = [definition, liveDefinition, names].find(result => !result.ok);
			if (failed && !failed.ok && !isMissingDomain(failed.failure)) {
				unreadableDomains.push({name, reason: reasonOf(failed.failure), remedy: `See what "virsh dumpxml ${quoteForTerminal(name)}" answers; the other domains can be acted on again when it can be read.`});
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
		unreadableDomains.push(...sources.map(source => ({name: domain.name, ...source})));
	}

	const whole = found.map(domain => ({...domain, definition: withPaths(domain.definition), liveDefinition: withPaths(domain.liveDefinition)}));
	const records = new Map([...snapshots.value].map(([uuid, list]) => [uuid, list.map(snapshot => ({...snapshot, domain: withPaths(snapshot.domain)}))]));
	return succeed({...gather(whole, records), unreadableDomains, unreadableSnapshots});
}

async function readSnapshots(virsh: Virsh, found: Found[], unreadable: Unreadable[]): Promise<Result<Map<string, Snapshot[]>>> {
	const read = await readSnapshotDocuments(virsh, found);
	if (!read.ok) {
		return read;
	}

	const byDomain = new Map<string, Snapshot[]>(found.map(domain => [domain.uuid, []]));
	for (const [index, {documents, ambiguousName}] of read.value.entries()) {
		const {uuid, name: domainName} = found[index]!;
		const note = (name: string, reason: string) => unreadable.push({name: `${name} of ${domainName}`, reason, remedy: remedyForRecord('snapshot', domainName, name)});
		if (ambiguousName !== undefined) {
			note(ambiguousName, 'it is listed twice, or is part of a name that contains a newline');
		}

		for (const {name, answer} of documents) {
			const parsed = answer.ok ? parseSnapshotXml(answer.value) : answer;
			if (parsed.ok) {
				byDomain.get(uuid)!.push(parsed.value);
			} else if (!isMissingDomain(parsed.failure)) {
				note(name, isMissingSnapshot(parsed.failure) ? 'it is listed, but libvirt cannot find it by this name' : reasonOf(parsed.failure));
			}
		}
	}

	return succeed(byDomain);
}

function gather(found: Found[], snapshots: Map<string, Snapshot[]>): Pick<ForeignRecords, 'pins' | 'formats'> {
	const pins: Pin[] = [];
	const formats = new Map<string, string>();
	for (const {uuid, name, isOff, definition, liveDefinition} of found) {
		const domain: Domain = {uuid, name, state: 'nostate', isPersistent: true, hasManagedSave: false, definition, liveDefinition};
		const records = snapshots.get(uuid) ?? [];
		pins.push(...pinsOfDomain(domain, records).map(pin => isOff && pin.hold === 'head' ? {...pin, isIdle: true} : pin));
		for (const [path, format] of formatsOfDomain(domain, records)) {
			formats.set(path, formats.get(path) ?? format);
		}
	}

	const pinned = new Set(pins.map(pin => pin.path));
	return {pins, formats: new Map([...formats].filter(([path]) => pinned.has(path)))};
}
