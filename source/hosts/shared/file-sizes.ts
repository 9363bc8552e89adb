/**
How large the files are that stand beside the images: memory and firmware variables. Only for the view that shows them.
*/
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {nvramPaths} from '../../model/domain/nvram.ts';
import {succeed, type Result} from '../../model/result.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import type {Runner} from '../../tools/run/run.ts';

export async function withFileSizes(runner: Runner, details: DomainDetails): Promise<Result<DomainDetails>> {
	const {domain, snapshots, filesElsewhere} = details;
	const paths = [...snapshots.flatMap(({memory}) => memory.mode === 'external' ? [memory.path] : []), ...nvramPaths(domain, snapshots)];
	const facts = paths.length === 0 || filesElsewhere !== undefined ? succeed(new Map<string, {sizeBytes: number}>()) : await readFileFacts(runner, paths);
	return facts.ok ? succeed({...details, fileSizes: new Map([...facts.value].map(([path, {sizeBytes}]) => [path, sizeBytes]))}) : facts;
}
