/**
How each host is, in the few words that stand beside its name.
*/
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {State} from '../state.ts';
import {healthOfHost, markOf} from '../doctor/health.ts';
import type {DomainSummary} from '../../model/domain/domain.ts';
import {compareNames} from '../browse/rows.ts';
import {runsOf} from '../run/jobs.ts';
import type {HostLine, ListedDomain} from './host-line.ts';

/** The first line of why it does not answer. */
function reasonOf({domains: {failure}}: State): string | undefined {
	if (failure === undefined) {
		return undefined;
	}

	const output = failure.kind === 'host-unreachable' ? failure.cause.stderr : describeFailure(failure).message;
	return output.split('\n').map(line => line.replace(/^error: (?:failed to connect to the hypervisor)?/u, '').trim()).findLast(line => line !== '') ?? 'no answer';
}

/** More than a screen has rows. */
const mostListed = 60;

/** By the list as it was read: it is asked for after every key. */
const sorted = new WeakMap<readonly DomainSummary[], DomainSummary[]>();

function listOf(state: State): ListedDomain[] {
	const domains = state.domains.value ?? [];
	const first = sorted.get(domains) ?? [...domains].sort((a, b) => compareNames(a.name, b.name)).slice(0, mostListed);
	sorted.set(domains, first);
	return first.map(({uuid, name, state: power}) => {
		const mark = markOf(state, uuid);
		return {uuid, name, state: power, ...(mark !== undefined && {mark})};
	});
}

export function hostLineOf(name: string, state: State, isShown: boolean): HostLine {
	const {domains} = state;
	return {
		name,
		state: domains.failure === undefined ? (domains.value === undefined ? 'connecting' : 'answers') : 'silent',
		reason: reasonOf(state),
		domains: domains.value?.length,
		needing: state.health.isOn ? healthOfHost(state).needing : 0,
		atWork: runsOf(state).length,
		isShown,
		list: listOf(state),
	};
}
