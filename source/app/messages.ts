/**
Everything that can happen to the screen, as data: keys, resizes, answers of effects, events of a run.
*/
import type {BackedUpTo} from '../actions/spec.ts';
import type {DomainSummary} from '../model/domain/domain.ts';
import type {Finding} from '../model/domain/finding.ts';
import type {DomainDetails, HostFacts} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import type {Outcome, RunEvent} from '../engine/ports.ts';
import type {
	DiagnosisProgress, LeftBehind, LoggedAction, ScreenCommand, Settings, Undoable, VerbHelp,
} from './services.ts';
import type {HostLine} from './hosts/host-line.ts';
import type {View} from './state.ts';

export type KeyName =
	| 'up' | 'down' | 'left' | 'right' | 'page-up' | 'page-down' | 'home' | 'end'
	| 'enter' | 'escape' | 'tab' | 'back-tab' | 'backspace' | 'delete'
	| 'ctrl-c' | 'ctrl-d' | 'ctrl-l' | 'ctrl-u' | 'ctrl-w' | 'ctrl-z' | 'focus';

/**
One key press. `character` is one printable character; `paste` is text that the terminal marked as pasted. `isAlone` is false for an Enter that came
in one clump with text: it may be part of a paste, so it never confirms.
*/
export type Key =
	| {name: Exclude<KeyName, 'enter'>}
	| {name: 'enter'; isAlone: boolean}
	/** Cells from 0 on; a press of the left button. */
	| {name: 'mouse'; action: 'press' | 'wheel-up' | 'wheel-down'; column: number; row: number}
	| {name: 'character'; text: string}
	| {name: 'paste'; text: string};

export type Message =
	| {kind: 'started'}
	| {kind: 'key'; key: Key}
	| {kind: 'resized'; columns: number; rows: number}
	/** A second has passed while something waits. */
	| {kind: 'ticked'}
	| {kind: 'host-read'; number: number; result: Result<HostFacts>}
	/** How all hosts on the screen are; `own`: which of them is told. */
	| {kind: 'hosts-told'; hosts: readonly HostLine[]; own: number}
	/** A sentence above the keys. */
	| {kind: 'noted'; text: string}
	| {kind: 'known-hosts-read'; known: readonly string[]}
	| {kind: 'domains-read'; number: number; result: Result<DomainSummary[]>}
	| {kind: 'counts-read'; uuids: string[]; result: Result<Map<string, number>>}
	| {kind: 'details-read'; number: number; uuid: string; result: Result<DomainDetails>}
	| {kind: 'poll-due'; number: number}
	/** The host says that a domain changed its state or definition; without a name, that any may have. */
	| {kind: 'host-changed'; domain?: string}
	/** The terminal told its background. */
	| {kind: 'background-told'; background: 'dark' | 'light'}
	| {kind: 'verbs-read'; verbs: VerbHelp[]}
	| {kind: 'command-read'; number: number; result: Result<ScreenCommand>}
	| {kind: 'settings-read'; result: Result<Settings>}
	/** The doctor has looked by itself; and may look again. */
	| {kind: 'looked'; number: number; result: Result<Finding[]>}
	| {kind: 'look-due'; number: number}
	| {kind: 'unfinished-read'; number: number; result: Result<LeftBehind>}
	| {kind: 'undo-read'; number: number; result: Result<Undoable[]>}
	| {kind: 'log-read'; number: number; result: Result<LoggedAction[]>}
	| {kind: 'backed-up-read'; backedUpTo: BackedUpTo[]}
	/** `plans`: where it is for several domains, all of them. */
	| {kind: 'planned'; number: number; result: Result<Plan>; plans?: Plan[]}
	/** The plan of one choice of a field. */
	| {kind: 'measured'; number: number; id: string; result: Result<Plan>}
	| {kind: 'foresee-due'; number: number}
	/** The plan of one verb for the selected snapshot; without one: that was all. */
	| {kind: 'foreseen'; number: number; id: string | undefined; result: Result<Plan> | undefined}
	/** The path as it was asked for, and the file as it is. */
	| {kind: 'script-saved'; path: string; result: Result<string>}
	| {kind: 'diagnosing'; number: number; progress: DiagnosisProgress}
	| {kind: 'diagnosed'; number: number; result: Result<Finding[]>}
	| {kind: 'run-event'; planId: string; event: RunEvent}
	| {kind: 'run-ended'; planId: string; outcome: Outcome}
	| {kind: 'group-ended'; ends: Array<{planId: string; outcome: Outcome}>}
	/** Somebody wants the program to end: SIGINT, SIGTERM, SIGHUP (also: the terminal is gone). */
	| {kind: 'signalled'; signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'}
	/** The cursor comes from the list of another host. */
	| {kind: 'domain-entered'; uuid: string}
	/** Direct choices of the linear mode, where nothing is moved by arrows. */
	| {kind: 'domain-chosen'; uuid: string}
	| {kind: 'row-chosen'; view: View; id: string}
	| {kind: 'view-chosen'; view: View}
	| {kind: 'option-chosen'; index: number};
