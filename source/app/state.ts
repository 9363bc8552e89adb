/**
All that the screen knows. Things in progress are unions, selections are identities, nothing here is a row number except where a window begins.
*/
import type {DomainSummary} from '../model/domain/domain.ts';
import type {Failure} from '../model/failure.ts';
import type {DomainDetails, HostFacts} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import type {RanCommand} from '../model/plan/ran-command.ts';
import type {Copied, Outcome} from '../engine/ports.ts';
import type {Finding} from '../model/domain/finding.ts';
import type {Direction} from '../engine/run/progress.ts';
import type {Option} from '../actions/question.ts';
import type {BackedUpTo, Undo} from '../actions/spec.ts';
import type {HostLine} from './hosts/host-line.ts';
import type {Journey} from './journey/journey.ts';
import type {
	ActionStart, DiagnosisProgress, LeftAction, LoggedAction, ScreenStart, Settings, Undoable, VerbHelp,
} from './services.ts';

export type View = 'snapshots' | 'checkpoints' | 'images';
export const views: readonly View[] = ['snapshots', 'checkpoints', 'images'];

/** How the domains are sorted. */
export const sorts = ['name', 'state', 'health', 'snapshots'] as const;
export type Sort = typeof sorts[number];

/** Something read from the host: the last good value stays in sight while it is read again, and when that fails. */
export type Reading<T> = {
	value: T | undefined;
	failure: Failure | undefined;
	/** The question that is open, and since when; undefined when none is. */
	waiting: {number: number; sinceMs: number} | undefined;
};

/** One list with a cursor: what is selected, and the first row in sight. */
type Cursor = {id: string | undefined; top: number};

type Filter = {text: string; isTyping: boolean};

/** What is looked for in the list or text in sight. */
export type Find = {
	text: string;
	isTyping: boolean;
	/** Where: elsewhere nothing of it is shown. */
	place: string;
	/** The row, or the first line in sight, from which it began. */
	origin: number;
	/** Of a text: the line of the hit that was gone to. */
	line: number | undefined;
};

/** A line in the words of the command line, as it is typed. */
export type CommandLine = {
	text: string;
	/** Why it is not understood. */
	problem: string | undefined;
	/** The open question what it comes to. */
	asked: number | undefined;
	/** So many lines back in the history; `typed`: what stood here before. */
	back: number;
	typed: string;
	/** What the last word may become, one after the other. */
	cycle: {candidates: readonly string[]; index: number} | undefined;
};

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'undone' | 'left-out';

/** A plan at work, ours or one that is recovered. */
export type Run = {
	plan: Plan;
	kind: 'execute' | Direction;
	/** The plans of all domains of one action, where there are several. */
	group?: readonly string[];
	/** Where it was started from. */
	journey: Journey | undefined;
	/** What takes it back once it is done, as far as that was known at the start. */
	undo: Undo | undefined;
	startedMs: number;
	steps: Record<string, StepState>;
	current: string | undefined;
	/** How far the current step has come, where it copies. */
	copied: Copied | undefined;
	/** When copying began, and what earlier runs had copied by then: tells how fast it is. */
	copying: {sinceMs: number; fromBytes: number} | undefined;
	/** When the current step began. */
	sinceMs: number;
	/** `looking`: before the first step, at the host or at how far an earlier run got. */
	activity: 'looking' | 'working' | 'proving' | 'rolling-back';
	/** The person was asked whether to stop, or has said so. */
	stop: 'no' | 'asking' | 'asked';
	/** What has run so far, the last one at the end. */
	commands: readonly RanCommand[];
	/** Why the audit log does not tell of it. */
	notLogged: Failure | undefined;
};

/** A run that is over. `isSeen`: its result was in sight, or is no more than that it is done. */
export type Ended = {run: Run; outcome: Outcome; endedMs: number; isSeen: boolean};

