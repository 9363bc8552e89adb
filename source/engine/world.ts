/**
What the engine works with: the host, what is kept of actions, and who acts.
*/
import type {Clock, Host, StateStore} from './ports.ts';

export type World = {
	host: Host;
	store: StateStore;
	clock: Clock;
	/** For the audit log: who acts, and from where (the client of an SSH session). */
	person: {user: string; from: string | undefined};
};
