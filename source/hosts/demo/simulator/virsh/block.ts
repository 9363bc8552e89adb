/**
virsh's block jobs on the demo host: committing down and pulling up while the domain runs. libvirt switches both definitions, and leaves the files and all
snapshot records as they are.
*/
import {readDisks, readWritableDisks, switchDisks} from '../domain-xml.ts';
import {belowOf, bytesOf, changeImage, commitLayers, layersAbove, pullLayers} from '../images.ts';
import {notRunning} from '../lifecycle.ts';
import {createJob, say, type Answer, type Copying, type Rows} from '../program.ts';
import {readChain, type DemoDomain, type DemoFile, type DemoWorld} from '../world.ts';
import {virshError, type VirshCall, type VirshCommand} from './command.ts';

export const blockCommands: Record<string, VirshCommand> = {
	blockcommit: {
		options: 'domain! path! base top --active --wait --pivot',
		forbidden: 'virDomainBlockCommit',
		run: call => onDisk(call, disk => commit(call, disk)),
	},

	blockpull: {
		options: 'domain! path! base --wait',
		forbidden: 'virDomainBlockRebase',
		run: call => onDisk(call, disk => pull(call, disk)),
	},

	blockjob: {
		options: 'domain! path! bandwidth --bytes --abort --info --raw',
		run: call => call.domain.live ? onDisk(call, ({target}) => tell(call, target)) : virshError(notRunning),
	},
};

type ActiveDisk = {target: string; path: string};

/** A disk is named by its target or by the path of its image. */
function onDisk<T>({values, domain}: VirshCall, act: (disk: ActiveDisk) => T): Answer | T {
	const name = values.get('path')!;
	const disk = readWritableDisks(domain.live ?? domain.definition).find(({target, path}) => target === name || path === name);
	return disk ? act(disk) : virshError(`invalid argument: disk '${name}' not found in domain`);
}

function tell({flags, values, settle, domain}: VirshCall, target: string): Answer {
	const job = domain.blockJobs.get(target);
	if (flags.has('abort')) {
		return settle(job ? undefined : `invalid argument: disk ${target} does not have an active block job`, () => {
			job!.abort.abort();
		});
	}

	if (values.has('bandwidth')) {
		return settle(job !== undefined || domain.job?.type === 'Backup' ? undefined : `invalid argument: disk ${target} does not have an active block job`, () => undefined);
	}

	return say(job && (flags.has('raw')
		? ` type=${job.type}\n bandwidth=0\n cur=${job.doneBytes}\n end=${job.totalBytes}\n`
		: `${job.type}: [${(job.doneBytes * 100 / Math.max(1, job.totalBytes)).toFixed(2).padStart(6)} %]\n`));
}

function notBeneath(base: string | undefined, top: string, target: string): string {
	return `invalid argument: could not find image '${base}' beneath '${top}' in chain for '${target}'`;
}

/** What stands against a job on this disk, where the images are right. */
function jobProblems(domain: DemoDomain, target: string): Rows {
	return [[!domain.live, notRunning], [domain.blockJobs.has(target), `block copy still active: disk '${target}' already in active block job`]];
}

function commit({world, values, flags, refuseFirst, domain}: VirshCall, disk: ActiveDisk): Answer | Copying {
	const {target, path: active} = disk;
	const chain = readChain(world, active).files;
	const top = values.get('top') ?? active;
	const into = values.get('base') ?? chain.at(-1)!.path;
	const layers = layersAbove(world, top, into);
	const isActive = top === active;
	return refuseFirst(
		[!chain.some(({path}) => path === top), `invalid argument: could not find image '${top}' in chain for '${target}'`],
		[!layers, notBeneath(into, top, target)],
		[isActive && !flags.has('active'), `invalid argument: commit of '${target}' active layer requires active flag`],
		[!isActive && flags.has('active'), `invalid argument: active commit requested but '${top}' is not active`],
		...jobProblems(domain, target),
	) ?? work({
		world, domain, disk, type: isActive ? 'Active Block Commit' : 'Block Commit', grows: world.files.get(into)!, layers: layers!,
		finish(base, layers) {
			commitLayers(world, layers, base);
			const above = chain.find(file => belowOf(world, file)?.path === top);
			if (above) {
				linkTo(world, above, base);
			}

			return isActive ? base : undefined;
		},
	});
}

function pull({world, values, refuseFirst, domain}: VirshCall, disk: ActiveDisk): Answer | Copying {
	const base = values.get('base');
	const layers = base === undefined ? readChain(world, disk.path).files : layersAbove(world, disk.path, base);
	return refuseFirst([!layers, notBeneath(base, disk.path, disk.target)], ...jobProblems(domain, disk.target)) ?? work({
		world, domain, disk, type: 'Block Pull', grows: layers![0]!, layers: layers!.slice(1),
		finish(top, below) {
			pullLayers(world, top, below);
			linkTo(world, top, world.files.get(base ?? ''));
			return undefined;
		},
	});
}

/** As QEMU's own jobs write it into a header: absolute, with its format. */
function linkTo(world: DemoWorld, image: DemoFile, backing: DemoFile | undefined): void {
	changeImage(world, image, {backing: backing && {name: backing.path, format: backing.format}});
}

type Work = {
	world: DemoWorld; domain: DemoDomain; disk: ActiveDisk; type: string; grows: DemoFile; layers: readonly DemoFile[];
	/** Gives the image that the disk has afterwards, if it is another. */
	finish: (grows: DemoFile, layers: readonly DemoFile[]) => DemoFile | undefined;
};

function work({world, domain, disk, type, grows, layers, finish}: Work): Copying {
	const bytes = bytesOf(layers);
	const job = createJob(type, bytes);
	domain.blockJobs.set(disk.target, job);
	return {
		bytes,
		grows,
		job,
		finish() {
			domain.blockJobs.delete(disk.target);
			const to = finish(grows, layers);
			// Block jobs take the bitmaps along; qemu-img does not.
			grows.bitmaps = [...new Set([grows, ...layers].flatMap(({bitmaps}) => bitmaps))];
			const isPersistent = readDisks(domain.definition).some(({target, path}) => target === disk.target && path === disk.path);
			switchDisks(world, domain, {paths: new Map(to && [[disk.target, to.path]]), targets: new Set([disk.target]), format: to?.format, isPersistent});
			return say();
		},
		stop() {
			domain.blockJobs.delete(disk.target);
			return {stdout: `\n${type.split(' ').at(-1)} aborted`, stderr: '', exitCode: 1};
		},
	};
}
