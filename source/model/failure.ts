/**
Every way in which something can fail, as a value. The words for each kind stand in describe-failure.ts.
*/

/** Who does not let this user do it: the socket of libvirt's daemon, polkit as it connects, or libvirt's own access control (`access_drivers`) for a single call. */
export type Denial = {by: 'socket'; path: string} | {by: 'polkit'; action: string} | {by: 'access-control'};

/** A program that was run and did not do its work: everything that is needed to understand why. */
export type ToolFailure = {
	argv: string[];
	exitCode?: number;
	signal?: string;
	timedOut: boolean;
	stderr: string;
	durationMs: number;
	denial?: Denial;
};

/** One reason why a planner refuses. `remedy` says what the person can do about it. `needsRights`: a user with more rights would not be refused for it. */
export type Blocker = {
	needsRights?: true;
	kind:
		| 'chain-broken'
		| 'image-missing'
		| 'image-in-use'
		| 'image-needed'
		| 'image-changed'
		| 'no-space'
		| 'not-permitted'
		| 'not-a-file'
		| 'job-running'
		| 'managed-save'
		| 'memory-file'
		| 'memory-only'
		| 'name'
		| 'name-taken'
		| 'snapshot-lacks-domain'
		| 'transient'
		| 'unfinished-action'
		| 'checkpoint'
		| 'domain-state'
		| 'not-supported';
	text: string;
	remedy?: string;
	/** The image that is the cause, where one is. */
	image?: string;
};

/** `left`, in sentences: what is not as it was before, though everything was put back and reads the same. */
export type Failure =
	| {kind: 'usage'; message: string; hint?: string}
	| {kind: 'host-unreachable'; uri: string; cause: ToolFailure}
	| {kind: 'domain-not-found'; name: string; known: string[]}
	| {kind: 'snapshot-not-found'; domain: string; name: string; known: string[]}
	| {kind: 'checkpoint-not-found'; domain: string; name: string; known: string[]}
	| {kind: 'refused'; blockers: Blocker[]}
	| {kind: 'tool-failed'; cause: ToolFailure}
	/** QEMU refused the command or did not end it well. `class` is its own word, or `Cancelled`. */
	| {kind: 'qmp-failed'; command: string; class: string; description: string}
	/** Nothing can be asked there; `text` says why. `not-listening`: the domain is off. `no-answer` leaves open what became of the command. */
	| {kind: 'monitor-failed'; socketPath: string; reason: 'not-listening' | 'not-permitted' | 'not-qmp' | 'no-answer' | 'closed'; text: string}
	| {kind: 'unreadable'; what: string; reason: string}
	| {kind: 'busy'; what: string; holder?: string; remedy?: string}
	| {kind: 'host-changed'; changed: string[]}
	/** `left`: files that stay larger; `aftermath`: what else is not quite as before though everything was put back. In sentences. `hasJournal: false`: `recover` knows nothing of it. */
	| {kind: 'step-failed'; step: string; title: string; cause: Failure; rolledBack: boolean; notUndone: string[]; advice?: string; hasJournal?: false; left?: string[]; aftermath?: string[]}
	| {kind: 'not-proven'; findings: string[]; rolledBack: boolean; left?: string[]; aftermath?: string[]}
	/** Of an action on several domains: it failed on `domain`, so this one was not begun, or put back. */
	| {kind: 'other-failed'; domain: string; hasBegun: boolean; rolledBack: boolean; notUndone: string[]; left?: string[]; aftermath?: string[]}
	| {kind: 'interrupted'; signal: string; rolledBack: boolean; advice?: string; hasJournal?: false; left?: string[]; aftermath?: string[]}
	/** A file of ours that the way back does not remove. */
	| {kind: 'file-stays'; path: string; reason: string}
	/** Everything was undone, and something is not as it was. */
	| {kind: 'not-as-before'; findings: string[]; domain: string}
	/** Everything was put back, but the domain, which was on, could not be started again. */
	| {kind: 'put-back-but-off'; domain: string; cause: Failure; advice?: string}
	/** What was half done is put back; what was asked for could not be done anew, and is not forgotten. */
	| {kind: 'request-kept'; request: string; domain: string; cause: Failure}
	/** A program of the host, or a monitor, answered with something that is none of its answers. */
	| {kind: 'host-not-understood'; what: string; reason: string}
	| {kind: 'read-only'}
	/** The image files are on a machine where no file command of ours can run: nothing is looked at, planned or changed there. */
	| {kind: 'files-elsewhere'; text: string; remedy: string}
	| {kind: 'state-folder'; path: string; reason: string}
	/** Others could put something into the private folder: nothing in it is believed. */
	| {kind: 'state-folder-unsafe'; path: string; reason: string; remedy: string}
	| {kind: 'recovery-refused'; reason: string; remedy: string};
