/**
Which domains are well. The doctor looks by itself, beside everything else: first at the selected domain, then at the host, and again at whatever changes. What was
found before a change is dropped, so that no mark is older than what it is about.
*/
import {sortFindings, type Finding, type Severity} from '../../model/domain/finding.ts';
import type {DomainSummary} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {Image} from '../../model/images/image.ts';
import type {Result} from '../../model/result.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Update} from '../browse/read.ts';
import {forgetForecast} from '../browse/forecast.ts';
import {leftOf} from '../browse/rows.ts';
import {isAtWork, runOn} from '../run/jobs.ts';
import type {Settings} from '../services.ts';
import {noHealth, type Health, type State} from '../state.ts';

/** Between two looks, so that a host with other work, and keys, come first. */
const pauseMs = 400;
/** Files can change without an event: the host is looked at again this often. */
const roundMs = 600_000;
/** Beyond so many a round over the host is the shorter way. */
const mostSingles = 8;

function withDue({uuids, host}: Health['due'], more: readonly string[]): Health['due'] {
	const all = [...new Set([...uuids, ...more])];
	return all.length > mostSingles ? {uuids: [], host: true} : {uuids: all, host};
}

/** What a person has set. Looking may begin: at the selected domain first, which the person wants to know about. */
export function takeSettings(state: State, result: Result<Settings>): State {
	const {id} = state.domainCursor;
	if (!result.ok) {
		return {...state, notice: describeFailure(result.failure).message};
	}

	const {checks, theme, bell, title, notify} = result.value;
	const told: State = {...state, theme, tells: {bell, title, notify}};
	return checks ? {...told, health: {...state.health, isOn: true, due: {uuids: id === undefined ? [] : [id], host: true}}} : told;
}

/** These domains are not what they were: what was found of them is dropped, and what was found of others because of them. */
export function noteChanges(given: State, changed: readonly string[]): State {
	const state = forgetForecast(given, changed);
	const {health, domains} = state;
	if (!health.isOn || changed.length === 0) {
		return state;
	}

	const names = (domains.value ?? []).filter(({uuid}) => changed.includes(uuid)).map(({name}) => name);
	const isAbout = ({text}: Finding) => names.some(name => text.includes(name));
	const stale = [...new Set([...changed, ...Object.entries(health.found).filter(([, findings]) => findings.some(finding => isAbout(finding))).map(([uuid]) => uuid)])];
	const known = new Set((domains.value ?? []).map(({uuid}) => uuid));
	return {
		...state,
		health: {
			...health,
			found: Object.fromEntries(Object.entries(health.found).filter(([uuid]) => !stale.includes(uuid))),
			ofHost: health.ofHost.filter(finding => !isAbout(finding)),
			due: withDue(health.due, stale.filter(uuid => known.has(uuid))),
			looking: health.looking && {...health.looking, changed: new Set([...health.looking.changed, ...stale])},
		},
	};
}

/** Somebody changed something; without a name it may have been anything. */
export function noteEvent(state: State, domain: string | undefined): State {
	const all = state.domains.value ?? [];
	return noteChanges(state, all.filter(({name}) => domain === undefined || name === domain).map(({uuid}) => uuid));
}

/** What a new list of domains tells: other states, domains that came or went. */
export function noteList(state: State, before: readonly DomainSummary[] | undefined): State {
	if (before === undefined) {
		return state;
	}

	const was = new Map(before.map(({uuid, state: power}) => [uuid, power]));
	const is = new Map((state.domains.value ?? []).map(({uuid, state: power}) => [uuid, power]));
	return noteChanges(state, [...new Set([...was.keys(), ...is.keys()])].filter(uuid => was.get(uuid) !== is.get(uuid)));
}

const isSameImage = (one: Image, other: Image): boolean => one.path === other.path && one.backingPath === other.backingPath && one.format === other.format
	&& one.internalSnapshots.length === other.internalSnapshots.length && one.problems.length === other.problems.length && one.problems.every(({kind}, index) => kind === other.problems[index]!.kind);

/** Whether two pictures of one domain tell the same, apart from how much its guest has written. */
export function isSameDetails(one: DomainDetails, other: DomainDetails): boolean {
	const wordsOf = ({domain, currentSnapshot, checkpoints, unreadable}: DomainDetails) => JSON.stringify([
		domain.state,
		domain.hasManagedSave,
		currentSnapshot,
		domain.definition.disks,
		checkpoints.map(({name}) => name),
		unreadable,
	]);
	return one.snapshots.length === other.snapshots.length
		&& one.snapshots.every(({xml}, index) => xml === other.snapshots[index]!.xml)
		&& one.images.length === other.images.length
		&& one.images.every((image, index) => isSameImage(image, other.images[index]!))
		&& wordsOf(one) === wordsOf(other);
}

