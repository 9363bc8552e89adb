/**
What the screen wants done, as data. `effects.ts` does it; tests compare it.
*/
import type {IfOneFails} from '../actions/group-words.ts';
import type {Direction} from '../engine/run/progress.ts';
import type {Request} from '../model/plan/request.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {AskedOfGroup} from './journey/group.ts';

export type Effect =
	| {kind: 'read-host'; number: number}
	| {kind: 'read-domains'; number: number}
	| {kind: 'read-known-hosts'}
	/** Show another host; it is opened where it is not. */
	/** `domain`: by its UUID, gets the cursor. */
	| {kind: 'go-to-host'; name: string; domain?: string}
	| {kind: 'read-counts'; uuids: string[]}
	| {kind: 'read-details'; number: number; uuid: string; withForeignPins: boolean}
	| {kind: 'read-unfinished'; number: number}
	| {kind: 'read-backed-up'}
	/** What is being read for the last question is given up. */
	| {kind: 'read-undo'; number: number}
	| {kind: 'stop-undo'}
	| {kind: 'read-log'; number: number}
	/** To the clipboard, where the terminal has one. */
	| {kind: 'copy'; text: string}
	| {kind: 'plan'; number: number; request: Request}
	/** For several domains at once. */
	| {kind: 'plan-group'; number: number; asked: AskedOfGroup}
	/** What each choice of a field would free; given up for the next of its kind. */
	| {kind: 'measure'; number: number; choices: Array<{id: string; request: Request}>}
	/** Send `foresee-due` with this number after the time. */
	| {kind: 'foresee-later'; number: number; afterMs: number}
	/** Plans each, unasked, for the selected snapshot; given up for the next. */
	| {kind: 'foresee'; number: number; choices: Array<{id: string; request: Request}>}
	| {kind: 'stop-foreseeing'}
	/** Written where nothing is yet. */
	| {kind: 'save-script'; plans: readonly Plan[]; path: string}
	| {kind: 'execute'; plan: Plan}
	| {kind: 'execute-group'; plans: readonly Plan[]; ifOneFails: IfOneFails}
	| {kind: 'recover'; planId: string; direction: Direction}
	/** Undefined: the whole host. A diagnosis that is under way is given up for it. `uuids`: several domains, one after the other. */
	| {kind: 'diagnose'; number: number; uuid: string | undefined; uuids?: readonly string[]}
	| {kind: 'stop-diagnosis'}
	| {kind: 'read-settings'}
	/** Let the terminal tell of the mouse, as long as it is taken. */
	| {kind: 'use-mouse'}
	/** For the completion of the command line. */
	| {kind: 'read-verbs'}
	| {kind: 'read-command'; number: number; words: string[]}
	/** The doctor, unasked: of one domain, or of all (undefined), and without haste. */
	| {kind: 'look'; number: number; uuid: string | undefined}
	| {kind: 'stop-look'}
	/** Send `look-due` with this number after the time. */
	| {kind: 'look-later'; number: number; afterMs: number}
	| {kind: 'interrupt'; planId: string; signal: string}
	/** Where the settings want it: that an action has ended. */
	| {kind: 'tell-end'; text: string; bell: boolean; notify: boolean}
	/** Send `ticked` in a second. */
	| {kind: 'tick-later'}
	/** Send `poll-due` with this number after the time. */
	| {kind: 'poll-later'; number: number; afterMs: number}
	/** Give the terminal back and stop the job, as Ctrl-Z does elsewhere. */
	| {kind: 'suspend'}
	/** Draw everything again. */
	| {kind: 'repaint'}
	| {kind: 'quit'; exitCode: number; signal?: string};
