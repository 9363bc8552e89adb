/**
The doctor's round: reads one domain or the whole host, domain by domain, and gathers what is found. Every domain is read once; what it needs of the
others is looked up in one graph of all images. Between two domains the program breathes, so a screen goes on answering.
*/
import {posix} from 'node:path';
import {setImmediate, setTimeout as wait} from 'node:timers/promises';
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {DomainSummary} from '../../model/domain/domain.ts';
import {sortFindings, type Finding} from '../../model/domain/finding.ts';
import {buildImageGraph, type ImageGraph} from '../../model/images/image-graph.ts';
import type {Image} from '../../model/images/image.ts';
import type {DomainDetails, HostFacts} from '../../model/domain/inventory.ts';
import type {Pin} from '../../model/images/pin.ts';
import {nvramPaths} from '../../model/domain/nvram.ts';
import {pinsOfDomain} from '../../model/images/pins.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {frozenPath} from '../../model/domain/snapshot.ts';
import type {LostFile, Host, Surroundings} from '../ports.ts';
import {pinsOfAction} from '../run/made-files.ts';
import {kindFactsOf} from '../../planner/hypervisor/capabilities.ts';
import {diagnoseDetails} from './diagnose-details.ts';
import {findLeftovers, type FrozenByDomain} from './orphan-findings.ts';
import {
	readForeignActions, readLeftBehind, readOwnWrites, readTroubles, type Checks,
} from './read-journals.ts';

export type RoundProgress = {done: number; total: number; domain: string};

type RoundOptions = {
	/** Only this domain; undefined: all. */
	uuid?: string;
	onProgress?: (progress: RoundProgress) => void;
	/** Nobody waits for it: one domain at a time, and after each at least as long a pause as reading it took. */
	isPatient?: boolean;
	/** How it rests; missing: by a timer, which an abort ends. */
	pause?: (ms: number) => Promise<void>;
	/** Aborted with the signal's name as reason. */
	interrupt?: AbortSignal;
};

const readersAtOnce = 3;
const patientPauseMs = {atLeast: 20, atMost: 2000};

type HostCheck = {
	facts: HostFacts;
	allDetails: DomainDetails[];
	unreadable: Finding[];
};

function isInterrupted(options: RoundOptions): boolean {
	return options.interrupt?.aborted ?? false;
}

/** An abort ends the pause. */
async function rest({isPatient, interrupt, pause}: RoundOptions, workedMs: number): Promise<void> {
	if (isPatient) {
		const {atLeast, atMost} = patientPauseMs;
		// A timer counts whole milliseconds.
		const ms = Math.ceil(Math.max(atLeast, Math.min(workedMs, atMost)));
		await (pause?.(ms) ?? wait(ms, undefined, {signal: interrupt}).catch(() => undefined));
	}
}

async function readAllDetails(host: Host, domains: readonly DomainSummary[], options: RoundOptions): Promise<Result<Pick<HostCheck, 'allDetails' | 'unreadable'>>> {
	const allDetails = new Map<string, DomainDetails>();
	const unreadable: Finding[] = [];
	const open = [...domains];
	let lost: Result<never> | undefined;
	let done = 0;
	const reader = async () => {
		for (let domain = open.shift(); domain && lost === undefined && !isInterrupted(options); domain = open.shift()) {
			const startedMs = performance.now();
			const details = await host.readDetails(domain.uuid, {withForeignPins: options.uuid !== undefined});
			if (details.ok) {
				allDetails.set(domain.uuid, details.value);
			} else if (details.failure.kind === 'host-unreachable') {
				lost = details;
			} else if (details.failure.kind !== 'domain-not-found') {
				unreadable.push({
					kind: 'domain-unreadable',
					severity: 'problem',
					domain: {uuid: domain.uuid, name: domain.name},
					text: `The domain cannot be read: ${describeFailure(details.failure).message}`,
					meaning: 'It is not known which images it needs, so no image of this host is offered for removal.',
				});
			}

			options.onProgress?.({done: ++done, total: domains.length, domain: domain.name});
			await rest(options, performance.now() - startedMs);
		}
	};

	await Promise.all(Array.from({length: options.isPatient ? 1 : readersAtOnce}, reader));
	return lost ?? succeed({allDetails: domains.flatMap(({uuid}) => allDetails.get(uuid) ?? []), unreadable});
}

async function readHostCheck(host: Host, options: RoundOptions): Promise<Result<HostCheck>> {
	const facts = await host.readHost();
	if (!facts.ok) {
		return facts;
	}

	const list = await host.readDomains();
	if (!list.ok) {
		return list;
	}

	const wanted = options.uuid === undefined ? list.value : list.value.filter(({uuid}) => uuid === options.uuid);
	if (options.uuid !== undefined && wanted.length === 0) {
		return fail({kind: 'domain-not-found', name: options.uuid, known: list.value.map(({name}) => name)});
	}

	const read = await readAllDetails(host, wanted, options);
	return read.ok ? succeed({facts: facts.value, ...read.value}) : read;
}

/** Each image once, whichever domain it was read for. */
function gatherImages(allDetails: readonly DomainDetails[]): Image[] {
	const images = new Map<string, Image>();
	for (const image of allDetails.flatMap(details => details.images)) {
		images.set(image.path, images.get(image.path) ?? image);
	}

	return [...images.values()];
}

function gatherPins(allDetails: readonly DomainDetails[]): Pin[] {
	return allDetails.flatMap(({domain, snapshots, foreignPins}) => [...pinsOfDomain(domain, snapshots), ...foreignPins]);
}

