/**
What a person asks for.
*/

/** What becomes of the present state when it is left. */
export type Fate = {kind: 'discard'} | {kind: 'keep'; name: string};

export type EndState = 'running' | 'paused' | 'shutoff';

export type RevertAction = {
	kind: 'revert';
	domain: {uuid: string; name: string};
	snapshot: string;
	fate: Fate;
	/** Undefined: the state that the snapshot was taken in, as libvirt does (a disk-only snapshot ends shut off). */
	endState: EndState | undefined;
};

export type Action = RevertAction;
