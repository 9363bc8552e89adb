/**
How far something that copies has come: block jobs and domain jobs as virsh tells them, files by their size.
*/
import type {Copied} from '../../../engine/ports.ts';
import type {Progress} from '../../../model/plan/progress.ts';
import type {Virsh} from '../virsh.ts';

/** `virsh blockjob --raw`: " type=Active Block Commit", " bandwidth=0", " cur=1048576", " end=2097152". */
export function parseBlockJob(text: string): Copied | undefined {
	const read = (name: string) => new RegExp(String.raw`^ *${name}=(\d+)$`, 'm').exec(text)?.[1];
	const [current, end] = [read('cur'), read('end')];
	return current === undefined || end === undefined ? undefined : {doneBytes: Number(current), totalBytes: Number(end)};
}

/** `virsh domjobinfo --rawstats` in lines of "name: number"; bytes that are done and that remain. */
export function parseDomainJob(text: string): Copied | undefined {
	const read = (name: string) => new RegExp(String.raw`^ *${name}: +(\d+)$`, 'm').exec(text)?.[1];
	const [processed, remaining] = [read('data_processed') ?? read('disk_processed'), read('data_remaining') ?? read('disk_remaining')];
	return processed === undefined || remaining === undefined
		? undefined
		: {doneBytes: Number(processed), totalBytes: Number(processed) + Number(remaining)};
}

/** Undefined where nothing is known: no job yet, no job any more, no answer. */
export async function readJobProgress(virsh: Virsh, progress: Progress): Promise<Copied | undefined> {
	if (progress.kind === 'block-job') {
		const job = await virsh.askOne(['blockjob', '--domain', progress.uuid, '--path', progress.target, '--raw']);
		return job.ok ? parseBlockJob(job.value) : undefined;
	}

	const job = progress.kind === 'domain-job' ? await virsh.askOne(['domjobinfo', '--domain', progress.uuid, '--rawstats']) : undefined;
	return job?.ok ? parseDomainJob(job.value) : undefined;
}