/** What was found of one domain, or of the host, takes the place of what was known; not of what changed meanwhile. */
export function learn(state: State, findings: readonly Finding[], {uuid, changed}: {uuid: string | undefined; changed: ReadonlySet<string>}): State {
	const looked = uuid === undefined ? (state.domains.value ?? []).map(domain => domain.uuid) : [uuid];
	const byDomain = new Map<string | undefined, Finding[]>();
	for (const finding of findings) {
		const {uuid: about} = finding.domain ?? {uuid: undefined};
		byDomain.set(about, [...byDomain.get(about) ?? [], finding]);
	}

	const fresh = looked.filter(each => !changed.has(each)).map(each => [each, byDomain.get(each) ?? []] as const);
	const {health} = state;
	return {
		...state,
		health: {
			...health,
			found: {...(uuid !== undefined && health.found), ...Object.fromEntries(fresh)},
			ofHost: uuid === undefined ? byDomain.get(undefined) ?? [] : health.ofHost,
		},
	};
}

export function takeLook(state: State, number: number, result: Result<Finding[]>): Update {
	const {health} = state;
	const {looking} = health;
	if (looking?.number !== number) {
		return [state, []];
	}

	const ended: State = {...state, health: {...health, looking: undefined}};
	// What cannot be asked now is not known; the next round asks again.
	const next = result.ok ? learn(ended, result.value, looking) : ended;
	return [next, looking.uuid === undefined ? [{kind: 'look-later', number: roundNumber, afterMs: roundMs}] : []];
}

/** The pause that a round ends with: any other ends with the next look. */
const roundNumber = 0;

export function takePause(state: State, number: number): Update {
	const {health} = state;
	if (number === roundNumber) {
		return [{...state, health: {...health, due: {...health.due, host: health.isOn}}}, []];
	}

	if (health.pausing !== number) {
		return [state, []];
	}

	const [uuid] = health.due.uuids;
	const isDue = uuid !== undefined || health.due.host;
	if (!isDue || isHeld(state)) {
		return [{...state, health: {...health, pausing: undefined}}, []];
	}

	return [
		{
			...state,
			nextNumber: state.nextNumber + 1,
			health: {
				...health,
				pausing: undefined,
				due: uuid === undefined ? noHealth.due : {...health.due, uuids: health.due.uuids.slice(1)},
				looking: {number: state.nextNumber, uuid, changed: new Set()},
			},
		},
		[{kind: 'look', number: state.nextNumber, uuid}],
	];
}

/** While a plan runs nobody else asks the host, and nobody looks for what a person has asked the doctor for. */
function isHeld({scene, diagnosis, domains, runs}: State): boolean {
	return isAtWork({runs}) || scene.kind === 'leaving' || diagnosis?.findings.waiting !== undefined || domains.value === undefined;
}

/** Keeps the looks going, one after the other, and gives up the one that is under way where it has to wait. */
export function withLooks([state, effects]: Update): Update {
	const {health} = state;
	if (!health.isOn) {
		return [state, effects];
	}

	if (isHeld(state)) {
		const {looking} = health;
		const due = looking && (looking.uuid === undefined ? {...health.due, host: true} : withDue(health.due, [looking.uuid]));
		return due === undefined ? [state, effects] : [{...state, health: {...health, looking: undefined, due}}, [...effects, {kind: 'stop-look'}]];
	}

	return health.looking !== undefined || health.pausing !== undefined || (health.due.uuids.length === 0 && !health.due.host)
		? [state, effects]
		: [{...state, nextNumber: state.nextNumber + 1, health: {...health, pausing: state.nextNumber}}, [...effects, {kind: 'look-later', number: state.nextNumber, afterMs: pauseMs}]];
}

/** All that is known now of one domain, or of the host; undefined: nothing yet. */
export function foundOf({health}: State, uuid: string | undefined): Finding[] | undefined {
	if (uuid !== undefined) {
		return health.found[uuid] && [...health.found[uuid]];
	}

	const all = Object.values(health.found);
	return all.length === 0 ? undefined : sortFindings([...health.ofHost, ...all.flat()]);
}

function worstOf(findings: readonly Finding[]): Severity | undefined {
	return (['problem', 'warning'] as const).find(severity => findings.some(finding => finding.severity === severity));
}

/** The one sign of a domain: interrupted, at work, broken, to look at. */
export type HealthMark = 'interrupted' | 'job' | 'broken' | 'look-at';

export function markOf(state: State, uuid: string): HealthMark | undefined {
	const findings = state.health.found[uuid] ?? [];
	if (leftOf(state, uuid) !== undefined) {
		return 'interrupted';
	}

	if (runOn(state, uuid) !== undefined || findings.some(({kind}) => kind === 'block-job')) {
		return 'job';
	}

	const worst = worstOf(findings);
	return worst === 'problem' ? 'broken' : (worst === 'warning' ? 'look-at' : undefined);
}

/** How it stands with the host. `isWhole`: every domain was looked at since it last changed. */
export function healthOfHost(state: State): {needing: number; toLookAt: number; checked: number; isWhole: boolean} {
	const {health, domains, left} = state;
	const all = domains.value ?? [];
	const needing = new Set([
		...left.map(({plan}) => plan.action.domain.uuid),
		...Object.keys(health.found).filter(uuid => worstOf(health.found[uuid]!) === 'problem'),
	]).size + Number(worstOf(health.ofHost) === 'problem');
	const checked = all.filter(({uuid}) => health.found[uuid] !== undefined).length;
	return {
		needing,
		toLookAt: Object.values(health.found).filter(findings => worstOf(findings) === 'warning').length + Number(worstOf(health.ofHost) === 'warning'),
		checked,
		isWhole: checked === all.length,
	};
}
