/**
What the screen is given to work with. cli.ts makes it; everything that the screen knows and does goes through here.
*/
import type {ScreenKind} from '../actions/registry.ts';
import type {BackedUpTo, GivenOf} from '../actions/spec.ts';
import type {Request} from '../model/plan/request.ts';
import type {Finding} from '../model/domain/finding.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import type {GroupServices} from '../engine/group/group-services.ts';
import type {LoggedAction} from '../engine/history.ts';
import type {Undoable} from '../engine/undo.ts';
import type {Direction} from '../engine/run/progress.ts';
import type {LeftBehind} from '../engine/recover/left-behind.ts';
import type {
	Clock, Outcome, Host, RunEvent,
} from '../engine/ports.ts';
import type {Other} from './journey/group.ts';

/** How far a diagnosis has come, in domains. */
export type DiagnosisProgress = {done: number; total: number; domain: string};

/**
`checks`: the doctor looks by itself. `theme`: `auto`: as the terminal says of its background. When an action ends, `bell` rings and `notify` has the terminal show a
notification; `title`: the window's title tells how far it is.
*/
export type Settings = {checks: boolean; theme: 'auto' | 'dark' | 'light' | 'mono'; mouse: boolean; sort: 'name' | 'state' | 'health' | 'snapshots'; bell: boolean; title: boolean; notify: boolean};

export type AppServices = GroupServices & {
	host: Host;
	/** Reads the inventory and plans. Fails with `refused` and all blockers, or with what kept it from reading. */
	planAction(request: Request): Promise<Result<Plan>>;
	/** Plans each of these for one domain, to compare them. Ends early when it is aborted. */
	planEach(requests: readonly Request[], onPlan: (index: number, plan: Result<Plan>) => void, signal: AbortSignal): Promise<void>;
	/** Writes the plan, or those of several domains, as a shell script, to a file that must not be there yet. Gives its whole path. */
	saveScript(plans: readonly Plan[], path: string): Promise<Result<string>>;
	/** Runs a plan that a person has confirmed. An abort carries the name of the signal as its reason. */
	executePlan(plan: Plan, onEvent: (event: RunEvent) => void, interrupt: AbortSignal): Promise<Outcome>;
	/** What an earlier run left half-way. */
	readUnfinished(): Promise<Result<LeftBehind>>;
	/** What was done here, the newest first, and whether and how it can be taken back. */
	readUndo(signal: AbortSignal): Promise<Result<Undoable[]>>;
	/** What ran for the last actions, the newest last. */
	readLastCommands(): Promise<Result<LoggedAction[]>>;
	/** Where domains of this host were backed up to, the oldest first. Empty where that is not known. */
	readBackedUpTo(): Promise<BackedUpTo[]>;
	recover(planId: string, direction: Direction, onEvent: (event: RunEvent) => void): Promise<Outcome>;
	/** Looks for troubles of one domain, or of the whole host. Ends early, with what was found, when it is aborted. */
	diagnose(uuid: string | undefined, onProgress: (progress: DiagnosisProgress) => void, signal: AbortSignal): Promise<Result<Finding[]>>;
	/** The same without being asked for: one domain at a time, with pauses, so that nothing has to wait for it. */
	look(uuid: string | undefined, signal: AbortSignal): Promise<Result<Finding[]>>;
	/** What a person has set. Fails with `usage` where that is not understood. */
	readSettings(): Promise<Result<Settings>>;
	/** Hosts that a person has named in the settings, or worked on: URIs. */
	readKnownHosts(): Promise<string[]>;
	readVerbs(): VerbHelp[];
	/** The words of a command line. Fails with `usage`. */
	readCommand(words: string[]): Result<ScreenCommand>;
	/** How the program is called for this host, for commands that are shown; undefined: what it does there does not outlive it. */
	program: string | undefined;
	isReadOnly: boolean;
	clock: Clock;
};

/** One host, by its name on the command line. */
export type ScreenHost = {name: string; services: AppServices};

/** The hosts of a screen. `openHost`: one that a person chooses later. */
export type ScreenHosts = {hosts: readonly [ScreenHost, ...ScreenHost[]]; openHost: (name: string) => Promise<Result<ScreenHost>>};

/** An action with the answers that were given already, by the command line or by what is selected: what is missing is asked. Or the doctor. */
export type ActionStart = GivenOf<ScreenKind> | {kind: 'doctor'};

/** Where the screen opens: at a domain, or at an action. */
export type ScreenStart = {
	/** Name or UUID. */
	domain?: string;
	action?: ActionStart;
	/** It takes another action back: whoever leaves it is led back to the list of those. */
	isUndo?: true;
	/** The same for these as well. */
	others?: readonly Other[];
};

/** A verb of the command line, for its completion. */
export type VerbHelp = {
	/** "checkpoint create"; empty: the program itself. */
	words: string;
	/** In their order: "<domain>", "[name]". */
	arguments: string[];
	options: Array<{names: string[]; value: string | undefined; choices: readonly string[]}>;
};

/** What a line typed on the screen comes to. */
export type ScreenCommand = {kind: 'open'; start: ScreenStart} | {kind: 'list'} | {kind: 'recover'; domain: string | undefined};

export type {Copied, Outcome, RunEvent} from '../engine/ports.ts';
export type {LoggedAction} from '../engine/history.ts';
export type {Undoable} from '../engine/undo.ts';
export type {LeftAction, LeftBehind} from '../engine/recover/left-behind.ts';
