/**
What happens to the current state when a domain leaves it: shared by revert and branch.
*/
import type {CurrentState, Request} from '../model/plan/request.ts';
import {hasProcess, headDisks} from '../model/domain/domain.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import {frozenPath} from '../model/domain/snapshot.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {formatBytes} from '../model/text/format.ts';
import {freeName} from '../model/domain/snapshot-name.ts';
import {
	descriptionField, mostTaken, nameByTime, problemOfName, takenNames, type Naming,
} from './names.ts';
import type {Change, Question, QuestionId} from './question.ts';
import type {OptionSpec, RawOptions} from './spec.ts';

/** Whether the memory of the guest goes with the state that is kept. */
export function keepsMemory(currentState: CurrentState): boolean {
	return currentState.kind === 'keep' && currentState.memory === true;
}

/** Nothing is lost by default: the current state is kept, "before-b1" beside the branch b1, else "kept-20261121-0200". */
export function defaultCurrentState(leaving: {branch?: string}, naming: Naming): CurrentState & {kind: 'keep'} {
	return {
		kind: 'keep',
		name: leaving.branch === undefined
			? nameByTime('kept', naming)
			: freeName(`before-${leaving.branch.slice(0, mostTaken)}`, new Set([...naming.taken, leaving.branch])),
	};
}

type CompletedCurrentState = {currentState: CurrentState; keepName: string; answered: QuestionId[]};

/** A name that cannot be taken is asked for again. */
export function completeCurrentState(given: CurrentState | undefined, leaving: {branch?: string}, naming: Naming): CompletedCurrentState {
	const proposed = defaultCurrentState(leaving, naming);
	const isAnswered = given !== undefined && (given.kind === 'discard' || problemOfName(given.name, naming.taken) === undefined);
	return {currentState: given ?? proposed, keepName: given?.kind === 'keep' ? given.name : proposed.name, answered: isAnswered ? ['current-state'] : []};
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

/** What was typed for the state that is kept. */
export function keptDescription(currentState: CurrentState): string | undefined {
	return currentState.kind === 'keep' ? currentState.description : undefined;
}

export function describeCurrentState(currentState: CurrentState): string {
	return currentState.kind === 'keep' ? `keeping the current state as "${currentState.name}"${keepsMemory(currentState) ? ', with its memory' : ''}` : 'discarding the current state';
}

/** "Everything written since s3 (3.6 GiB)": the snapshot and the size only where the disks write to overlays on what the current snapshot froze. */
function describeWritten(details: DomainDetails | undefined): string {
	const current = details?.snapshots.find(({name}) => name === details.currentSnapshot);
	const heads = details === undefined ? [] : headDisks(details.domain).map(({target, sourcePath}) => ({target, image: details.images.find(({path}) => path === sourcePath)}));
	const written = heads.filter(({target, image}) => image?.backingPath !== undefined && current !== undefined && frozenPath(current, target) === image.backingPath);
	return current === undefined || written.length === 0
		? 'Everything written since the last snapshot'
		: `Everything written since ${current.name} (${formatBytes(written.reduce((sum, {image}) => sum + image!.allocatedBytes, 0))})`;
}

type Asked = {
	details: DomainDetails | undefined;
	taken?: ReadonlySet<string>;
	/** Of the kept state, as far as it was typed. */
	description?: string;
	/** Why the memory cannot be kept. */
	whyNoMemory?: string;
};

/** The choice that loses least and takes no time stands first. `withCurrentState` gives the request with another answer. */
export function currentStateQuestion(keepName: string, asked: Asked, withCurrentState: (currentState: CurrentState) => Request): Question {
	const {details, taken = takenNames(details), description, whyNoMemory} = asked;
	const kept = (name: string, text: string | undefined): CurrentState & {kind: 'keep'} => ({kind: 'keep', name, ...(text !== undefined && {description: text})});
	const keep = (name: string): Change => ({keepName: name, request: withCurrentState(kept(name, description))});
	const edit = description === undefined ? 'Press e to change the name or to describe it.' : `Its description: "${description}". Press e to change it.`;
	const isRunning = details !== undefined && hasProcess(details.domain);
	return {
		id: 'current-state',
		word: 'Current state',
		heading: 'What should happen to the current state?',
		choices: [
			{
				id: 'keep',
				label: `Keep it as the snapshot "${keepName}"`,
				note: isRunning
					? `You can revert to its disks, as after a power failure; the guest's memory is lost. ${edit}`
					: `Nothing is lost: you can revert to it. ${edit}`,
				change: keep(keepName),
			},
			...(isRunning
				? [{
					id: 'keep-memory',
					label: `Keep it as the snapshot "${keepName}", with its memory`,
					reason: whyNoMemory,
					note: `Nothing is lost: reverting to it resumes exactly here. Takes up to ${formatBytes(details.domain.definition.memoryBytes)}, and the time to write that.`,
					change: {keepName, request: withCurrentState({...kept(keepName, description), memory: true})},
				}]
				: []),
			{
				id: 'discard',
				label: 'Discard it',
				note: `${describeWritten(details)} will be gone for good.`,
				change: {request: withCurrentState({kind: 'discard'})},
			},
		],
		text: {
			label: 'Keep it as the snapshot',
			value: keepName,
			problem: problemOfName(keepName, taken),
			change: keep,
			beside: descriptionField(description, text => ({keepName, request: withCurrentState(kept(keepName, text))})),
		},
	};
}
