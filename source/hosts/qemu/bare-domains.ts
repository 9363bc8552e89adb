/**
The bare domains that a person has named: which of them are known, and by which UUID.
*/
import type {DomainSummary} from '../../model/domain/domain.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {RecordSource} from '../shared/record-source.ts';
import type {NamedBare} from './bare-names.ts';
import {readBare, readSummary, type BareRead, type BareReading} from './read-bare.ts';
import {readForeignBare} from './read-foreign.ts';
import {readBareMemoryFile} from './read-memory.ts';

type Summary = {
	uuid: string;
	named: NamedBare;
	domain: DomainSummary;
	count: number;
	version: number | undefined;
	/** Differs when anything has changed that a picture shows. */
	trace: string;
};

type BareDomains = {
	/** Those of which something is known. Fails where none is, with what keeps the first from being asked. */
	readSummaries(): Promise<Result<Summary[]>>;
	/** Fails where the domain is not known. */
	read(uuid: string): Promise<Result<BareRead>>;
	source: RecordSource;
};

async function summarise(reading: BareReading, named: NamedBare): Promise<Result<Summary>> {
	const summary = await readSummary(reading, named);
	if (!summary.ok) {
		return summary;
	}

	if (summary.value === undefined) {
		return fail({
			kind: 'monitor-failed', socketPath: named.socketPath ?? '', reason: 'not-listening', text: `is served by nobody, and nothing is recorded of "${named.name}".`,
		});
	}

	const {uuid, live, records} = summary.value;
	const domain: DomainSummary = {uuid, name: named.name, state: live?.state ?? 'shutoff'};
	const trace = JSON.stringify([named.name, domain.state, live?.disks, live?.jobs, records.current, records.domainXml, records.snapshots.map(({xml}) => xml)]);
	return succeed({
		uuid, named, domain, count: records.snapshots.length, version: live?.version, trace,
	});
}

export function createBareDomains(reading: BareReading, named: readonly NamedBare[]): BareDomains {
	const nameOf = new Map<string, NamedBare>();

	const readSummaries: BareDomains['readSummaries'] = async () => {
		const found: Summary[] = [];
		let firstFailure: Result<never> | undefined;
		for (const bare of named) {
			const summary = await summarise(reading, bare);
			if (summary.ok) {
				found.push(summary.value);
			} else {
				firstFailure ??= summary;
			}
		}

		if (found.length === 0 && firstFailure !== undefined) {
			return firstFailure;
		}

		nameOf.clear();
		for (const {uuid, named: bare, domain} of found) {
			const twin = nameOf.get(uuid);
			if (twin !== undefined) {
				return fail({kind: 'unreadable', what: `The domain "${domain.name}"`, reason: `it has the same UUID as "${twin.name}", ${uuid}, so they cannot be told apart`});
			}

			nameOf.set(uuid, bare);
		}

		return succeed(found);
	};

	const read: BareDomains['read'] = async uuid => {
		const summaries = nameOf.has(uuid) ? succeed([]) : await readSummaries();
		if (!summaries.ok) {
			return summaries;
		}

		const bare = nameOf.get(uuid);
		const found = bare === undefined ? succeed(undefined) : await readBare(reading, bare);
		if (!found.ok) {
			return found;
		}

		return found.value?.records.domain.uuid === uuid
			? succeed(found.value)
			: fail({kind: 'domain-not-found', name: uuid, known: named.map(({name}) => name)});
	};

	return {
		readSummaries,
		read,
		source: {
			async readRecords(uuid) {
				const found = await read(uuid);
				return found.ok ? succeed(found.value.records) : found;
			},
			readForeign: async exceptUuid => readForeignBare(reading, named, exceptUuid),
			async readMemoryFile(path, records) {
				const snapshots = [...records?.snapshots ?? []];
				for (const bare of records === undefined ? named : []) {
					const summary = await readSummary(reading, bare);
					snapshots.push(...summary.ok && summary.value ? summary.value.records.snapshots : []);
				}

				return readBareMemoryFile(reading.runner, path, snapshots);
			},
			async readJobs(domain) {
				const found = await read(domain.uuid);
				return found.ok ? succeed(found.value.live?.jobs ?? []) : found;
			},
		},
	};
}