/** Everything missing that an image or a record of these domains names. */
function gatherLost(images: readonly Image[]): LostFile[] {
	const formats = new Map(images.flatMap(image => image.backingPath === undefined ? [] : [[image.backingPath, image.backingFormat]]));
	return images.filter(image => image.problems.some(({kind}) => kind === 'missing')).map(({path, format}) => ({path, format: format ?? formats.get(path)}));
}

async function readAround(host: Host, allDetails: readonly DomainDetails[], images: readonly Image[]): Promise<Result<Surroundings>> {
	const backings = new Map(images.map(({path, backingPath}) => [path, backingPath]));
	const seen = new Set<string>();
	const follow = (start: string) => {
		for (let next: string | undefined = start; next !== undefined && !seen.has(next); next = backings.get(next)) {
			seen.add(next);
		}
	};

	for (const {path} of allDetails.flatMap(({domain, snapshots}) => pinsOfDomain(domain, snapshots)).filter(({target}) => target !== undefined)) {
		follow(path);
	}

	return host.readSurroundings({
		folders: [...new Set([...seen].map(path => posix.dirname(path)))],
		known: images.map(({path, file}) => ({path, inode: file?.inode})),
		memoryPaths: allDetails.flatMap(({snapshots}) => snapshots.flatMap(({memory}) => memory.mode === 'external' ? [memory.path] : [])),
		namesIn: [...new Set(allDetails.flatMap(({domain, snapshots}) => nvramPaths(domain, snapshots)).map(path => posix.dirname(path)))],
		lost: gatherLost(images.filter(({path}) => seen.has(path))),
	});
}

function gatherFrozen(allDetails: readonly DomainDetails[], graph: ImageGraph): FrozenByDomain {
	const frozenBy: FrozenByDomain = new Map();
	for (const {domain: {uuid, name}, snapshots} of allDetails) {
		for (const snapshot of snapshots) {
			for (const {target, mode} of snapshot.disks) {
				const path = mode === 'external' ? frozenPath(snapshot, target) : undefined;
				if (path !== undefined) {
					frozenBy.set(graph.keyOf(path), [...frozenBy.get(graph.keyOf(path)) ?? [], {domain: {uuid, name}, since: snapshot.createdAt}]);
				}
			}
		}
	}

	return frozenBy;
}

function gatherLeft(allDetails: readonly DomainDetails[], graph: ImageGraph): Map<string, {uuid: string; name: string}> {
	return new Map(allDetails.flatMap(({domain: {uuid, name, definition}}) => (definition.leftImages ?? []).map(path => [graph.keyOf(path), {uuid, name}])));
}

/** Once for the host: its images were not looked at. */
function filesElsewhere(allDetails: readonly DomainDetails[]): Finding[] {
	const elsewhere = allDetails.find(details => details.filesElsewhere !== undefined)?.filesElsewhere;
	return elsewhere === undefined
		? []
		: [{
			kind: 'files-elsewhere',
			severity: 'info',
			text: `No image was read. ${elsewhere.text}`,
			meaning: 'Only libvirt\'s records were checked, and no action can be planned.',
			remedy: elsewhere.remedy,
		}];
}

/**
What is wrong with one domain or with the host. Fails where the host or the private folder cannot be asked, with `domain-not-found`, or with
`interrupted`; a domain that cannot be read is a finding.
*/
export async function diagnose(practice: Checks, options: RoundOptions = {}): Promise<Result<Finding[]>> {
	const {host} = practice;
	const hostCheck = await readHostCheck(host, options);
	if (!hostCheck.ok) {
		return hostCheck;
	}

	const interrupted = fail({kind: 'interrupted', signal: String(options.interrupt?.reason ?? ''), rolledBack: true});
	const {facts, allDetails, unreadable} = hostCheck.value;
	if (isInterrupted(options)) {
		return interrupted;
	}

	const images = gatherImages(allDetails);
	const [surroundings, left, writes] = await Promise.all([readAround(host, allDetails, images), readLeftBehind(practice, facts), readOwnWrites(practice)]);
	if (!surroundings.ok) {
		return surroundings;
	}

	if (!left.ok) {
		return left;
	}

	const pins = [...gatherPins(allDetails), ...left.value.flatMap(action => pinsOfAction(action))];
	const graph = buildImageGraph([...images, ...surroundings.value.others], pins);
	const found: Finding[] = [...unreadable, ...filesElsewhere(allDetails), ...await readTroubles(practice, options.uuid), ...await readForeignActions(practice, options.uuid, left.value)];
	let workedMs = 0;
	for (const details of allDetails) {
		await setImmediate();
		await rest(options, workedMs);
		if (isInterrupted(options)) {
			return interrupted;
		}

		const startedMs = performance.now();

		const {uuid} = details.domain;
		found.push(...diagnoseDetails({
			host: facts,
			details,
			graph,
			surroundings: surroundings.value,
			unfinished: left.value.filter(({plan}) => plan.action.domain.uuid === uuid),
			audit: writes.filter(entry => entry.domain.uuid === uuid && entry.uri === facts.uri),
		}));
		workedMs = performance.now() - startedMs;
	}

	// An image that does not open may be backed by any other, so none is called unused.
	if (images.some(({problems}) => problems.some(({kind}) => kind === 'unreadable'))) {
		return succeed(sortFindings(found));
	}

	const [only] = options.uuid === undefined ? [] : allDetails;
	found.push(...findLeftovers(
		{
			others: surroundings.value.others,
			graph,
			frozenBy: gatherFrozen(allDetails, graph),
			leftBy: gatherLeft(allDetails, graph),
			isBlind: unreadable.length > 0 || allDetails.some(details => details.unreadable.length + details.unreadableOthers.length > 0),
			isKnownToVirsh: kindFactsOf(facts.hypervisor).isKnownToVirsh,
		},
		only && {uuid: only.domain.uuid, name: only.domain.name},
	));
	return succeed(sortFindings(found));
}