/** What is looked for, and what was found. */
export type Diagnosis = {
	/** Undefined: all domains of the host. */
	uuid: string | undefined;
	/** What is looked at, for people. */
	name: string | undefined;
	/** Several domains. */
	uuids?: readonly string[];
	findings: Reading<Finding[]>;
	progress: DiagnosisProgress | undefined;
	/** The selected finding. */
	index: number;
};

/**
What the doctor found without being asked. `found`: by domain; one that is missing was not looked at since it changed. `due`: what is to be looked at; `host`: all of it.
*/
export type Health = {
	/** Not before the settings are known. */
	isOn: boolean;
	found: Readonly<Record<string, readonly Finding[]>>;
	/** What concerns no domain. */
	ofHost: readonly Finding[];
	due: {uuids: readonly string[]; host: boolean};
	/** The look that is under way (`uuid` undefined: at the host), and what changed meanwhile. */
	looking: {number: number; uuid: string | undefined; changed: ReadonlySet<string>} | undefined;
	/** The pause before the next look. */
	pausing: number | undefined;
};

export const noHealth: Health = {
	isOn: false, found: {}, ofHost: [], due: {uuids: [], host: false}, looking: undefined, pausing: undefined,
};

/** What could be done with snapshots of one domain: those that the cursor has rested on. `asked`: the one that is planned for. */
export type Forecast = {
	uuid: string;
	asked: string | undefined;
	number: number;
	/** By snapshot; `plans`: by verb, as far as they are made. `isWhole`: all of them are. */
	known: Readonly<Record<string, {isWhole: boolean; plans: Readonly<Record<string, Result<Pick<Plan, 'space' | 'time'>>>>}>>;
};

/** What asked for it: the start or the end of a run, the key, a finding. */
type RecoverOrigin = 'run' | 'key' | 'doctor';

export type Scene =
	| {kind: 'browse'}
	| {kind: 'menu'; index: number; options: Option[]; title: string}
	| {kind: 'help'; top: number}
	| {kind: 'details'; top: number}
	/** What was wanted cannot be done, and nothing was asked. */
	| {kind: 'journey'; journey: Journey}
	/** One of the runs, as a page. */
	| {kind: 'running'; planId: string}
	| {kind: 'ended'; run: Run; outcome: Outcome; top: number}
	/** What became of each of several domains. */
	| {kind: 'group-ended'; ends: readonly Ended[]; top: number}
	/** `isGivingUp`: it is asked whether to give the first of them up for good. */
	| {kind: 'recover'; actions: LeftAction[]; index: number; top: number; origin: RecoverOrigin; isGivingUp?: true}
	| {kind: 'undo'; index: number}
	/** Without a plan: of the last actions. Without an index: the last one has the cursor. `from`: where Escape leads back to. */
	| {kind: 'log'; planId: string | undefined; index: number | undefined; from: Scene}
	/** `isWhole`: the selected finding alone, with all its words. */
	| {kind: 'doctor'; isWhole: boolean; top: number}
	| {kind: 'leaving'};

