/**
A bare domain: what its monitor tells while it runs, what is recorded of it while it is off, and its image files where nothing is recorded yet.
*/
import path from 'node:path';
import type {Disk, Domain} from '../../model/domain/domain.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import type {BareFacts, Unreadable} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {aliasesOf, buildBareDomainXml, commandLineOf, type BareDomain} from '../../model/xml/bare-domain.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {readChain} from '../../tools/files/qemu-img.ts';
import type {Runner} from '../../tools/run/run.ts';
import type {DomainRecords} from '../shared/record-source.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import {uuidOfName, type NamedBare} from './bare-names.ts';
import {folderNameOf, readRecords, type Records} from './metadata.ts';
import {readLive, type Live} from './read-live.ts';

export type BareReading = {
	monitors: Pick<Monitors, 'ask'>;
	runner: Runner;
	/** The folder with the folders of all records. */
	recordsPath: string;
};

export type BareRead = {
	records: DomainRecords;
	bare: BareFacts;
	live: Live | undefined;
	/** Undefined while it is off. */
	version: number | undefined;
};

/** "vda", "vdb" … "vdz", "vdaa"; the first that is free. */
function freeTarget(prefix: string, taken: ReadonlySet<string>): string {
	for (let index = 0; ; index++) {
		const [first, second] = [Math.floor(index / 26) - 1, index % 26];
		const letters = `${first < 0 ? '' : String.fromCodePoint(97 + first)}${String.fromCodePoint(97 + second)}`;
		if (!taken.has(`${prefix}${letters}`)) {
			return `${prefix}${letters}`;
		}
	}
}

const prefixes: Record<Disk['device'], string> = {
	disk: 'vd', lun: 'vd', cdrom: 'sd', floppy: 'fd',
};

/** Each disk keeps the target that it was recorded under; the others get the next free ones. */
export function chooseTargets(disks: ReadonlyArray<{alias: string; device: Disk['device']}>, recorded: ReadonlyMap<string, string>): string[] {
	const byAlias = new Map([...recorded].map(([target, alias]) => [alias, target]));
	const kept = disks.map(({alias, device}) => {
		const target = byAlias.get(alias);
		return target?.startsWith(prefixes[device]) ? target : undefined;
	});
	const taken = new Set(kept.filter(target => target !== undefined));
	return disks.map(({device}, index) => {
		const target = kept[index] ?? freeTarget(prefixes[device], taken);
		taken.add(target);
		return target;
	});
}

type Described = {xml: string; bare: Pick<BareFacts, 'argv' | 'argvProblem' | 'nodes' | 'commands' | 'imageNodes' | 'startImages'>};

function describeLive(live: Live, given: {name: string; uuid: string; recordedXml: string | undefined}): Result<Described> {
	const {name, uuid, recordedXml} = given;
	const recorded = recordedXml === undefined ? undefined : parseDomainXml(recordedXml);
	const targets = chooseTargets(live.disks.map(({alias, disk}) => ({alias, device: disk.device})), recordedXml === undefined ? new Map() : aliasesOf(recordedXml));
	const disks: BareDomain['disks'] = live.disks.map(({disk, alias}, index) => ({...disk, target: targets[index]!, alias}));
	const {isKvm, memoryBytes, arch, machine, nvramPath, argv} = live;
	const built = buildBareDomainXml({name, uuid, isKvm, memoryBytes, arch, machine, nvramPath, disks, argv});
	// What was noted in the record stays noted.
	const noted = recorded?.ok ? recorded.value.leftImages : undefined;
	const xml = built.ok && noted !== undefined ? changeDomainXml(built.value, {sources: new Map(), leftImages: noted}) : built;
	return xml.ok
		? succeed({
			xml: xml.value,
			bare: {
				argv,
				...(live.argvProblem === undefined ? {} : {argvProblem: live.argvProblem}),
				nodes: new Map(live.disks.map(({node}, index) => [targets[index]!, node])),
				commands: live.commands,
				imageNodes: live.imageNodes,
				startImages: live.startImages,
			},
		})
		: xml;
}

/** The images as its disks. QEMU looks for their format: a person has named them. */
async function describeImages(runner: Runner, named: NamedBare, uuid: string): Promise<Result<string>> {
	const disks: BareDomain['disks'] = [];
	const targets = chooseTargets(named.imagePaths.map(() => ({alias: '', device: 'disk' as const})), new Map());
	for (const [index, imagePath] of named.imagePaths.entries()) {
		const chain = await readChain(runner, imagePath, undefined);
		if (!chain.ok) {
			return chain;
		}

		disks.push({
			target: targets[index]!,
			alias: targets[index]!,
			device: 'disk',
			sourceType: imagePath.startsWith('/dev/') ? 'block' : 'file',
			sourcePath: imagePath,
			format: chain.value[0]?.format,
			readonly: false,
			shareable: false,
			snapshotMode: undefined,
			hasMirror: false,
			isEncrypted: false,
			hasSlices: false,
		});
	}

	return buildBareDomainXml({
		name: named.name, uuid, isKvm: false, memoryBytes: 0, arch: undefined, machine: undefined, nvramPath: undefined, disks, argv: undefined,
	});
}

