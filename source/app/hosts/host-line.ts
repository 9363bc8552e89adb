/**
One of several hosts, and the words on it.
*/
import type {DomainSummary} from '../../model/domain/domain.ts';

/** A domain of another host. */
export type ListedDomain = Pick<DomainSummary, 'uuid' | 'name' | 'state'> & {mark?: 'interrupted' | 'broken' | 'look-at' | 'job'};

/** `list`: the first of them by name. `state`: whether it has answered the last question. `domains`: how many it has; undefined while that is not known. `needing`: how many of them need somebody. */
export type HostLine = {name: string; state: 'connecting' | 'answers' | 'silent'; reason: string | undefined; domains: number | undefined; needing: number; atWork: number; isShown: boolean; list?: ListedDomain[]};

/** Beside its name. */
export function describeHost({state, reason, domains, needing, atWork}: HostLine): string {
	const about = [...(needing === 0 ? [] : [`${needing} need${needing === 1 ? 's' : ''} you`]), ...(atWork === 0 ? [] : [`${atWork} at work`])];
	const words = {connecting: 'connecting', answers: `${domains ?? 0} domain${domains === 1 ? '' : 's'}`, silent: `does not answer: ${reason ?? 'no answer'}`}[state];
	return [words, ...about].join(', ');
}

/** The machine, where the URI names one and no other host is called so. */
export function shortName(name: string, all: readonly HostLine[]): string {
	const machineOf = (uri: string) => /^[a-z+\d]+:\/\/(?:[^@/]+@)?(?<machine>[^/:?]+|\[[^\]]+\])/u.exec(uri)?.groups?.machine ?? uri;
	const machine = machineOf(name);
	return all.some(other => other.name !== name && machineOf(other.name) === machine) ? name : machine;
}
