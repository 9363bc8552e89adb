/**
What the engine needs from the world. Hosts and tools implement these; cli.ts hands them in.
*/
import type {ImageUser} from '../model/images/image-users.ts';
import type {Examination, PointVerdict} from '../model/backup/verdict.ts';
import type {Command, Plan, Probe} from '../model/plan/plan.ts';
import type {RanCommand} from '../model/plan/ran-command.ts';
import type {Action} from '../model/plan/request.ts';
import type {Progress} from '../model/plan/progress.ts';
import type {DomainSummary} from '../model/domain/domain.ts';
import type {ImageRun} from '../model/images/copy-cost.ts';
import type {Image} from '../model/images/image.ts';
import type {
	BackupFolder, DomainDetails, FileOwnership, FolderFacts, HostFacts, Inventory, MemoryFileFacts, QemuUser,
} from '../model/domain/inventory.ts';
import type {Claim, FoundClaim} from '../model/plan/claim.ts';
import type {Failure} from '../model/failure.ts';
import type {JournalTrouble} from '../model/plan/journal-trouble.ts';
import type {Result} from '../model/result.ts';

export type RunOutput = {stdout: string; stderr: string; durationMs: number};

export type RunOptions = {
	timeoutMs?: number;
	/** Just before a guest is told to go over to a copy; where this fails it is not. */
	onPivot?: () => Promise<Result<void>>;
	/** Aborted: the program is ended in the midst. */
	signal?: AbortSignal;
};

/** Bytes that are done, of all that there are. */
export type Copied = {doneBytes: number; totalBytes: number};

/** A file that is not where it should be, and its format as far as it is recorded. */
export type LostFile = {path: string; format: string | undefined};

/** A file as it was at one moment: any write to it changes the stamp, and so does another file under its name. */
export type FileStamp = {path: string; inode: string; sizeBytes: number; modifiedAt: string; allocatedBytes: number; /** Hard links. */ hasOtherNames?: true};

export type SurroundingsRequest = {
	folders: string[];
	/** Images that are known already, under whatever name: they are not read again. */
	known: Array<{path: string; inode: string | undefined}>;
	memoryPaths: string[];
	/** Folders of which only the names are wanted: no image of them is read. */
	namesIn: string[];
	lost: LostFile[];
};

export type Surroundings = {
	/** Those that could be looked at. */
	folders: Map<string, FolderFacts>;
	/** The other qcow2 images of the folders, with the facts of their files. */
	others: Image[];
	/** By the path of a lost file: whole images of the same name elsewhere. */
	found: Map<string, Image[]>;
	memoryFiles: Map<string, MemoryFileFacts>;
	/** Undefined: not known, or nobody changes owners there. */
	fileOwnership?: FileOwnership;
};

/** Marks of actions under way that all users of a host see. */
export type Claims = {
	/** Undefined: nobody is at work on this domain, or stopped half-way. */
	read(domainUuid: string): Promise<Result<FoundClaim | undefined>>;
	readAll(): Promise<Result<FoundClaim[]>>;
	/** Marks the domain, or gives the mark of another action that is there. The same action may take it again. Where it is taken from is filled in. */
	take(claim: Claim): Promise<Result<FoundClaim | undefined>>;
	/** Takes away the mark of this action. */
	release(planId: string): Promise<Result<void>>;
	/** Takes away a mark that was found: for who knows that its action will never be finished. */
	clear(found: FoundClaim): Promise<Result<void>>;
};