/** What is known while it is off: the record, else the images. Undefined: nothing. */
async function describeOff(reading: BareReading, named: NamedBare, given: {uuid: string; recordedXml: string | undefined}): Promise<Result<Described | undefined>> {
	const {recordedXml, uuid} = given;
	const xml = recordedXml === undefined && named.imagePaths.length > 0 ? await describeImages(reading.runner, named, uuid) : succeed(recordedXml);
	return xml.ok
		? succeed(xml.value === undefined ? undefined : {xml: xml.value, bare: {argv: commandLineOf(xml.value), nodes: new Map(), commands: new Set()}})
		: xml;
}

function uuidOf(named: NamedBare, records: Records, live: Live | undefined): string {
	const recorded = records.domainXml === undefined ? undefined : parseDomainXml(records.domainXml);
	return (recorded?.ok && recorded.value.uuid !== '' ? recorded.value.uuid : live?.uuid) ?? uuidOfName(named.name);
}

/**
Its record alone, and whether its monitor answers: enough for a list. Undefined where nothing is known of it. Fails where its monitor or its folder cannot be
asked.
*/
export async function readSummary(reading: BareReading, named: NamedBare): Promise<Result<{uuid: string; records: Records; live: Live | undefined} | undefined>> {
	const [records, live] = await Promise.all([
		readRecords(path.join(reading.recordsPath, folderNameOf(named.name))),
		named.socketPath === undefined ? succeed(undefined) : readLive(reading.monitors, named.socketPath),
	]);
	if (!records.ok) {
		return records;
	}

	if (!live.ok) {
		return live;
	}

	const isKnown = live.value !== undefined || records.value.domainXml !== undefined || named.imagePaths.length > 0;
	return succeed(isKnown ? {uuid: uuidOf(named, records.value, live.value), records: records.value, live: live.value} : undefined);
}

/** What QEMU counts as written since. A snapshot leaves the earlier part in the image that it freezes; both may count the same blocks, so with more layers it is at most that. */
function measured(checkpoint: Checkpoint, {bare, live}: {bare: Pick<BareFacts, 'nodes' | 'imageNodes'>; live: Live}): Checkpoint {
	const targets = [...bare.nodes.keys()];
	return {
		...checkpoint,
		isMeasured: true,
		disks: checkpoint.disks.map(disk => {
			const found = live.disks[targets.indexOf(disk.target)];
			const head = bare.nodes.get(disk.target)?.bitmaps.find(({name}) => name === disk.bitmap);
			const below = (found?.chain.slice(1) ?? []).map(image => bare.imageNodes?.get(image)?.dirtyBytes?.get(disk.bitmap ?? '') ?? 0);
			const more = below.reduce((sum, count) => sum + count, 0);
			return head === undefined ? disk : {...disk, sizeBytes: (head.dirtyBytes ?? 0) + more, ...(more > 0 && {isUpTo: true})};
		}),
	};
}

/** A disk whose image cannot be told may be on any. */
function hiddenHeads(name: string, live: Live | undefined): Unreadable[] {
	return (live?.disks ?? []).flatMap(({alias, hidden}) => hidden === undefined ? [] : [{name, reason: `its disk ${alias} ${hidden.reason}`, remedy: hidden.remedy}]);
}

/** Undefined where nothing is known of it. Fails as its monitor does, or where its record cannot be read. */
export async function readBare(reading: BareReading, named: NamedBare): Promise<Result<BareRead | undefined>> {
	const summary = await readSummary(reading, named);
	if (!summary.ok || summary.value === undefined) {
		return summary as Result<undefined>;
	}

	const {uuid, records, live} = summary.value;
	const described = live === undefined
		? await describeOff(reading, named, {uuid, recordedXml: records.domainXml})
		: describeLive(live, {name: named.name, uuid, recordedXml: records.domainXml});
	if (!described.ok || described.value === undefined) {
		return described as Result<undefined>;
	}

	const {xml, bare} = described.value;
	const definition = parseDomainXml(xml);
	if (!definition.ok) {
		return definition;
	}

	if (definition.value.name !== named.name) {
		return fail({kind: 'unreadable', what: `The record of "${named.name}"`, reason: `it is that of "${definition.value.name}"`});
	}

	const domain: Domain = {
		uuid,
		name: named.name,
		state: live?.state ?? 'shutoff',
		isPersistent: true,
		hasManagedSave: false,
		...(live?.isInactive && {isFreshlyResumed: true}),
		definition: definition.value,
		liveDefinition: live === undefined ? undefined : definition.value,
	};
	return succeed({
		records: {
			domain,
			definitionXml: xml,
			liveXml: live === undefined ? undefined : xml,
			snapshots: records.snapshots,
			currentSnapshot: records.current,
			checkpoints: live === undefined ? records.checkpoints : records.checkpoints.map(checkpoint => measured(checkpoint, {bare, live})),
			unreadable: [...records.unreadable, ...hiddenHeads(named.name, live)],
		},
		bare: {
			...bare,
			socketPath: named.socketPath,
			metadataPath: path.join(reading.recordsPath, folderNameOf(named.name)),
			isRecorded: records.domainXml !== undefined,
		},
		live,
		version: live?.version,
	});
}
