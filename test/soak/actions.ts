/**
Random actions of the program, each with what the domain must hold after it.
*/
import type {Random} from '../helpers/random.ts';
import type {Digests} from '../lab/snapshots.ts';
import {withDescendants, type Estate} from './estate.ts';

export type SoakAction = {
	/** Verb, operands and options, without those that every run gets. */
	argv: (domainName: string) => string[];
	after: {head: Digests; snapshots: Map<string, Digests>};
};

const mostSnapshots = 6;

export function create(estate: Estate, random: Random, name: string): SoakAction {
	const kind = random.pick([['--disk-only'], ['--disk-only'], [], ['--memory', 'external']]);
	return {
		argv: domainName => ['create', ...kind, '--', domainName, name],
		after: {head: estate.head, snapshots: new Map([...estate.snapshots, [name, estate.head]])},
	};
}

/** Keeps what is there in most cases: losing it is quicker tested. */
function fateOf(random: Random, name: string): {argv: string[]; kept: string | undefined} {
	return random.oneIn(3) ? {argv: ['--discard'], kept: undefined} : {argv: ['--keep', `k-${name}`], kept: `k-${name}`};
}

export function leave(estate: Estate, random: Random, given: {to: string; name: string; isBranch: boolean}): SoakAction {
	const {to, name, isBranch} = given;
	const currentState = fateOf(random, name);
	const endState = random.pick([[], ['--running'], ['--shutoff'], ['--paused']]);
	const content = {...estate.head, ...estate.snapshots.get(to)};
	return {
		argv: domainName => [isBranch ? 'branch' : 'revert', ...currentState.argv, ...endState, '--', domainName, to, ...(isBranch ? [name] : [])],
		after: {
			head: content,
			snapshots: new Map([
				...estate.snapshots,
				...(currentState.kept === undefined ? [] : [[currentState.kept, estate.head] as const]),
				...(isBranch ? [[name, content] as const] : []),
			]),
		},
	};
}

export function drop(estate: Estate, random: Random, name: string): SoakAction {
	const [verb, scope] = random.pick([['delete', []], ['merge', []], ['delete', ['--children']], ['delete', ['--children-only']]] as const);
	const all = withDescendants(estate, name);
	const gone = scope.length === 0 ? [name] : (scope[0] === '--children' ? all : all.slice(1));
	return {
		argv: domainName => [verb, ...scope, '--', domainName, name],
		after: {head: estate.head, snapshots: new Map([...estate.snapshots].filter(([other]) => !gone.includes(other)))},
	};
}

/** `name`: a new one, where the action makes a snapshot. */
export function randomAction(estate: Estate, random: Random, name: string): SoakAction {
	const names = [...estate.snapshots.keys()];
	if (names.length === 0 || (names.length < mostSnapshots && random.oneIn(3))) {
		return create(estate, random, name);
	}

	const to = random.pick(names);
	return names.length > mostSnapshots || random.oneIn(2)
		? drop(estate, random, to)
		: leave(estate, random, {to, name, isBranch: random.oneIn(3)});
}
