/**
What can be told of a domain of the demo estate.
*/
import type {DemoDomain, DemoWorld} from '../simulator/world.ts';

type DiskStory = {
	gib: number;
	/** How full it is, 0 to 1. */
	used?: number;
	format?: 'qcow2' | 'raw';
	/** A template that it is a clone of. */
	onPath?: string;
};

export type DomainFacts = {
	name: string;
	title?: string;
	description?: string;
	state?: DemoDomain['state'];
	memoryMiB?: number;
	cpus?: number;
	disks?: DiskStory[];
	folder?: string;
	/** The stem of its files, where the name is not fit for one. */
	fileStem?: string;
	isoPath?: string;
	hasManagedSave?: boolean;
	/** Whether the guest agent behind the domain's channel answers; missing: there is no channel. */
	agent?: 'answers' | 'silent';
	/** One that runs, in GiB. */
	backup?: {done: number; total: number};
};

/** A domain, what happened to it (oldest first), and what somebody did then behind libvirt's back. */
export type DomainStory = [facts: DomainFacts, history?: Happening[], mishap?: (world: DemoWorld, domain: DemoDomain) => void];

/** All dates are told as hours before now. `gib`: how much has been written to each new overlay since. */
export type Happening = {hoursAgo: number; description?: string; gib?: number} & (
	/** `without`: a disk that takes no part. */
	| {snapshot: string; kind?: 'disks' | 'memory' | 'internal'; without?: string}
	| {backTo: string}
	| {checkpoint: string; parent?: string}
);
