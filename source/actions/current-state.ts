/**
What happens to the current state when a domain leaves it: shared by revert and branch.
*/
import type {CurrentState, Request} from '../model/plan/request.ts';
import {hasProcess} from '../model/domain/domain.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import {writtenSince} from '../model/domain/written-since.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {formatAge, formatBytes, formatSpan} from '../model/text/format.ts';
import {freeName} from '../model/domain/snapshot-name.ts';
import {
	descriptionField, mostTaken, nameByTime, problemOfName, takenNames, type Naming,
} from './names.ts';
import type {Change, Field, Kept} from './question.ts';
import type {OptionSpec, RawOptions} from './spec.ts';
import {
	discardWords, fieldWords, keepMemoryWords, keepWords, loseMemoryWords,
} from './words.ts';

/** Whether the memory of the guest goes with the state that is kept. */
export function keepsMemory(currentState: CurrentState): boolean {
	return currentState.kind === 'keep' && currentState.memory === true;
}

/** Nothing is lost by default: the current state is kept, "before-b1" beside the branch b1, else "kept-20261121-0200". */
export function defaultCurrentState(leaving: {branch?: string}, naming: Naming): Kept {
	return {
		kind: 'keep',
		name: leaving.branch === undefined
			? nameByTime('kept', naming)
			: freeName(`before-${leaving.branch.slice(0, mostTaken)}`, new Set([...naming.taken, leaving.branch])),
	};
}

type CompletedCurrentState = {currentState: CurrentState; kept: Kept; answered: string[]};

/** A name that cannot be taken is asked for again. */
export function completeCurrentState(given: CurrentState | undefined, leaving: {branch?: string}, naming: Naming): CompletedCurrentState {
	const kept = given?.kind === 'keep' ? given : defaultCurrentState(leaving, naming);
	const isAnswered = given !== undefined && (given.kind === 'discard' || problemOfName(given.name, naming.taken) === undefined);
	return {currentState: given ?? kept, kept, answered: isAnswered ? ['current-state', 'keep-name', 'description', 'memory'] : []};
}

export const currentStateOptions = (defaultName: string): OptionSpec[] => [
	{flags: '--keep <name>', summary: `keep the current state as a snapshot of this name (else ${defaultName})`},
	{flags: '--memory', summary: 'with --keep, of a running guest: its memory too, so that reverting to that snapshot resumes exactly here'},
	{flags: '--description <text>', summary: 'with --keep: what the kept state is, for whoever finds it later'},
	{flags: '--discard', summary: 'discard the current state'},
];

/** Undefined: nobody said. Fails with `usage`. */
export function readCurrentState({keep, discard, memory, description}: RawOptions): Result<CurrentState | undefined> {
	if (typeof keep === 'string') {
		return succeed({kind: 'keep', name: keep, ...(memory === true && {memory}), ...(typeof description === 'string' && description !== '' && {description})});
	}

	if (typeof description === 'string') {
		return fail({kind: 'usage', message: '--description says what the kept state is, so it needs --keep NAME.', hint: '--keep NAME --description TEXT keeps the current state with that text.'});
	}

	return memory === true
		? fail({kind: 'usage', message: '--memory says how the current state is kept, so it needs --keep NAME.', hint: '--keep NAME --memory keeps the disks and the memory of the guest.'})
		: succeed(discard === true ? {kind: 'discard'} : undefined);
}

/** The options that `readCurrentState` reads so. */
export function writeCurrentState(currentState: CurrentState): RawOptions {
	return currentState.kind === 'discard' ? {discard: true} : {keep: currentState.name, memory: currentState.memory, description: currentState.description};
}

/** What was typed for the state that is kept. */
export function keptDescription(currentState: CurrentState): string | undefined {
	return currentState.kind === 'keep' ? currentState.description : undefined;
}

export function describeCurrentState(currentState: CurrentState): string {
	return currentState.kind === 'keep' ? `keeping the current state as "${currentState.name}"${keepsMemory(currentState) ? ', with its memory' : ''}` : 'discarding the current state';
}

/** What is lost with the current state. The time and the size only where the disks write to overlays on what the current snapshot froze. */
function describeWritten(details: DomainDetails | undefined, nowMs: number): ReturnType<typeof discardWords> {
	const current = details?.snapshots.find(({name}) => name === details.currentSnapshot);
	const written = details === undefined ? [] : [...writtenSince(details).values()];
	if (current === undefined || written.length === 0) {
		return discardWords(undefined);
	}

	const nowSeconds = Math.floor(nowMs / 1000);
	return discardWords({
		since: current.name,
		age: formatAge(current.createdAt, nowSeconds),
		span: formatSpan(current.createdAt, nowSeconds),
		size: formatBytes(written.reduce((sum, bytes) => sum + bytes, 0)),
	});
}

type Asked = {
	details: DomainDetails | undefined;
	nowMs: number;
	kept: Kept;
	taken?: ReadonlySet<string>;
	/** Why the memory cannot be kept. */
	whyNoMemory?: string;
};

/** The choice that loses least and takes no time is the preset. `withCurrentState` gives the request with another answer. */
export function currentStateFields(currentState: CurrentState, asked: Asked, withCurrentState: (currentState: CurrentState) => Request): Field[] {
	const {details, nowMs, kept, taken = takenNames(details), whyNoMemory} = asked;
	const keep = (next: Kept): Change => ({kept: next, request: withCurrentState(next)});
	const {memory: _memory, ...disksAlone} = kept;
	const {description: _description, ...undescribed} = kept;
	return [
		{
			kind: 'choice',
			id: 'current-state',
			...fieldWords.currentState,
			chosen: currentState.kind,
			choices: [
				{id: 'keep', ...keepWords, change: keep(kept)},
				{id: 'discard', ...describeWritten(details, nowMs), change: {request: withCurrentState({kind: 'discard'})}},
			],
		},
		...(currentState.kind === 'discard'
			? []
			: [
				{
					kind: 'text', id: 'keep-name', ...fieldWords.keptName, value: kept.name, problem: problemOfName(kept.name, taken), change: name => keep({...kept, name}),
				},
				descriptionField(kept.description, description => keep({...undescribed, ...(description !== undefined && {description})})),
			] satisfies Field[]),
		...(currentState.kind === 'keep' && details !== undefined && hasProcess(details.domain)
			? [{
				kind: 'choice',
				id: 'memory',
				...fieldWords.keptMemory,
				chosen: keepsMemory(currentState) ? 'keep' : 'lose',
				choices: [
					{
						id: 'keep', ...keepMemoryWords(formatBytes(details.domain.definition.memoryBytes)), reason: whyNoMemory, change: keep({...kept, memory: true}),
					},
					{id: 'lose', ...loseMemoryWords, change: keep(disksAlone)},
				],
			} satisfies Field]
			: []),
	];
}
