/**
What planners ask of whoever runs the domain, in commands and steps: libvirt (libvirt/) or QEMU's own monitor (qmp/). Facts that are true or false are
capabilities. What one of the two cannot do at all is missing there.
*/
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Checkpoint, SnapshotMemory} from '../../model/domain/snapshot.ts';
import type {Blocker} from '../../model/failure.ts';
import type {ImageGraph} from '../../model/images/image-graph.ts';
import type {Merge} from '../../model/images/image-merge.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {
	Command, Consequence, Instead, MovedBitmaps, Plan, Probe, Step,
} from '../../model/plan/plan.ts';
import type {CreateAction} from '../../model/plan/request.ts';
import type {Result} from '../../model/result.ts';
import type {DiskPlan} from '../disk-plan.ts';
import type {Capabilities} from './capabilities.ts';

/** Of what a planner is given, what says which domain is meant and where it runs. */
export type Site = {
	inventory: Inventory;
	host: Inventory['host'];
	can: Capabilities;
	uuid: string;
	/** The private folder for the XML files of this plan. */
	workPath: string;
	graph: ImageGraph;
};

export type PlanContext = Site & {
	hypervisor: Hypervisor;
	/** All pins of the host: this domain's own and everybody else's. */
	pins: Pin[];
	blockers: Blocker[];
	generationId?: string;
};

export type Start = Pick<Step, 'title' | 'command'>;

/** A merge in images that the running domain has open. */
export type OpenMerge = {
	id: string;
	title: string;
	whenStopped: string;
	merge: Merge;
	target: string;
	/** The name that the header above gets of what it is backed by; undefined: it gets none. */
	backingName: string | undefined;
	/** What it copies, and what stays grown if it is taken back. */
	growth: Pick<Step, 'grows' | 'copyBytes'>;
};

export type OpenCommit = OpenMerge & {
	/** The image that the disk writes to, above all others. */
	head: string;
	doneWhen: Probe;
	/** If the guest has ended meanwhile. */
	instead: Instead;
};

/** A disk that is copied into an image that is there, empty and as large. `since`: the bitmap of the changes; undefined: all of it. `atMostBytes`: what is copied. */
export type CopiedDisk = {target: string; headPath: string; path: string; since: string | undefined; atMostBytes: number};

export type Backup = {
	disks: CopiedDisk[];
	/** The checkpoint that the bitmaps are of. */
	since: string | undefined;
	/** Made at the same moment. */
	checkpoint: {name: string; requestXml: string; recordXml: string; disks: RecordedDisk[]} | undefined;
	isQuiesced: boolean;
	/** Bytes a second, for each disk. */
	rateBytes: number | undefined;
	/** Of this moment, in a few letters and digits: for names that nobody else has. */
	stamp: string;
};

/** A disk that others may read as it is at one moment. `since`: the bitmap of the changes; undefined: nobody asks for them. What is written over meanwhile is kept in `scratchPath`. */
export type ExportedDisk = {target: string; headPath: string; since: string | undefined; scratchPath: string};

export type Export = Pick<Backup, 'since' | 'checkpoint'> & {
	disks: ExportedDisk[];
	/** Other disks of the domain. */
	leftOut: string[];
	/** The UNIX socket that QEMU listens on. */
	socketPath: string;
};

/** One command of a beginning. `end`: run at the end, the last first, and where a later command fails; `undo`: only there. Each does no harm where there is nothing to end. */
export type Opening = {command: Command; end?: Command[]; undo?: Command[]};

/** A disk whose head has, or gets, a bitmap. */
export type RecordedDisk = {target: string; path: string; bitmap: string};

export type RunningSnapshot = {
	action: CreateAction;
	now: Date;
	memory: SnapshotMemory;
	disks: DiskPlan[];
	/** What is to be recorded by us. */
	records: Step[];
};

