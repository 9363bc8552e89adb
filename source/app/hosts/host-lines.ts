/**
How each host is, in the few words that stand beside its name.
*/
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {State} from '../state.ts';
import {healthOfHost} from '../doctor/health.ts';
import {runsOf} from '../run/jobs.ts';
import type {HostLine} from './host-line.ts';

/** The first line of why it does not answer. */
function reasonOf({domains: {failure}}: State): string | undefined {
	if (failure === undefined) {
		return undefined;
	}

	const said = failure.kind === 'host-unreachable' ? failure.cause.stderr : describeFailure(failure).message;
	return said.split('\n').map(line => line.replace(/^error: (?:failed to connect to the hypervisor)?/u, '').trim()).findLast(line => line !== '') ?? 'no answer';
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
	};
}
