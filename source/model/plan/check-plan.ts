/**
Whether what a journal holds is a plan: every part that recovery reads is there and of its kind. Only shapes are looked at, not whether the plan makes
sense. New members need no check as long as a plan without them works.
*/
import type {Command, Plan} from './plan.ts';
import {actionKinds} from './request.ts';
import {upgradePlan} from './upgrade-plan.ts';

/** Gives the place that is wrong, as "steps[3].undo"; undefined: all is well. */
type Check = (value: unknown, place: string) => string | undefined;

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const text: Check = (value, place) => typeof value === 'string' ? undefined : place;

const optional = (check: Check): Check => (value, place) => value === undefined ? undefined : check(value, place);

const nullable = (check: Check): Check => (value, place) => value === null ? undefined : check(value, place);

const oneOf = (...words: string[]): Check => (value, place) => typeof value === 'string' && words.includes(value) ? undefined : place;

function firstWrong(checks: Iterable<[Check, unknown, string]>): string | undefined {
	for (const [check, value, place] of checks) {
		const wrong = check(value, place);
		if (wrong !== undefined) {
			return wrong;
		}
	}

	return undefined;
}

function shape(members: Record<string, Check>): Check {
	return (value, place) => isObject(value)
		? firstWrong(Object.entries(members).map(([name, check]) => [check, value[name], `${place}.${name}`]))
		: place;
}

const listOf = (check: Check): Check => (value, place) => Array.isArray(value)
	? firstWrong(value.map((item: unknown, index) => [check, item, `${place}[${index}]`]))
	: place;

const listOfSome = (check: Check): Check => (value, place) => Array.isArray(value) && value.length > 0 ? listOf(check)(value, place) : place;

const kind = shape({kind: text});
const files = listOf(shape({path: text, text}));
const account: Check = (value, place) => isObject(value) && Number.isSafeInteger(value.uid) && Number.isSafeInteger(value.gid) && typeof value.isNamed === 'boolean' ? undefined : place;
const program = shape({
	argv: listOf(text), files, onlyIf: optional(kind), runAs: optional(account), until: optional(kind),
});
const monitorCommand = shape({
	socketPath: text, execute: text, arguments: shape({}), files, onlyIf: optional(kind), until: optional(kind),
});

/** Every one, or a journal of this very program would be refused. */
const tools = {
	virsh: true, 'qemu-img': true, 'qemu-io': true, 'qemu-storage-daemon': true, file: true, qemu: true, seal: true, verify: true, qmp: true,
} satisfies Record<Command['tool'], true>;

const command: Check = (value, place) => firstWrong([
	[shape({tool: oneOf(...Object.keys(tools))}), value, place],
	[isObject(value) && value.tool === 'qmp' ? monitorCommand : program, value, place],
]);

const heads = listOf(shape({target: text, path: text}));

const step = shape({
	id: text,
	title: text,
	phase: oneOf('check', 'create', 'switch', 'remove'),
	command,
	undo: nullable(listOf(command)),
	doneWhen: kind,
	undoWhen: optional(kind),
	guard: optional(kind),
	undoNeeds: optional(shape({probe: kind, lost: text})),
	instead: optional(shape({onlyIf: kind, commands: listOf(command), cancel: optional(listOf(command))})),
	takenOver: optional(listOf(text)),
	leaves: optional(listOf(text)),
	pivot: optional(shape({from: text, to: text, toFormat: text})),
	cancel: optional(listOf(command)),
	whenStopped: text,
});

const plan = shape({
	id: text,
	plannedAt: text,
	uri: text,
	action: shape({kind: oneOf(...Object.keys(actionKinds)), domain: shape({uuid: text, name: text})}),
	consequences: listOf(shape({severity: text, text, what: optional(text)})),
	images: shape({
		created: listOf(shape({path: text, backingPath: optional(text), format: optional(text)})), removed: listOf(text), kept: listOf(text), written: optional(listOf(text)),
		rebased: optional(listOf(shape({path: text, backingPath: text}))), merged: optional(listOf(shape({path: text, into: text}))), staying: optional(listOf(shape({path: text, reason: text}))),
	}),
	targets: listOfSome(shape({
		domain: shape({uuid: text, name: text}),
		hypervisor: oneOf('libvirt', 'demo', 'qemu'),
		socketPath: optional(text),
		metadataPath: optional(text),
		expected: shape({
			heads, chains: listOf(shape({path: text, format: text})), snapshots: listOf(shape({name: text})), goneSnapshots: optional(listOf(text)),
		}),
		fingerprint: shape({}),
		before: shape({
			definitionXml: text, heads, snapshotNames: listOf(text), snapshotXmls: listOf(text),
		}),
	})),
	steps: listOf(step),
});

/** The version of plans that this program writes and carries out. */
const planVersion = 2;

type CheckedPlan =
	| {kind: 'plan'; plan: Plan}
	| {kind: 'later-version'; version: number}
	| {kind: 'damaged'; reason: string};

/** What a person may know it by: the domain that a plan is for, as far as that can be read. */
export function domainOf(value: unknown): {uuid: string; name: string} | undefined {
	const action = isObject(value) ? value.action : undefined;
	const domain = isObject(action) ? action.domain : undefined;
	return isObject(domain) && typeof domain.uuid === 'string' && typeof domain.name === 'string' ? {uuid: domain.uuid, name: domain.name} : undefined;
}

/** Plans of earlier versions come in the form of today. A later version of the program may mean something else by the same members, so of its plans nothing else is looked at. */
export function checkPlan(value: unknown): CheckedPlan {
	const version = isObject(value) ? value.version : undefined;
	if (typeof version === 'number' && Number.isSafeInteger(version) && version > planVersion) {
		return {kind: 'later-version', version};
	}

	const upgraded = upgradePlan(value);
	const wrong = isObject(upgraded) && upgraded.version === planVersion ? plan(upgraded, 'plan') : 'plan.version';
	return wrong === undefined ? {kind: 'plan', plan: upgraded as Plan} : {kind: 'damaged', reason: `${wrong} is missing or not what it should be`};
}