export type Hypervisor = {
	/** All disks of the running domain at one moment, with its memory if it is asked for. Appends blockers; fails only where an XML document cannot be made. */
	snapshotRunning: (context: PlanContext, given: RunningSnapshot) => Result<{steps: Step[]; consequences: Consequence[]}>;
	domain: {
		/** `isGraceful` never kills: QEMU writes out what it holds, or the command fails. */
		stop: (isGraceful: boolean) => Command;
		/** Why a domain with this definition cannot be started by us; empty: it can. */
		startProblems: (definitionXml: string) => string[];
		/** `definitionXml`: what it is on by then. Only after `startProblems` found none. */
		start: (isPaused: boolean, definitionXml: string) => Command;
		define: (fileName: string, xml: string) => Command;
		/** Ends it with its memory in a file, which is there already. Missing: that is done by several steps. */
		save?: (path: string) => {save: Command; cancel: Command[]};
		/** Brings it back from such a file as it was. */
		restore?: (path: string) => Command;
		/** It goes on with the memory in a file. */
		resume: (given: {memoryPath: string; definitionXml: string; isPaused: boolean}) => {start: Start; after: Step[]};
		/** It goes on with the memory inside the images, and the disks go back as well; `switchesToo`: so do the definition and the current snapshot. */
		resumeInside: (given: {snapshot: string; definitionXml: string; isPaused: boolean}) => Start & {switchesToo: boolean};
	};
	records: {
		replace: (given: {fileName: string; xml: string; makeCurrent: boolean}) => Command;
		makeCurrent: (name: string) => Command;
		deleteMetadata: (name: string) => Command;
		/** The record of an internal snapshot and its state inside the images, whether the domain runs or not. */
		deleteWithState?: (name: string) => Command;
	};
	checkpoints: {
		/** The record of bitmaps that are there. */
		replace: (fileName: string, xml: string) => Command;
		deleteMetadata: (name: string) => Command;
		/** The running domain records what it writes to these disks, from one moment on. `requestXml`: what is asked for; `recordXml`: what is recorded by us, if it is. */
		createRunning: (given: {name: string; requestXml: string; recordXml: string; disks: RecordedDisk[]}) => Step[];
		/** The running domain forgets it, record and bitmaps. `id`: for the steps. */
		deleteRunning: (given: {id: string; checkpoint: Checkpoint; disks: RecordedDisk[]}) => Step[];
		/** The steps of a plan that changes checkpoints, with what their records need. */
		within: (steps: Step[]) => Step[];
		/** While the domain runs, `replace` proves by itself that the bitmaps are there. */
		validates: boolean;
	};
	backup: {
		/** Of a domain that runs, all disks as they are at one moment. Appends blockers; fails with `unreadable` where a document cannot be made. */
		running: (context: PlanContext, backup: Backup) => Result<Step[]>;
	};
	exports: {
		/** Appends blockers; fails with `unreadable` where a document cannot be made. */
		begin: (context: PlanContext, given: Export) => Result<Opening[]>;
		/** What the bitmap of the changes of a disk is called there. */
		bitmapOf: (target: string) => string;
		/** Ends one that nobody watches any longer, but for its files. Missing: virsh does that. */
		endUnwatched?: (context: PlanContext) => {commands: Command[]; scratchPaths: string[]};
	};
	blocks: {
		/** Whether the running domain can merge so. */
		canMerge: (merge: Merge, isHead: boolean) => boolean;
		/** Bitmaps that QEMU keeps with an image and may not have written to it yet. */
		bitmapsIn: (path: string) => string[];
		/** Those of a head that record at this moment. */
		recordedIn: (path: string) => string[];
		/** Bitmaps that a merge takes along because it is told to. */
		movedBy: (merge: Merge) => MovedBitmaps | undefined;
		/** Has QEMU write out what it holds of an image, if it runs. */
		flush: (path: string) => Command;
		/** Can be taken back. Where the pulled data lies is flushed: QEMU tells the header of the new backing file at once, the rest only when it has to. */
		pull: (given: OpenMerge & {undo: Command[]}) => Step[];
		commit: (given: OpenCommit) => Step[];
		/**
		What does a commit if somebody has started the domain meanwhile. Missing for a standalone QEMU: it has to stay on what it was started on, or its command line
		would be understood by nobody.
		*/
		commitOnceStarted?: (merge: {top: string; into: string}, disk: {target: string; head: string}, doneWhen: Probe) => Instead;
		/** Puts a running domain from its overlay back on the image below, with what the guest wrote. Missing as above. */
		mergeBack?: (disk: {target: string; overlayPath: string; headPath: string}) => Command;
		/** Takes a state out of an image that the running domain has open. `recordXml`: its record, for whoever deletes only what is recorded. */
		untag: (given: {target: string; path: string; tag: string; definitionXml: string; recordXml?: string}) => Command[];
	};
	/** The plan with what every plan for this domain needs beside its own steps. */
	complete: (plan: Plan) => Plan;
};
