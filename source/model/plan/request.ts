/**
What a person asks for.
*/

/** What becomes of the current state when it is left. */
export type CurrentState =
	| {kind: 'discard'}
	/** `memory`: of a guest that runs; missing: its disks alone. `description`: missing: what it was left for. */
	| {kind: 'keep'; name: string; memory?: true; description?: string};

export type EndState = 'running' | 'paused' | 'shutoff';

type OnDomain = {domain: {uuid: string; name: string}};

/** `overlayFolder`: where new overlays go of disks that are on no file; undefined: where theirs are already. */
export type PlacesOverlays = {overlayFolder?: string};

export type RevertAction = OnDomain & PlacesOverlays & {
	kind: 'revert';
	snapshot: string;
	currentState: CurrentState;
	/** Undefined, in plans of earlier versions: the state that the snapshot was taken in, as libvirt does (a disk-only snapshot ends shut off). */
	endState: EndState | undefined;
};

/** How one disk takes part in a new snapshot, as asked. */
export type DiskRequest = {
	target: string;
	/** Undefined: only the way of reuse or the file was named. */
	mode: 'no' | 'internal' | 'external' | 'manual' | undefined;
	/** The overlay that the domain goes on with; undefined: a name is chosen. */
	path?: string;
	/** `path` is a block device: its overlay has to be there. */
	isDevice?: true;
	/**
	How the overlay comes to be. `existing`: made beforehand and still empty; its own header is kept. `existing-with-data`: the same, and what it
	holds already is meant.
	*/
	reuse?: 'absolute-paths' | 'existing' | 'existing-with-data' | 'no-backing-file';
};

/** Undefined members: left out, so that the decision table decides. */
export type CreateAction = OnDomain & PlacesOverlays & {
	kind: 'create';
	/** What the snapshot will be called. */
	snapshot: string;
	description: string | undefined;
	memory: {mode: 'no' | 'internal' | 'external'; path?: string} | undefined;
	/** Those that were named; the others are decided by the domain's definition and the table. */
	disks: DiskRequest[];
	isDiskOnly: boolean;
	/** Ask the guest agent to freeze the guest's file systems meanwhile. */
	isQuiesced: boolean;
	/** The freeze is a step of its own, so that other domains can be frozen at the same time. */
	isFrozenApart?: true;
	/** Let the guest run while its memory is saved. */
	isLive: boolean;
	/** Power the domain off afterwards. */
	isHalted: boolean;
	/** Do the work, and record nothing. */
	hasNoMetadata: boolean;
};

/** A second line of development from a snapshot: `name` is its first snapshot. */
export type BranchAction = OnDomain & PlacesOverlays & {
	kind: 'branch';
	snapshot: string;
	name: string;
	currentState: CurrentState;
	/** Undefined, in plans of earlier versions: shut off. */
	endState?: EndState | undefined;
};

/** The changes since the snapshot stay, the snapshot goes. */
export type MergeAction = OnDomain & {kind: 'merge'; snapshot: string};

export type DeleteAction = OnDomain & {
	kind: 'delete';
	snapshot: string;
	/** More of them, each alone. */
	others?: string[];
	scope: 'one' | 'with-children' | 'children-only';
	/** Only the records: no image is touched. */
	isMetadataOnly: boolean;
};

/** The snapshot gets another name. */
export type RenameAction = OnDomain & {kind: 'rename'; snapshot: string; name: string};

/** What `doctor` offers: overlays, and the records that name it, are told where a moved image file lies. */
export type RebaseAction = OnDomain & {
	kind: 'rebase';
	links: Array<{path: string; backingPath: string; backingFormat: string}>;
	/** Files that the definition and the snapshots' records name by their old place. */
	moved: Array<{from: string; to: string}>;
};

/** What `doctor` offers: images that nothing needs are removed. */
export type RemoveOrphansAction = OnDomain & {kind: 'remove-orphans'; paths: string[]; /** Bitmaps in images that stay, of no checkpoint. */ bitmaps?: Array<{path: string; name: string}>};

/** What `doctor` offers: snapshot records are written anew so that they name the images that are. */
export type RepairRecordsAction = OnDomain & {
	kind: 'repair-records';
	/** Records are made for what has none: overlays below the disks, internal snapshots that only the images know, or secrets of encrypted images, in the definition. */
	adopts?: 'layers' | 'tags' | 'secrets';
};

