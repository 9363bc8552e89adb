/**
virsh's block jobs on the demo host: committing down and pulling up while the domain runs. libvirt switches both definitions, and leaves the files and all
snapshot records as they are.
*/
import {
	say, virshError, type Answer,
} from './answer.ts';
import {createJob, type CopyJob, type Copying} from './copying.ts';
import {
	readDisks, withBackingChains, withSources, type DiskPlace,
} from './domain-xml.ts';
import {
	backingOn, belowOf, bytesOf, commitLayers, growing, layersAbove, linkImage, pullLayers, takeBitmaps,
} from './images.ts';
import {notRunning} from './lifecycle.ts';
import {specifyOptions} from './virsh-words.ts';
import {type VirshCommand, type VirshCall} from './virsh-call.ts';
import {
	readChain, type DemoDomain, type DemoFile, type DemoWorld,
} from './world.ts';

export const blockCommands: Record<string, VirshCommand> = {
	blockcommit: {
		options: specifyOptions('domain!', 'path!', 'bandwidth', 'base', '--shallow', 'top', '--active', '--wait', '--verbose', 'timeout', '--pivot', '--async', '--bytes'),
		forbiddenReadOnly: {call: 'virDomainBlockCommit'},
		runOnDomain: (call, domain) => onDisk(call, domain, disk => commit(call, domain, disk)),
	},

	blockpull: {
		options: specifyOptions('domain!', 'path!', 'bandwidth', 'base', '--wait', '--verbose', 'timeout', '--async', '--bytes'),
		forbiddenReadOnly: {call: 'virDomainBlockRebase'},
		runOnDomain: (call, domain) => onDisk(call, domain, disk => pull(call, domain, disk)),
	},

	blockjob: {
		options: specifyOptions('domain!', 'path!', 'bandwidth', '--abort', '--async', '--pivot', '--info', '--raw', '--bytes'),
		runOnDomain: (call, domain) => domain.live ? onDisk(call, domain, ({target}) => tell(call, domain, target)) : virshError(notRunning),
	},
};

/** A disk is named by its target or by the path of its image. */
function onDisk<T>({options: {values}}: VirshCall, domain: DemoDomain, act: (disk: DiskPlace) => T): Answer | T {
	const name = values.get('path')!;
	const disk = readDisks(domain.live ?? domain.definition).find(({target, path}) => target === name || path === name);
	return disk ? act(disk) : virshError(`invalid argument: disk '${name}' not found in domain`);
}

function tell({options: {flags}, isReadOnly}: VirshCall, domain: DemoDomain, target: string): Answer {
	const job = domain.blockJobs.get(target);
	if (flags.has('abort')) {
		if (isReadOnly) {
			return virshError('operation forbidden: read only access prevents virDomainBlockJobAbort');
		}

		job?.abort.abort();
		return job ? say('') : virshError(`invalid argument: disk ${target} does not have an active block job`);
	}

	if (!job) {
		return say('');
	}

	return say(flags.has('raw')
		? ` type=${job.type}\n bandwidth=0\n cur=${job.doneBytes}\n end=${job.totalBytes}\n`
		: `${job.type}: [${(job.doneBytes * 100 / Math.max(1, job.totalBytes)).toFixed(2).padStart(6)} %]\n`);
}

function notBeneath(base: string, top: string, target: string): Answer {
	return virshError(`invalid argument: could not find image '${base}' beneath '${top}' in chain for '${target}'`);
}

/** What stands against a job on this disk, where the images are right. */
function jobProblem({options: {flags}}: VirshCall, domain: DemoDomain, {target}: DiskPlace): Answer | undefined {
	if (!domain.live) {
		return virshError(notRunning);
	}

	if (domain.blockJobs.has(target)) {
		return virshError(`block copy still active: disk '${target}' already in active block job`);
	}

	return flags.has('wait') || flags.has('pivot') ? undefined : virshError('unsupported configuration: the demo host waits for its block jobs (--wait)');
}