/** A host and its domains. All reading of the world goes through here, and so does every command of a plan. */
export type Host = {
	readHost(): Promise<Result<HostFacts>>;
	readDomains(): Promise<Result<DomainSummary[]>>;
	/** How many snapshots each of these domains has; those that cannot be asked are left out. */
	readSnapshotCounts(uuids: string[]): Promise<Result<Map<string, number>>>;
	/** `withForeignPins` reads the disks of every other domain as well; `withoutImages` only what is on record, and no file; `withoutSizes` not how much each checkpoint records. */
	readDetails(uuid: string, options: {withForeignPins: boolean; withoutImages?: boolean; withoutSizes?: boolean}): Promise<Result<DomainDetails>>;
	/**
	Everything for planning: secrets in the XML, all pins of the host, folders, locks, memory files. `alsoPaths`: files that the request names (`readsOf`), there
	or not: their folders are looked at, and those that are images are read with their chains and locks.
	*/
	readInventory(uuid: string, alsoPaths?: readonly string[]): Promise<Result<Inventory>>;
	/** The persistent definition with its secrets, as it is at this moment. Missing: nobody but us writes it. */
	readDefinition?(uuid: string): Promise<Result<string>>;
	/** How much data these runs of images hold, by `runKey`; those that cannot be measured are left out. Never fails: a plan can do without. */
	readDataSizes(runs: readonly ImageRun[], images: readonly Image[]): Promise<Map<string, number>>;
	/** The backups in a folder of the host. `user`: who is to enter it. Fails where it cannot be looked at. */
	readBackups(path: string, user?: QemuUser): Promise<Result<BackupFolder>>;
	/** Whether points of that folder are whole. Fails only where the host cannot be asked. */
	examineBackups(path: string, examination: Examination): Promise<Result<PointVerdict[]>>;
	/** Fails where it cannot be looked at. */
	readFolder(path: string): Promise<Result<FolderFacts>>;
	/** What lies around the images of one or many domains, for the doctor. */
	readSurroundings(request: SurroundingsRequest): Promise<Result<Surroundings>>;
	observe(probe: Probe): Promise<Result<boolean>>;
	/** Whatever uses an image at this moment: definitions, records, headers of images in its folder, open files. Empty: nobody. */
	readImageUsers(path: string): Promise<Result<ImageUser[]>>;
	/** Those that are there; a link is not followed. Fails only where the host cannot be asked. */
	readFileStamps(paths: readonly string[]): Promise<Result<FileStamp[]>>;
	/** Files that are complete: their checksums will be wanted, and are made meanwhile, until the signal aborts. Missing: they are made when they are wanted. */
	measureAhead?(paths: readonly string[], signal: AbortSignal): void;
	run(command: Command, options?: RunOptions): Promise<Result<RunOutput>>;
	/** How far a step at work has come, in bytes; undefined: not known at this moment. Never fails: progress is not worth a step. */
	readProgress(progress: Progress): Promise<Copied | undefined>;
	/** Calls back when a domain changed its state or was defined or undefined by anybody, with its name; without one, when any may have. Gives the function that ends it. */
	watch(listener: (domain?: string) => void): () => void;
	/** Missing: nobody but this user can work on these domains. */
	claims?: Claims;
	/** For who is about to ask: what will answer is started meanwhile. Missing: nothing needs to be. */
	begin?(): void;
	close(): Promise<void>;
};

export type JournalRecord =
	| {at: string; kind: 'plan'; plan: Plan; pid: number}
	| {at: string; kind: 'begin'; step: string}
	/** From here on it may be on the image that it goes over to. */
	| {at: string; kind: 'pivoting'; step: string}
	/** `stamps`: of the files that the step made and that its undo, or that of another step, removes, and of those whose content it took over. `definition`: a digest of what it wrote, as libvirt tells it. */
	| {at: string; kind: 'done'; step: string; stamps?: FileStamp[]; definition?: string}
	| {at: string; kind: 'failed'; step: string; failure: Failure}
	| {at: string; kind: 'rolling-back'}
	| {at: string; kind: 'undone'; step: string}
	/** An undo has written what these files held into the images below them. */
	| {at: string; kind: 'merged'; stamps: FileStamp[]}
	| {at: string; kind: 'finished'; outcome: 'done' | 'rolled-back'};

/** Append-only; `append` gives back only when the record is on disk. */
export type Journal = {
	append(record: JournalRecord): Promise<Result<void>>;
};

export type UnfinishedAction = {
	plan: Plan;
	records: JournalRecord[];
	/** What is wrong with its journal: records are missing, so of no step it is known whether it happened. */
	damage?: string;
};

/** The audit log, without those of its lines that cannot be read. */
export type AuditLog = {entries: AuditEntry[]; damagedLines: number};

