/**
What the other bare domains hold: those that were named, as they are, and all that have records, as these tell it.
*/
import path from 'node:path';
import type {Domain} from '../../model/domain/domain.ts';
import type {Unreadable} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';
import {formatsOfDomain, pinsOfDomain} from '../../model/images/pins.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import type {ForeignRecords} from '../shared/record-source.ts';
import {reasonOf} from '../shared/read-answers.ts';
import type {NamedBare} from './bare-names.ts';
import {folderNameOf, readRecordFolders, readRecords} from './metadata.ts';
import {readBare, type BareReading} from './read-bare.ts';

type Known = {domain: Domain; snapshots: Snapshot[]};

/** `exceptUuid` is left out; undefined reads all. What cannot be read is named, because what it holds is then unknown. */
export async function readForeignBare(reading: BareReading, named: readonly NamedBare[], exceptUuid: string | undefined): Promise<Result<ForeignRecords>> {
	const found: Known[] = [];
	const result: ForeignRecords = {pins: [], formats: new Map(), unreadableDomains: [], unreadableSnapshots: []};
	const unreadable = (name: string, reason: string, remedy: string) => result.unreadableDomains.push({name, reason, remedy});
	const note = (name: string, records: Unreadable[]) => {
		result.unreadableSnapshots.push(...records.map(record => ({...record, name: `${record.name} of ${name}`})));
	};

	for (const bare of named) {
		const read = await readBare(reading, bare);
		if (!read.ok) {
			const alone = bare.socketPath === undefined ? '' : `--qmp ${quoteForTerminal(`${bare.name}=${bare.socketPath}`)} `;
			unreadable(bare.name, reasonOf(read.failure), `Look at it alone: vsnap-tui ${alone}tree ${quoteForTerminal(bare.name)}. The other domains can be acted on again when it can be read, or is no longer named.`);
		} else if (read.value !== undefined && read.value.records.domain.uuid !== exceptUuid) {
			found.push(read.value.records);
			note(bare.name, read.value.records.unreadable);
		}
	}

	const folders = await readRecordFolders(reading.recordsPath);
	if (!folders.ok) {
		return folders;
	}

	const isNamed = new Set(named.map(({name}) => folderNameOf(name)));
	for (const folder of folders.value.filter(candidate => !isNamed.has(path.basename(candidate)))) {
		const records = await readRecords(folder);
		const definition = records.ok && records.value.domainXml !== undefined ? parseDomainXml(records.value.domainXml) : undefined;
		if (!records.ok || (definition && !definition.ok)) {
			unreadable(path.basename(folder), reasonOf(records.ok ? (definition as {ok: false; failure: never}).failure : records.failure), `Correct ${folder}/domain.xml, or remove that folder if its snapshots are not needed (images stay).`);
		} else if (definition !== undefined) {
			const {uuid, name} = definition.value;
			const domain: Domain = {
				uuid, name, state: 'nostate', isPersistent: true, hasManagedSave: false, definition: definition.value, liveDefinition: undefined,
			};
			if (uuid !== exceptUuid) {
				found.push({domain, snapshots: records.value.snapshots});
				note(name, records.value.unreadable);
			}
		}
	}

	return succeed({...result, ...gather(found)});
}

function gather(found: readonly Known[]): Pick<ForeignRecords, 'pins' | 'formats'> {
	const pins: Pin[] = [];
	const formats = new Map<string, string>();
	for (const {domain, snapshots} of found) {
		const isIdle = domain.state === 'shutoff';
		pins.push(...pinsOfDomain(domain, snapshots).map(pin => isIdle && pin.hold === 'head' ? {...pin, isIdle} : pin));
		for (const [file, format] of formatsOfDomain(domain, snapshots)) {
			formats.set(file, formats.get(file) ?? format);
		}
	}

	const pinned = new Set(pins.map(pin => pin.path));
	return {pins, formats: new Map([...formats].filter(([file]) => pinned.has(file)))};
}
