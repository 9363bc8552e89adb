/**
One domain with its snapshots and checkpoints, as libvirt records them. Images are not looked at here.
*/
import type {Domain} from '../../../model/domain/domain.ts';
import type {Unreadable} from '../../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import type {Checkpoint} from '../../../model/domain/snapshot.ts';
import {parseCheckpointXml} from '../../../model/xml/parse-checkpoint.ts';
import {parseDomainXml} from '../../../model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../../model/xml/parse-snapshot.ts';
import {reasonOf} from '../../shared/read-answers.ts';
import type {DomainRecords} from '../../shared/record-source.ts';
import {readUntilSettled} from '../settle.ts';
import {isMissingDomain, type Answer, type Virsh} from '../virsh.ts';
import {
	hasDomainId, parseDomainState, parseFields, parseNames, readDomains,
} from './read-host.ts';
import {documentQuestion, readSnapshotDocuments} from './read-snapshot-documents.ts';
import {readVolumePaths} from './read-volumes.ts';
import {readLostSecrets} from './read-secrets.ts';
import {remedyForRecord} from './record-remedy.ts';

/** Where a record that cannot be read is noted, and what leads on. */
type Notes = {unreadable: Unreadable[]; remedyOf: (name: string) => string};

/**
Names as libvirt lists them, one a line. A name that holds a line end comes out as several: such pieces are found out when their XML is asked for, or
because two snapshots cannot have one name.
*/
function safeNames(answer: Answer | undefined, {unreadable, remedyOf}: Notes): string[] {
	if (!answer?.ok) {
		return [];
	}

	const names = parseNames(answer.value);
	const once = [...new Set(names)];
	if (once.length < names.length) {
		const twice = names.find((name, index) => names.indexOf(name) !== index)!;
		unreadable.push({name: twice, reason: 'a checkpoint whose name contains a newline is listed as several names', remedy: remedyOf(twice)});
	}

	return once;
}

/** What each name's XML says; names whose XML is missing, broken or another's are put under `unreadable`. */
function readRecords<T extends {name: string}>(names: string[], answers: Answer[], parse: (xml: string, name: string) => Result<T>, {unreadable, remedyOf}: Notes): T[] {
	const records: T[] = [];
	for (const [index, name] of names.entries()) {
		const answer = answers[index];
		const parsed = answer?.ok ? parse(answer.value, name) : answer;
		if (parsed?.ok && parsed.value.name === name) {
			records.push(parsed.value);
		} else {
			unreadable.push({name, reason: parsed === undefined || parsed.ok ? 'libvirt returns another name' : reasonOf(parsed.failure), remedy: remedyOf(name)});
		}
	}

	return records;
}

/**
`secrets`: the flag that asks for them. `withoutSizes`: QEMU is not asked how much each checkpoint records. `listedBefore`: what the snapshots of each domain were when it was last
read. They are asked for together with the list, which says whether they still are.
*/
type ReadOptions = {secrets: string[]; withoutSizes?: boolean; listedBefore: Map<string, readonly string[]>};

/** Of more, the list is waited for. */
const mostGuessed = 50;

/** Fails with `domain-not-found`, `host-unreachable`, or with what keeps its definition from being read. */
export async function readDomainRecords(virsh: Virsh, uuid: string, options: ReadOptions): Promise<Result<DomainRecords>> {
	return readUntilSettled(async () => readOnce(virsh, uuid, options), records => records.unreadable.map(({name}) => name));
}

/** virsh complains where there is none, and a complaint costs a process: so it is asked only of a domain that has snapshots. */
async function readCurrentName(virsh: Virsh, question: string[], {listing, guessed}: {listing: string; guessed: Answer | undefined}): Promise<string | undefined> {
	const current = listing.trim() === '' ? undefined : guessed ?? await virsh.askOne(question);
	return current?.ok && current.value !== '' ? current.value.replace(/\n$/, '') : undefined;
}

