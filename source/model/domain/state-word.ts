/**
The state of a domain in a word for people. JSON has libvirt's own.
*/
import type {DomainState} from './domain.ts';

const words: Record<DomainState, string> = {
	running: 'running', blocked: 'running', paused: 'paused', pmsuspended: 'asleep', shutdown: 'stopping', shutoff: 'off', crashed: 'crashed', nostate: 'unknown',
};

export const stateWord = (state: DomainState): string => words[state];
