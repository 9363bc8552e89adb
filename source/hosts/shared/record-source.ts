/**
Where the records of domains come from. What is read of images, folders and processes is the same for a libvirt host and for bare QEMU; this is what
differs.
*/
import type {Domain} from '../../model/domain/domain.ts';
import type {Job, MemoryFileFacts, MissingForStart, Unreadable} from '../../model/domain/inventory.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import type {Pin} from '../../model/images/pin.ts';
import type {Result} from '../../model/result.ts';

export type DomainRecords = {
	domain: Domain;
	/** As libvirt gave it, with secrets if they were asked for. */
	definitionXml: string;
	liveXml: string | undefined;
	snapshots: Snapshot[];
	currentSnapshot: string | undefined;
	checkpoints: Checkpoint[];
	unreadable: Unreadable[];
	/** Those that the definitions and records name and libvirt does not have, in the words of `describeSecret`. */
	lostSecrets?: Omit<MissingForStart, 'files'>;
};

/** What the domains hold that are not asked about. */
export type ForeignRecords = {
	pins: Pin[];
	formats: Map<string, string>;
	/** Domains of which nothing is known, or not the file behind each of their disks. */
	unreadableDomains: Unreadable[];
	unreadableSnapshots: Unreadable[];
};

export type RecordSource = {
	/** `withSecrets`: passwords as well, where the source keeps some back. `withoutSizes`: of checkpoints, where they take a question of their own. */
	readRecords(uuid: string, options: {withSecrets: boolean; withoutSizes?: boolean}): Promise<Result<DomainRecords>>;
	/** What the others hold; undefined reads all. */
	readForeign(exceptUuid: string | undefined): Promise<Result<ForeignRecords>>;
	/** `records`: of the domain whose memory it may be. */
	readMemoryFile(path: string, records: DomainRecords | undefined): Promise<MemoryFileFacts>;
	/** What is going on with the domain. */
	readJobs(domain: Domain): Promise<Result<Job[]>>;
};