async function readOnce(virsh: Virsh, uuid: string, {secrets, withoutSizes, listedBefore}: ReadOptions): Promise<Result<DomainRecords>> {
	const on = (verb: string, ...rest: string[]) => [verb, '--domain', uuid, ...rest];
	const before = listedBefore.get(uuid) ?? [];
	const guessing = before.length === 0 ? [] : [on('snapshot-current', '--name'), ...before.map(name => documentQuestion(uuid, name, secrets))];
	const answers = await virsh.ask([
		...[['dominfo'], ['dumpxml', '--inactive', ...secrets], ['dumpxml', ...secrets], ['snapshot-list', '--name'], ['checkpoint-list', '--name'], ['domstate', '--reason']].map(([verb, ...rest]) => on(verb!, ...rest)),
		...guessing,
	]);
	if (!answers.ok) {
		return answers;
	}

	const [info, inactive, live, snapshotNames, checkpointNames, state, guessedCurrent, ...guesses] = answers.value as [Answer, Answer, Answer, Answer, Answer, Answer, Answer | undefined, ...Answer[]];
	const failed = [info, inactive, live].find(answer => !answer.ok);
	if (failed && !failed.ok) {
		return isMissingDomain(failed.failure) ? domainNotFound(virsh, uuid) : failed;
	}

	const unreadable: Unreadable[] = [];
	const domain = readDomain({uuid, info, inactive, live, state});
	if (!domain.ok) {
		return domain;
	}

	if (!snapshotNames.ok) {
		return snapshotNames;
	}

	const [ofSnapshots, ofCheckpoints] = (['snapshot', 'checkpoint'] as const).map((kind): Notes => ({unreadable, remedyOf: name => remedyForRecord(kind, domain.value.name, name)})) as [Notes, Notes];
	const checkpointList = safeNames(checkpointNames, ofCheckpoints);
	const measured = domain.value.liveDefinition === undefined || withoutSizes ? [] : checkpointList;
	const [listed, currentName, checkpoints, sizes] = await Promise.all([
		readSnapshotDocuments(virsh, [{uuid, listing: snapshotNames.value}], {secrets, guessed: guesses.flatMap((answer, index) => answer.ok ? [[before[index]!, answer]] : [])}),
		readCurrentName(virsh, on('snapshot-current', '--name'), {listing: snapshotNames.value, guessed: guessedCurrent}),
		virsh.ask(checkpointList.map(name => on('checkpoint-dumpxml', '--checkpointname', name, ...secrets))),
		virsh.ask(measured.map(name => on('checkpoint-dumpxml', '--checkpointname', name, '--no-domain', '--size'))),
	]);
	if (!listed.ok) {
		return listed;
	}

	if (!checkpoints.ok) {
		return checkpoints;
	}

	const {documents, ambiguousName} = listed.value[0]!;
	listedBefore.set(uuid, documents.length > mostGuessed ? [] : documents.map(({name}) => name));
	if (ambiguousName !== undefined) {
		unreadable.push({name: ambiguousName, reason: 'it is listed twice, or is part of a name that contains a newline', remedy: ofSnapshots.remedyOf(ambiguousName)});
	}

	const snapshots = readRecords(documents.map(({name}) => name), documents.map(({answer}) => answer), (xml, name) => parseSnapshotXml(xml, {isCurrent: name === currentName}), ofSnapshots);
	const definitions = [domain.value.definition, domain.value.liveDefinition, ...snapshots.map(snapshot => snapshot.domain)];
	const volumes = await readVolumePaths(virsh, definitions);
	if (!volumes.ok) {
		return volumes;
	}

	const lostSecrets = await readLostSecrets(virsh, definitions, {withValues: secrets.length > 0});
	if (!lostSecrets.ok) {
		return lostSecrets;
	}

	const {withPaths, unknownSources} = volumes.value;
	unreadable.push(...unknownSources(definitions.map(definition => withPaths(definition))).map(source => ({name: domain.value.name, ...source})));
	return succeed({
		domain: {...domain.value, definition: withPaths(domain.value.definition), liveDefinition: withPaths(domain.value.liveDefinition)},
		definitionXml: inactive.ok ? inactive.value : '',
		liveXml: live.ok && domain.value.liveDefinition !== undefined ? live.value : undefined,
		snapshots: snapshots.map(snapshot => ({...snapshot, domain: withPaths(snapshot.domain)})),
		currentSnapshot: currentName,
		checkpoints: withSizes(readRecords(checkpointList, checkpoints.value, xml => parseCheckpointXml(xml), ofCheckpoints), sizes.ok ? sizes.value : []),
		unreadable,
		lostSecrets: lostSecrets.value,
	});
}

/** The sizes that QEMU told, beside the records. A checkpoint of which it told nothing is not measured. */
function withSizes(checkpoints: Checkpoint[], answers: readonly Answer[]): Checkpoint[] {
	const measured = new Map(answers.flatMap(answer => {
		const parsed = answer.ok ? parseCheckpointXml(answer.value) : undefined;
		return parsed?.ok ? [[parsed.value.name, parsed.value.disks] as const] : [];
	}));
	return checkpoints.map(checkpoint => {
		const disks = measured.get(checkpoint.name);
		return disks === undefined ? checkpoint : {...checkpoint, isMeasured: true, disks: checkpoint.disks.map(disk => ({...disk, ...disks.find(({target}) => target === disk.target)}))};
	});
}

async function domainNotFound(virsh: Virsh, uuid: string): Promise<Result<never>> {
	const known = await readDomains(virsh);
	return fail({kind: 'domain-not-found', name: uuid, known: known.ok ? known.value.map(domain => domain.name) : []});
}

/** What `domstate --reason` says after a `restore --paused`, until the guest runs (11.3, 12.8). */
const freshlyResumed = 'paused (migrating)';

function readDomain(answers: {uuid: string; info: Answer; inactive: Answer; live: Answer; state: Answer}): Result<Domain> {
	const {uuid, info, inactive, live, state} = answers;
	const fields = parseFields(info.ok ? info.value : '');
	const definition = parseDomainXml(inactive.ok ? inactive.value : '');
	if (!definition.ok) {
		return definition;
	}

	const liveDefinition = hasDomainId(fields) ? parseDomainXml(live.ok ? live.value : '') : undefined;
	if (liveDefinition && !liveDefinition.ok) {
		return liveDefinition;
	}

	return succeed({
		uuid,
		name: definition.value.name,
		state: parseDomainState(fields.get('State')),
		isPersistent: fields.get('Persistent') === 'yes',
		hasManagedSave: fields.get('Managed save') === 'yes',
		...(state.ok && state.value.trim() === freshlyResumed && {isFreshlyResumed: true}),
		definition: definition.value,
		liveDefinition: liveDefinition?.value,
	});
}