/** What `doctor` offers: overlays that no record tells of are merged with what they are backed by. */
export type FoldAction = OnDomain & {kind: 'fold'};

/** How one disk takes part in a new checkpoint, as asked. `isIncluded`: missing: as if it had not been named. `bitmap`: missing: it is called like the checkpoint. */
export type CheckpointDiskRequest = {target: string; isIncluded?: boolean; bitmap?: string};

/** From then on what the guest writes is recorded, for backups of the changes alone. */
export type CreateCheckpointAction = OnDomain & {
	kind: 'create-checkpoint';
	checkpoint: string;
	description: string | undefined;
	/** Those that were named. If one of them is included, the others are not; else all that can have a bitmap are. */
	disks: CheckpointDiskRequest[];
};

export type DeleteCheckpointAction = OnDomain & {
	kind: 'delete-checkpoint';
	checkpoint: string;
	/** More of them, each alone: what the doctor offers. */
	others?: string[];
	scope: 'one' | 'with-children' | 'children-only';
	/** Only the records: the bitmaps stay in the images. */
	isMetadataOnly: boolean;
};

/** A record is written for bitmaps that are there. */
export type RedefineCheckpointAction = OnDomain & {kind: 'redefine-checkpoint'; xml: string};

/** The disks as they are at one moment, in a folder of backups. */
export type BackupAction = OnDomain & {
	kind: 'backup';
	/** Absolute. */
	to: string;
	/** `latest`: the changes since the last backup there, or all where that cannot be. */
	since: {kind: 'latest'} | {kind: 'full'} | {kind: 'checkpoint'; name: string};
	/** Of the checkpoint that is made with it; undefined: none is. */
	checkpoint: string | undefined;
	description: string | undefined;
	/** Targets; empty: all disks that the guest writes to. */
	disks: string[];
	/** Ask the guest agent to freeze the guest's file systems for the moment of the beginning. */
	isQuiesced: boolean;
	/** Bytes a second, for each disk. */
	rateBytes: number | undefined;
	/** Encrypted disks are copied, too, and their copies are not encrypted. */
	isDecrypted?: true;
};

/** The domain goes on with the disks of a point of a folder of backups. */
export type RestoreAction = OnDomain & {
	kind: 'restore';
	/** The folder, absolute. */
	from: string;
	/** Undefined: the newest point. */
	at: string | undefined;
	/** All bytes are compared with the checksums first. */
	isVerified: boolean;
	/** Missing: the domain is put back to it. Else it stays as it is, and what is said of its state has no meaning. */
	elsewhere?: Elsewhere;
	currentState: CurrentState;
	endState: EndState;
};

/** `path`: absolute; of a new domain undefined: beside the images that were backed up. */
export type Elsewhere = {kind: 'folder'; path: string} | {kind: 'new'; name: string; path: string | undefined};

export type Action = BackupAction | RestoreAction | CreateCheckpointAction | DeleteCheckpointAction | RedefineCheckpointAction | RevertAction | CreateAction | BranchAction | MergeAction | DeleteAction | RenameAction | RebaseAction | RemoveOrphansAction | RepairRecordsAction | FoldAction;

/** Every kind, for whoever reads a stored action. */
export const actionKinds = {
	create: true, revert: true, branch: true, merge: true, delete: true, rename: true, rebase: true, 'remove-orphans': true, 'repair-records': true, fold: true, 'create-checkpoint': true, backup: true, restore: true, 'delete-checkpoint': true, 'redefine-checkpoint': true,
} satisfies Record<Action['kind'], true>;

/** An action before the domain's name was read. */
export type Request = Action extends infer A ? A extends Action ? Omit<A, 'domain'> & {uuid: string} : never : never;

/** The request that an action came from: to plan it anew. */
export function requestOf({domain, ...rest}: Action): Request {
	return {...rest, uuid: domain.uuid};
}

/** The name under which the state that is left is kept. */
export function keptName(action: Action): string | undefined {
	return 'currentState' in action && !('elsewhere' in action && action.elsewhere !== undefined) && action.currentState.kind === 'keep' ? action.currentState.name : undefined;
}
