/**
A plan is plain data: what will happen, in words and in commands. The preview, `--dry-run`, the exported shell script, the journal and the
executor all read this one object, so what is shown is what runs.
*/
import type {DomainState} from '../domain/domain.ts';
import type {Action, EndState} from './request.ts';
import type {Fingerprint} from './fingerprint.ts';
import type {Probe} from './probe.ts';
import type {Progress} from './progress.ts';

export type {Probe} from './probe.ts';

/** In this order, always. Before `switch` everything can be put back; after it, work goes on forward. */
export type Phase = 'check' | 'create' | 'switch' | 'remove';

/** `about`: where the page of the plan tells it. `saysItGoesOn`: that the guest keeps running, or stays paused, which is then not said beside the time as well. `gone`: a snapshot that is deleted, with its age and description, for the result. */
export type Consequence = {severity: 'info' | 'warning' | 'loss'; text: string; what?: string; gone?: string; about?: 'kept' | 'guest' | 'space'; saysItGoesOn?: true};

/** A file that a command reads by name: written (0600) just before the command, removed when the action has ended. */
export type CommandFile = {path: string; text: string};

/**
A folder that others may exchange, or whose entries they may: the command starts inside it and names its entries from there ("./NAME"), after it has proven that
this is still the folder that was seen. No link on the way there, and none that takes the folder's place, leads it elsewhere.
*/
export type Place = {
	folder: string;
	/** Device and inode of the folder, as `stat` writes them. */
	inode: string;
	/** An entry that must be this file, and no link: `is` has device and inode, or the path of another name of the same file. */
	entry?: {
		name: string;
		is: string;
		/** It is opened, and proven once more, before the command, which gets it as `heldEntry`: then nobody can exchange it in between. */
		isHeld?: true;
	};
	/** A folder that has to be root's alone by then, or nothing is done: this one, or one above it. */
	unshared?: string;
};

/** A user whose rights are enough for a command of root's. `isNamed`: the host knows this user, and all groups. */
export type Account = {uid: number; gid: number; isNamed: boolean};

/** libvirt's backup job of this domain has concluded, well; or the job of the disk that it speaks to may have come to its end by then, which is as good. */
export type ProgramEnd = {kind: 'backup'; uuid: string} | {kind: 'disk-job'};

/**
One program, exactly. `virsh` runs where we are (its URI leads to the host); every other tool runs where the images are. `qemu` starts a domain that is
bare QEMU: the program goes into the background by itself (`-daemonize`), as `qemu-storage-daemon` does. `seal` and `verify` are this program: the manifest
of a backup is written, a backup is looked at.
*/
export type ProgramCommand = {
	tool: 'virsh' | 'qemu-img' | 'qemu-io' | 'qemu-storage-daemon' | 'file' | 'qemu' | 'seal' | 'verify';
	/** When its work is done, where that is later than its end. Missing: it is done then. */
	until?: ProgramEnd;
	/** The whole command line, program first. */
	argv: string[];
	/** Missing: it names everything by its path. */
	place?: Place;
	/** Whose folder it works in, with this user's rights alone: what this user may not write to is not written to, wherever names lead. */
	runAs?: Account;
	files: CommandFile[];
	/** What it reads from its standard input. */
	input?: string;
	/** It reads what this program prints, which runs where we are: a passphrase, which then stands in no file, command line or journal. */
	inputFrom?: string[];
	/** For an undo: run only where this holds, because the world may already be as wanted. For a step: left out where it does not, see `Step.otherwise`. */
	onlyIf?: Probe;
	/** For an undo: afterwards all that this image held stands in the image below it. */
	merges?: string;
};

export type CarriedBitmap = {name: string; granularityBytes: number};

/** Bitmaps of images that are merged, put into one that a job has open for writing: `into` among the keys, the others are those of `from`. `paths`: by the same keys, of the nodes. */
export type MovedBitmaps = {bitmaps: Array<CarriedBitmap & {isNew: boolean; from: string[]}>; nodes: Record<string, string>; paths: Record<string, string>};

/** When a QMP command has done its work, which is often later than its reply. */
export type QmpEnd =
	/** The job has concluded, well; then it is dismissed. `moved`: it was told to wait when all is copied, and is finalized when these are merged. */
	| {kind: 'job'; id: string; moved?: MovedBitmaps}
	/** A copying block job has reached the point from which both sides stay alike. */
	| {kind: 'job-ready'; id: string}
	/** A copying block job that is completed as soon as it is ready, and has concluded: the guest is on the copy. */
	/** `moved`: bitmaps that the image below gets just before, where it has none of these names. */
	| {kind: 'job-pivot'; id: string; moved?: MovedBitmaps}
	/** There is no node of this name. */
	| {kind: 'node-gone'; id: string}
	/** There is no job of this name, however it ended. */
	| {kind: 'job-gone'; id: string}
	/** The node that the command names has no bitmap of this name. */
	| {kind: 'bitmap-gone'; id: string}
	/** The outgoing migration has completed. */
	| {kind: 'migration'}
	/** The incoming migration has been read whole. */
	| {kind: 'incoming'}
	/** QEMU has gone: its socket answers no more. */
	| {kind: 'gone'};

