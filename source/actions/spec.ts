/**
One action, all of it: what may be typed for it, what the screen asks, and its words; how it is planned stands in planners.ts. The command line, its help, the
keys, the menu, the questions and the audit log are fed from the registry of these.
*/
import type {Action, Request} from '../model/plan/request.ts';
import type {BackupFolder, DomainDetails, ElsewhereRequest} from '../model/domain/inventory.ts';
import type {Plan} from '../model/plan/plan.ts';
import type {Result} from '../model/result.ts';
import type {Field, Kept} from './question.ts';

export type ActionKind = Action['kind'];
type ActionOf<K extends ActionKind> = Extract<Action, {kind: K}>;
type RequestOf<K extends ActionKind> = Extract<Request, {kind: K}>;

/** A request as far as it was said, by the command line or by what is selected on the screen. */
export type GivenOf<K extends ActionKind> = {[P in K]: {kind: P} & Partial<Omit<RequestOf<P>, 'kind' | 'uuid'>>}[K];
export type Given = GivenOf<ActionKind>;

/** What defaults depend on. */
export type Facts = {details: DomainDetails; nowMs: number; backedUpTo?: readonly BackedUpTo[]};

/** Where a domain was backed up to. */
export type BackedUpTo = {domain: {uuid: string; name: string}; folder: string};

/** `answered`: the fields that need not be asked for. `kept`: how the current state would be kept, also where it is to be discarded. */
type Completed<K extends ActionKind> = {request: RequestOf<K>; answered: string[]; kept?: Kept};

/** What fields depend on, besides the request. */
export type Asked = {details: DomainDetails | undefined; kept: Kept | undefined; nowMs: number};

/** Options as commander gives them, by their long name in camel case. */
export type RawOptions = Readonly<Record<string, unknown>>;

export type OptionSpec = {
	/** As commander and the help write them: `--keep <name>`. */
	flags: string;
	summary: string;
	/** May be given more than once; its value is an array. */
	isRepeated?: true;
};

export type CliSpec<K extends ActionKind> = {
	/** Its verb and arguments; the first argument is the domain. */
	usage: string;
	summary: string;
	/** Two, as typed after the program's name. */
	examples: [string, string];
	options: OptionSpec[];
	/** Long options that exclude each other. */
	excludes: string[][];
	/** An option that names a file which says what other options leave open. `taken`: names of snapshots that are there. Fails with `usage`. */
	document?: {option: string; read(text: string, given: GivenOf<K>, taken: ReadonlySet<string>): Result<Given>};
	/** For several domains at once: what is then asked of each. Missing: it is for one alone. */
	together?(given: GivenOf<K>): GivenOf<K>;
	/** `words`: the arguments after the domain. `isAsked`: a person can still be asked. Fails with `usage`. */
	read(words: ReadonlyArray<string | undefined>, raw: RawOptions, isAsked: boolean): Result<GivenOf<K>>;
	/** What is typed for an action, for typed-for.ts. Missing: it takes more than words, as a document. */
	write?(action: ActionOf<K>): Typed;
};

/** `words`: the arguments after the domain. `leaves`: what is as it is without an option. */
export type Typed = {words: string[]; raw: RawOptions; leaves?: readonly string[]};

export type ScreenSpec = {
	key: string;
	/** In the menu. */
	label: string;
	/** In the menu of what it first has to be chosen from; missing: it is not offered there. */
	chooseLabel?: string;
	/** Before a reason, in a notice. */
	title: string;
	/** Said where the snapshot or checkpoint has still to be chosen. */
	choose: string;
	/** In the help, and in the last line; there the smaller rank stays longer. */
	help: string;
	short: string;
	rank: number;
	needs: 'domain' | 'snapshot' | 'checkpoint';
	/** Planned for the selected snapshot before it is asked for: what it frees, whether it is possible, or only why it is refused, is told beside it. */
	foretells?: 'space' | 'possible' | 'refusal';
	/** Its key is meant in the view of the checkpoints alone, where it takes the place of one that is about snapshots. */
	isOnlyAmongCheckpoints?: true;
	/** The tree of the snapshots is the same afterwards, so nobody is led there to see what has become of it. */
	leavesSnapshots?: true;
	/** What its pages say of the domain besides. */
	context?(details: DomainDetails): {word: string; text: string};
	/** Of snapshots that were marked one by one: all of them in one plan. */
	several?(names: readonly [string, ...string[]]): Given;
	/** Why it is not possible for this domain; undefined: it is. The planner may still refuse, with more knowledge. */
	unavailable?(details: DomainDetails): string | undefined;
};

/**
How a finished action is taken back: by another one, whose plan decides whether that is possible. `names`: what the action made and the other one needs, by which it is known
whether it is still there. `says`: in a few words. Or a clause that says why nothing takes it back.
*/
export type Undo = {given: Given; names?: {snapshot: string} | {checkpoint: string}; text: string} | {never: string};

export type ActionSpec<K extends ActionKind> = {
	kind: K;
	cli?: CliSpec<K>;
	screen?: ScreenSpec;
	/** The only place of defaults. A whole request stays as it is. */
	complete(given: GivenOf<K>, uuid: string, facts: Facts): Completed<K>;
	/** What the screen proposes where an answer is still open. */
	propose?(completed: Completed<K>, details: DomainDetails): RequestOf<K>;
	/** What can be answered, in the order of the page. */
	fields?(request: RequestOf<K>, asked: Asked): Field[];
	/** The folder of backups that it works with, absolute. */
	backupFolder?(request: GivenOf<K>): string | undefined;
	/** What it restores from that folder elsewhere; undefined: nothing. */
	restores?(request: GivenOf<K>, backups: BackupFolder): ElsewhereRequest | undefined;
	/** Images that it names by itself, absolute: they may lie where no record leads to, so they are read besides. */
	reads?(request: GivenOf<K>): string[];
	/** For several domains at once: what of the answers for one of them holds for the others, where each then takes its own defaults. `details`: of that one. */
	share?(request: RequestOf<K>, details: DomainDetails): GivenOf<K>;
	/** One for several that the doctor offers for one domain: their plans would stand in each other's way, as each changes what the next was made from. Missing: the first of them. */
	join?(requests: Array<RequestOf<K>>): RequestOf<K>;
	/** It takes the folder that the settings name for overlays of disks on no file. */
	laysOverlays?: true;
	/** The state of the domain afterwards is part of what is proven. */
	setsPower?: true;
	/** `details`: of the domain; before the action it is planned with, what it will be afterwards is not in them. */
	undo(action: ActionOf<K>, details: DomainDetails): Undo;
	/** What recovery plans once more; missing: the same action. */
	again?(action: ActionOf<K>, plan: Plan): ActionOf<K>;
	words: {
		/** For headings: "Revert web to s1". */
		title(action: ActionOf<K>): string;
		/** Behind "the", for sentences on what was interrupted. */
		noun(action: ActionOf<K>): string;
		/** For the audit log and for whoever waits for the lock. */
		log(action: ActionOf<K>): string;
		/** One sentence on what is true when it is done. */
		done(action: ActionOf<K>): string;
	};
};

/** For actions that only the doctor offers: it leaves nothing open. */
export function wholeRequest<K extends ActionKind>(given: GivenOf<K>, uuid: string): Completed<K> {
	return {request: {...given, uuid} as unknown as RequestOf<K>, answered: []};
}
