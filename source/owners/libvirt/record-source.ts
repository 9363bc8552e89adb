/**
Where the records of domains come from. What is read of images, folders and processes is the same for a libvirt host and for bare QEMU; this is what
differs.
*/
import type {Domain} from '../../model/domain/domain.ts';
import type {Job, MemoryFileFacts} from '../../model/domain/inventory.ts';
import type {Result} from '../../model/result.ts';
import type {DomainRecords} from './read-domain.ts';
import type {ForeignRecords} from './read-foreign.ts';

export type RecordSource = {
	/** `withSecrets`: passwords as well, where the source keeps some back. */
	readRecords(uuid: string, withSecrets: boolean): Promise<Result<DomainRecords>>;
	/** What the others hold; undefined reads all. */
	readForeign(exceptUuid: string | undefined): Promise<Result<ForeignRecords>>;
	/** `records`: of the domain whose memory it may be. */
	readMemoryFile(path: string, records: DomainRecords | undefined): Promise<MemoryFileFacts>;
	/** What is going on with the domain. */
	readJobs(domain: Domain): Promise<Result<Job[]>>;
};