export type State = {
	columns: number;
	rows: number;
	nowMs: number;
	/** Which colours are wanted; `auto`: those for the background. */
	theme: Settings['theme'];
	/** As the terminal tells; dark where it does not. */
	background: 'dark' | 'light';
	isReadOnly: boolean;
	/** Numbered choices, everything in sight: for screen readers and terminals that cannot be painted. */
	isLinear: boolean;
	host: Reading<HostFacts>;
	domains: Reading<DomainSummary[]>;
	/** How all hosts on this screen are, this one among them; empty where it is the only one. */
	hosts: {all: readonly HostLine[]; own: number};
	/** Snapshots per domain, for those that were in sight. */
	counts: Readonly<Record<string, number>>;
	/** What was interrupted on this host, as far as it is known. */
	left: LeftAction[];
	/** The last question for it; `opens`: its page is to come with the answer, that of this domain first. */
	leftAsked: {number: number; opens: {origin: RecoverOrigin; uuid: string | undefined} | undefined};
	/** Asked or known: each is asked once, until the list is read again. */
	countsAsked: ReadonlySet<string>;
	allDetails: Readonly<Record<string, Reading<DomainDetails>>>;
	filter: Filter;
	find: Find | undefined;
	sort: Sort;
	commandLine: CommandLine | undefined;
	/** The last one at the end. */
	commandHistory: readonly string[];
	/** Undefined: not asked for yet. */
	verbs: readonly VerbHelp[] | undefined;
	/** For one action on all of them: domains by UUID, snapshots of the selected domain by name. */
	marks: {domains: ReadonlySet<string>; snapshots: ReadonlySet<string>};
	pane: 'domains' | 'tree';
	view: View;
	domainCursor: Cursor;
	cursors: Record<View, Cursor>;
	folded: Record<View, ReadonlySet<string>>;
	scene: Scene;
	/** Where domains of this host were backed up to, the oldest first. */
	backedUpTo: readonly BackedUpTo[];
	health: Health;
	forecast: Forecast | undefined;
	/** The last one, so that a repaired finding leads back to the rest. */
	diagnosis: Diagnosis | undefined;
	/** One sentence above the keys, until the next key. */
	notice: string | undefined;
	/** What is still to be opened from the command line. */
	start: ScreenStart | undefined;
	/** The action that the command line asked for: the exit code tells of it. */
	startedWith: ActionStart['kind'] | undefined;
	lastOutcome: Outcome | undefined;
	/** What is at work, by plan, in the order in which it was started. On one domain there is one at a time. */
	runs: Readonly<Record<string, Run>>;
	/** What has ended since the screen was opened, the last one at the end. */
	ended: readonly Ended[];
	/** Leave when nothing is at work: a signal came, or a person chose to wait for it. */
	quitWhenDone: {signal?: string; exitCode?: number} | undefined;
	/** What was done here, and how it can be taken back. */
	undo: Reading<Undoable[]>;
	/** What ran for the last actions. */
	log: Reading<LoggedAction[]>;
	/** What the terminal is told of runs. */
	tells: Pick<Settings, 'bell' | 'title' | 'notify'>;
	isTicking: boolean;
	/** The host stirred while it was being read: read it once more. */
	isStale: boolean;
	nextNumber: number;
	pollNumber: number;
};

type StartFacts = {
	columns: number; rows: number; nowMs: number; isReadOnly: boolean; isLinear: boolean; start: ScreenStart;
};

export function initialState(facts: StartFacts): State {
	const reading = {value: undefined, failure: undefined, waiting: undefined};
	const cursor = {id: undefined, top: 0};
	return {
		columns: facts.columns,
		rows: facts.rows,
		nowMs: facts.nowMs,
		theme: 'auto',
		background: 'dark',
		isReadOnly: facts.isReadOnly,
		isLinear: facts.isLinear,
		host: reading,
		domains: reading,
		hosts: {all: [], own: 0},
		counts: {},
		left: [],
		leftAsked: {number: 0, opens: undefined},
		countsAsked: new Set(),
		allDetails: {},
		filter: {text: '', isTyping: false},
		find: undefined,
		sort: 'name',
		commandLine: undefined,
		commandHistory: [],
		verbs: undefined,
		marks: {domains: new Set(), snapshots: new Set()},
		pane: facts.start.domain === undefined ? 'domains' : 'tree',
		view: 'snapshots',
		domainCursor: cursor,
		cursors: {snapshots: cursor, checkpoints: cursor, images: cursor},
		folded: {snapshots: new Set(), checkpoints: new Set(), images: new Set()},
		scene: {kind: 'browse'},
		backedUpTo: [],
		health: noHealth,
		forecast: undefined,
		diagnosis: undefined,
		notice: undefined,
		start: facts.start,
		startedWith: facts.start.action?.kind,
		lastOutcome: undefined,
		runs: {},
		ended: [],
		undo: reading,
		log: reading,
		quitWhenDone: undefined,
		tells: {bell: false, title: false, notify: false},
		isTicking: false,
		isStale: false,
		nextNumber: 1,
		pollNumber: 0,
	};
}