/** One command to the monitor of a bare QEMU, exactly. */
export type QmpCommand = {
	tool: 'qmp';
	/** The monitor's UNIX socket. */
	socketPath: string;
	execute: string;
	arguments: Record<string, unknown>;
	/** By argument: the image whose node it names. Looked up once more when it is sent, for QEMU makes names up anew at each start. */
	nodes?: Record<string, string>;
	/** Missing: the reply is the end. */
	until?: QmpEnd;
	files: CommandFile[];
	onlyIf?: Probe;
	merges?: string;
};

export type Command = ProgramCommand | QmpCommand;

/**
What must be proven once more at the moment of running, beyond the command's own exit code: nothing on the host uses this image, neither a definition,
nor a snapshot record, nor another image's header. `inode`: it is still that file.
*/
export type Guard = {kind: 'unused-image'; path: string; inode?: string};

/** What does the same as a step where the domain's power is not what the step was planned for: then these are run instead, each minding its own `onlyIf`. */
export type Instead = {onlyIf: Probe; commands: Command[]; cancel?: Command[]};

export type Step = {
	id: string;
	title: string;
	phase: Phase;
	command: Command;
	/** The exact commands that put things back; empty: there is nothing to undo; null: it can't be undone. */
	undo: Command[] | null;
	/** When the work goes on after a crash: where this holds the step is not run again. `never`: running it again does no harm. */
	doneWhen: Probe;
	/** Begun, and a crash hid whether it was done: undone only where this holds. Missing: it is undone, each undo minding its own `onlyIf`. */
	undoWhen?: Probe;
	/** That it happened by somebody else's hand is not the same: a domain that was booted is not one that was resumed. */
	countsOnlyIfLogged?: true;
	/** Done for certain, it can only be taken back while this holds; `lost`: what is so otherwise, in a sentence. */
	undoNeeds?: {probe: Probe; lost: string};
	/** Its undo writes to what a running domain works with: recovery waits until the domain is off. */
	undoWhileOff?: true;
	instead?: Instead;
	/** It ends the domain with its memory in this file; taken back, the guest goes on from there if it still fits. */
	savesMemory?: string;
	/** What it does to a guest that runs, where neither `savesMemory`, `startsDomain` nor its end tells. `paused-meanwhile`: only while it is at work. */
	guest?: 'off' | 'paused' | 'resumed' | 'paused-meanwhile';
	/** From here on the domain runs because of this action. */
	startsDomain?: true;
	/** The definition names the new disks from here on. */
	switchesDefinition?: true;
	/** It cannot be done while the domain runs, by no other words either: recovery waits until the domain is off. */
	needsOff?: true;
	/** Images whose content stands elsewhere once this is done. Who writes to one of them afterwards would lose that: it is looked for before anything relies on it. */
	takenOver?: string[];
	/** Such images, which the domain will never come back to from this step on. */
	leaves?: string[];
	/** The guest's file systems are frozen from here on, or thawed. Where several domains are one action, all are frozen before the first goes over, and thawed whatever happens. */
	freezing?: 'begins' | 'ends';
	/** The guest goes over from one image to the other, at a moment that the journal notes. */
	pivot?: {from: string; to: string; toFormat: string};
	/** A failure of this step has changed nothing, so there is nothing of it to undo. */
	failureChangesNothing?: true;
	/** What would be true if the action were stopped after this step, for the person who watches. */
	whenStopped: string;
	guard?: Guard;
	/** In words, what it means that the step is left out, where its command runs only if something holds. */
	skippedNote?: string;
	timeoutMs?: number;
	/** How far it has come can be asked: for the steps that copy. */
	progress?: Progress;
	/** About how many bytes it copies, as far as that is known beforehand: what is allocated, not the size that the guest sees. */
	copyBytes?: number;
	/** It makes or deletes a state inside an image, or goes back to one. What is given back can't be known beforehand. */
	changesInside?: 'adds' | 'adds-with-memory' | 'deletes' | 'reverts';
	/** A file that it makes larger, and what it took up before: taking the step back does not make it smaller. */
	grows?: {path: string; allocatedBytes: number; byBytes?: Space['freed']};
	/** What ends the step before its time, cleanly: its command then fails, and the step is undone. Missing: it is waited for. */
	cancel?: Command[];
	/** Its program may be ended in the midst when the person wants it to stop: it writes to new files alone. */
	mayBeKilled?: true;
	/** Files that are complete when it begins, and that a later step measures: they are read meanwhile. */
	measured?: string[];
	/** What the command makes somebody else do, in the words of QEMU's monitor: for the preview alone. */
	qmpPreview?: string[];
};