export type AuditEntry = {
	/** Of the plan, for its commands; missing in entries of older versions. */
	id?: string;
	/** When it was planned; missing as its name is. */
	plannedAt?: string;
	/** Of one that was recovered: what was asked for is done. */
	isFinished?: boolean;
	/** What was asked for, without secrets: how it can be taken back depends on it. Missing in entries of older versions, and for work in a folder of backups. */
	request?: Action;
	at: string;
	user: string;
	from: string | undefined;
	uri: string;
	domain: {uuid: string; name: string};
	/** The domains for which the same was done in one action. */
	others?: Array<{uuid: string; name: string}>;
	action: string;
	outcome: 'done' | 'rolled-back' | 'half-way' | 'recovered' | 'given-up';
	detail: string | undefined;
	durationMs: number;
};

export type Lock = {
	/** What changes something in it holds this lock as well until it has ended, and none of another domain. */
	during<T>(act: () => Promise<T>): Promise<T>;
	release(): Promise<void>;
};

/** The private folder of this user: journals, audit log, locks. */
export type StateStore = {
	/** Where the XML files of an action are put; absolute, private. */
	workPath(planId: string): string;
	openJournal(plan: Plan): Promise<Result<Journal>>;
	/** To go on with a journal that is there: fails where it has gone. A last line that a crash cut off is removed first. */
	reopenJournal(planId: string): Promise<Result<Journal>>;
	/** Also those that another process works on at this moment: only under the lock of its domain an action is known to be unfinished. */
	readUnfinished(): Promise<Result<UnfinishedAction[]>>;
	/** The same for one action; undefined where it is over. */
	readUnfinishedPlan(planId: string): Promise<Result<UnfinishedAction | undefined>>;
	/** What else is in the folder of the journals, or was. It stands in nobody's way. */
	readJournalTroubles(): Promise<Result<JournalTrouble[]>>;
	/** Whether some process works on this domain now. */
	isDomainLocked(uuid: string): Promise<boolean>;
	/** Keeps a copy of these records, which hold no secrets, for people; the journal stays. Gives its path. */
	archiveJournal(planId: string, records: readonly JournalRecord[]): Promise<Result<string>>;
	/** After the action has ended: the journal and its files hold secrets and are removed. */
	removeJournal(planId: string): Promise<Result<void>>;
	appendAudit(entry: AuditEntry): Promise<Result<void>>;
	readAudit(): Promise<Result<AuditLog>>;
	/** Keeps what ran for an action, without secrets, the last one at the end. */
	appendCommand(planId: string, command: RanCommand): Promise<Result<void>>;
	/** What ran for an action, as far as it is kept: empty where nothing is. Lines that cannot be read are left out. */
	readCommands(planId: string): Promise<Result<RanCommand[]>>;
	/** Fails with `busy` when another process works on this domain, after waiting as long as `patienceMs` says. Held until released or until this process and its children are gone. */
	lockDomain(uuid: string, what: string, options?: {lockTimeoutMs: number}): Promise<Result<Lock>>;
};

export type Clock = {now(): Date};

/** What the person watches while a plan runs. */
export type RunEvent =
	| {kind: 'started'; plan: string; steps: number}
	| {kind: 'step-started'; step: string; title: string; index: number; of: number}
	| ({kind: 'step-progress'; step: string} & Copied)
	| {kind: 'step-done'; step: string; index: number; of: number; durationMs: number}
	| {kind: 'step-failed'; step: string; failure: Failure}
	| {kind: 'proving'}
	| {kind: 'rolling-back'}
	| {kind: 'step-undone'; step: string}
	/** It was begun, and has done nothing that had to be undone. */
	| {kind: 'step-not-done'; step: string}
	| {kind: 'command-ran'; command: RanCommand}
	/** A removal that recovery leaves out, because something needs the image. */
	| {kind: 'step-left-out'; step: string; reason: string}
	/** The action goes on, but the audit log does not tell of it. */
	| {kind: 'not-logged'; failure: Failure}
	| {kind: 'finished'; outcome: Outcome};

export type Outcome =
	/** `remarks`: what a person should know all the same, in sentences. */
	/** `takenBytes`: how much more room its files take on the host than when it began, as measured; negative: freed. Of a recovery: than when that began. */
	| {kind: 'done'; remarks?: string[]; takenBytes?: number}
	/** Everything is as it was before. */
	| {kind: 'rolled-back'; failure: Failure}
	/** Something is unfinished; `recover` is needed. */
	| {kind: 'half-way'; failure: Failure};