function commit(call: VirshCall, domain: DemoDomain, disk: DiskPlace): Answer | Copying {
	const {world, options: {values, flags}} = call;
	const {target, path: active = ''} = disk;
	const chain = readChain(world, active).files;
	const top = values.get('top') ?? active;
	if (!chain.some(({path}) => path === top)) {
		return virshError(`invalid argument: could not find image '${top}' in chain for '${target}'`);
	}

	const bottom = flags.has('shallow') ? belowOf(world, world.files.get(top)!) : chain.at(-1);
	const into = values.get('base') ?? bottom?.path ?? top;
	const layers = layersAbove(world, top, into);
	if (!layers) {
		return notBeneath(into, top, target);
	}

	const isActive = top === active;
	if (isActive !== flags.has('active')) {
		return virshError(isActive ? `invalid argument: commit of '${target}' active layer requires active flag` : `invalid argument: active commit requested but '${top}' is not active`);
	}

	if (isActive && !flags.has('pivot')) {
		return virshError('unsupported configuration: the demo host ends an active commit by a pivot (--pivot)');
	}

	const problem = jobProblem(call, domain, disk);
	if (problem) {
		return problem;
	}

	const base = world.files.get(into)!;
	const above = chain.find(file => belowOf(world, file)?.path === top);
	return work(domain, target, {
		type: isActive ? 'Active Block Commit' : 'Block Commit',
		aborted: 'Commit aborted',
		grows: base,
		layers,
		finish() {
			commitLayers(world, layers, base);
			takeBitmaps(base, layers);
			if (above) {
				linkImage(world, above, backingOn(base));
			}

			switchTo(world, domain, {target, from: active, to: isActive ? base : undefined});
		},
	});
}

function pull(call: VirshCall, domain: DemoDomain, disk: DiskPlace): Answer | Copying {
	const {world, options: {values}} = call;
	const {target, path: active = ''} = disk;
	const base = values.get('base');
	const chain = readChain(world, active).files;
	const layers = base === undefined ? chain : layersAbove(world, active, base);
	if (!layers) {
		return notBeneath(base!, active, target);
	}

	const problem = jobProblem(call, domain, disk);
	if (problem) {
		return problem;
	}

	const [top, ...below] = layers as [DemoFile, ...DemoFile[]];
	return work(domain, target, {
		type: 'Block Pull',
		aborted: 'Pull aborted',
		grows: top,
		layers: below,
		finish() {
			pullLayers(world, top, below);
			takeBitmaps(top, below);
			linkImage(world, top, backingOn(base === undefined ? undefined : world.files.get(base)));
			switchTo(world, domain, {target, from: active, to: undefined});
		},
	});
}

function work(domain: DemoDomain, target: string, given: {type: string; aborted: string; grows: DemoFile; layers: readonly DemoFile[]; finish: () => void}): Copying {
	const bytes = bytesOf(given.layers);
	const job: CopyJob = createJob(given.type, bytes);
	const {advance, reset} = growing(given.grows);
	domain.blockJobs.set(target, job);
	return {
		bytes,
		advance(doneBytes) {
			job.doneBytes = doneBytes;
			advance(doneBytes);
		},
		finish() {
			reset();
			domain.blockJobs.delete(target);
			given.finish();
			return say('');
		},
		abortable: {
			signal: job.abort.signal,
			stop() {
				reset();
				domain.blockJobs.delete(target);
				return {stdout: `\n${given.aborted}`, stderr: '', exitCode: 1};
			},
		},
	};
}

/** Both definitions tell of the new chain; the persistent one only where it named the same image. */
function switchTo(world: DemoWorld, domain: DemoDomain, given: {target: string; from: string; to: DemoFile | undefined}): void {
	const {target, from, to} = given;
	const targets = new Set([target]);
	const sources = new Map(to === undefined ? [] : [[target, {path: to.path, format: to.format}]]);
	if (readDisks(domain.definition).some(disk => disk.target === target && disk.path === from)) {
		domain.definition = withBackingChains(world, withSources(domain.definition, sources), {isLive: false, targets});
	}

	domain.live &&= withBackingChains(world, withSources(domain.live, sources), {isLive: true, targets});
}