/** What must be true afterwards. Proven before anything is removed. */
export type Expected = {
	heads: Array<{target: string; path: string}>;
	/** Images that must still open with their whole chain. */
	chains: Array<{path: string; format: string}>;
	/** For images of these chains, which file must lie right below them: by device and inode, because names may lead through links. */
	links?: Array<{path: string; backing: {path: string; inode: string}}>;
	/** Files that the record of the state that is left names: these very files, by device and inode, with the state inside where it lies there. */
	kept?: Array<{path: string; inode: string | undefined; tag: string | undefined}>;
	currentSnapshot: string | undefined;
	snapshots: Array<{name: string; parent: string | undefined}>;
	/** Names that must no longer be there. */
	goneSnapshots?: string[];
	/** Missing: they are not part of what is proven. */
	checkpoints?: Array<{name: string; parent: string | undefined}>;
	goneCheckpoints?: string[];
	/** Good ones that images must have. */
	bitmaps?: Array<{path: string; name: string}>;
	/** Undefined: as it was. */
	endState: EndState | undefined;
};

/** What a plan says of checkpoints. */
export type CheckpointProof = Pick<Expected, 'checkpoints' | 'goneCheckpoints' | 'bitmaps'>;

/** One domain that a plan works on. */
export type Target = {
	domain: {uuid: string; name: string};
	hypervisor: 'libvirt' | 'demo' | 'qemu';
	/** Of a standalone QEMU that runs: its monitor's UNIX socket. */
	socketPath?: string;
	/** Of a standalone QEMU: the folder of its records. */
	metadataPath?: string;
	/** Every snapshot record and the definition as they were: recovery and a person need nothing else. */
	before: {
		definitionXml: string;
		heads: Array<{target: string; path: string}>;
		/** Images that definitions name as volumes of pools. */
		volumes?: Array<{path: string; pool: string; volume: string}>;
		currentSnapshot: string | undefined;
		snapshotNames: string[];
		snapshotXmls: string[];
		/** Missing in journals of older versions, as are the chains. */
		state?: DomainState;
		/** Heads and frozen images that could be opened with their whole chain. */
		chains?: string[];
	};
	expected: Expected;
	fingerprint: Fingerprint;
};

/** A file that a plan makes. `backingPath` and `format`: of an image. */
export type CreatedFile = {path: string; backingPath?: string; format?: string; /** What it takes up in the end, as far as that is known beforehand. */ bytes?: {atLeast: number; atMost: number}};

/** Bytes on the host, all files of the plan together. */
export type Space = {
	/** Net, when all is done; negative: so much more is taken. */
	freed: {atLeast: number; atMost: number};
	/** Images inside which states are deleted: of what these take, that which only the states hold is freed, and nothing tells beforehand how much that is. */
	deletedFrom?: string[];
	/** At most, before anything is removed. */
	meanwhileBytes: number;
	/** Free on the fullest of the file systems; missing: not known. `leftIn`: on each, by a folder there, the fullest first; missing: they are on one. */
	leftBytes?: number;
	leftIn?: Array<{path: string; bytes: number}>;
};

/** By what earlier actions on the host took. `awayMs`: of it, how long the guest is off or paused before it goes on. */
export type PlannedTime = {aboutMs: number; awayMs?: number};

export type Plan = {
	version: 2;
	id: string;
	/** ISO 8601. */
	plannedAt: string;
	uri: string;
	action: Action;
	/** Locked in the order of their UUIDs. The actions of today work on one. */
	targets: [Target, ...Target[]];
	/** The domains for which the same is done in one action, where there are others: each has a plan and a journal of its own. */
	others?: Array<{uuid: string; name: string}>;
	consequences: Consequence[];
	/** Image files by what the plan does to them, for the picture of the images. */
	images: {
		created: CreatedFile[];
		removed: string[];
		/** Of those that are removed: their content is in another image by then. */
		merged?: Array<{path: string; into: string}>;
		/** Changed in place: merged into, put on another backing file. */
		written?: string[];
		/** What images name as their backing file from then on. */
		rebased?: Array<{path: string; backingPath: string}>;
		/** By a new snapshot. */
		frozen?: Array<{path: string; snapshot: string}>;
		/** Left, though one might expect them to go, and why. */
		staying?: Array<{path: string; reason: string}>;
		kept: string[];
	};
	/** Missing: it changes no file, or nobody can tell beforehand. */
	space?: Space;
	/** Missing: nothing like it was measured yet. */
	time?: PlannedTime;
	steps: Step[];
};

/** The domain that the plan is for. */
export const targetOf = ({targets: [target]}: Pick<Plan, 'targets'>): Target => target;

/** For the result: each snapshot that is deleted, on a line. */
export const goneWith = ({consequences}: Pick<Plan, 'consequences'>): string[] => consequences.flatMap(({gone}) => gone === undefined ? [] : `Deleted: ${gone}`);

export const createdPaths = ({images}: Pick<Plan, 'images'>): string[] => images.created.map(({path}) => path);
