/**
Memory of a demo domain on its way into a file, or inside an image: a job that takes its time and can be aborted. What is there when it has come to its `end` is the
caller's.
*/
import {resumeDomain, suspendDomain} from '../lifecycle.ts';
import {createJob, type Answer, type Copying} from '../program.ts';
import {memoryBytesOf} from '../snapshots.ts';
import {addFile} from '../world.ts';
import {virshError, type VirshCall} from './command.ts';

export function saveMemory({world, domain}: Pick<VirshCall, 'world' | 'domain'>, given: {path: string | undefined; isLive: boolean; end: () => Answer}): Copying {
	const {path, isLive, end} = given;
	const stateBefore = domain.state;
	const bytes = memoryBytesOf(domain);
	const former = world.files.get(path ?? '');
	const file = path === undefined ? undefined : addFile(world, {...former, path, kind: 'empty', format: 'raw', allocatedBytes: 0, mode: 0o600});
	domain.job = createJob('Snapshot', bytes);
	if (!isLive) {
		suspendDomain(world, domain);
	}

	return {
		bytes,
		grows: file,
		job: domain.job,
		finish() {
			domain.job = undefined;
			return end();
		},
		stop() {
			domain.job = undefined;
			if (file && !former) {
				world.files.delete(file.path);
			}

			if (domain.state !== stateBefore) {
				resumeDomain(world, domain);
			}

			return virshError('operation aborted: job \'snapshot\' canceled by client');
		},
	};
}
