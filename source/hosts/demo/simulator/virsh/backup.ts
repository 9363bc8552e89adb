/**
virsh's backups on the demo host: disks of a running domain are pushed into files, while the guest goes on. The command answers at once; the job goes on behind it.
*/
import {readWritableDisks} from '../domain-xml.ts';
import {notRunning} from '../lifecycle.ts';
import {createJob, firstOf, say, type Answer, type Copying} from '../program.ts';
import {addFile, emptyImageBytes, readChain, type DemoDomain, type DemoFile, type DemoWorld} from '../world.ts';
import {
	child, children, element, formatXml, parseXml, type XmlNode,
} from '../xml-node.ts';
import {bytesOf, writesOf} from '../images.ts';
import {dirtyBytes, makeCheckpoint, newCheckpointProblem} from './checkpoint.ts';
import {onDocument, type VirshCall, type VirshCommand} from './command.ts';

type Pushed = {target: string; chain: DemoFile[]; file: string; since: string | undefined; bytes: number};

/** The disks that a document names with a target of their own. */
function pushedDisks(world: DemoWorld, domain: DemoDomain, xml: XmlNode): Pushed[] {
	const heads = new Map(readWritableDisks(domain.live).map(({target, path}) => [target, path]));
	return children(child(xml, 'disks'), 'disk').filter(({attributes}) => attributes.backup !== 'no').map(disk => {
		const {name = '', incremental: since} = disk.attributes;
		const chain = readChain(world, heads.get(name) ?? '').files;
		return {
			target: name, chain, file: child(disk, 'target')?.attributes.file ?? '', since, bytes: since === undefined ? bytesOf(chain) : dirtyBytes(world, domain, {target: name, checkpoint: since}),
		};
	});
}

function problemOf({world, domain, flags}: VirshCall, disks: readonly Pushed[]): string | undefined {
	const unknown = disks.find(({since}) => since !== undefined && !domain.checkpoints.has(since));
	const broken = disks.find(({since, chain}) => since !== undefined && !chain[0]?.bitmaps.includes(since));
	const taken = disks.find(({file}) => world.files.has(file));
	const lost = disks.find(({file}) => !world.files.has(file));
	return firstOf(
		[domain.live === undefined, notRunning],
		[domain.job !== undefined, 'Requested operation is not valid: another job is running on the domain'],
		[unknown !== undefined, `Domain checkpoint not found: Checkpoint '${unknown?.since}' for incremental backup of disk '${unknown?.target}' not found`],
		[broken !== undefined, `invalid argument: missing or broken bitmap '${broken?.since}' for disk '${broken?.target}'`],
		[!flags.has('reuse-external') && taken !== undefined, `invalid argument: store '${taken?.file}' for backup of '${taken?.target}' exists`],
		[flags.has('reuse-external') && lost !== undefined, `Cannot access storage file '${lost?.file}': No such file or directory`],
	);
}

function fill(world: DemoWorld, {file, chain, bytes}: Pushed): void {
	const known = world.files.get(file);
	addFile(world, {
		...known, path: file, virtualSizeBytes: chain[0]?.virtualSizeBytes, allocatedBytes: emptyImageBytes + bytes, writes: writesOf(chain), modifiedAtMs: world.now().getTime(),
	});
}

function begin(call: VirshCall, xml: XmlNode, checkpoint: XmlNode | undefined): Answer {
	const {world, domain, refuse} = call;
	const disks = pushedDisks(world, domain, xml);
	const problem = problemOf(call, disks) ?? (checkpoint && newCheckpointProblem(world, domain, checkpoint));
	if (problem !== undefined) {
		return refuse(problem);
	}

	if (checkpoint !== undefined) {
		makeCheckpoint(world, domain, checkpoint);
	}

	const total = disks.reduce((sum, {bytes}) => sum + bytes, 0);
	const job = createJob('Backup', total);
	domain.job = job;
	const [largest] = [...disks].sort((a, b) => b.bytes - a.bytes);
	const end = (isDone: boolean) => () => {
		domain.job = undefined;
		domain.lastJob = {totalBytes: total, doneBytes: isDone ? total : job.doneBytes, error: isDone ? undefined : 'Operation canceled'};
		for (const disk of isDone ? disks : []) {
			fill(world, disk);
		}

		return say();
	};

	const goesOn: Copying = {
		bytes: total, grows: world.files.get(largest?.file ?? ''), job, finish: end(true), stop: end(false),
	};
	return {...say('Backup started\n'), goesOn};
}

export const backupCommands: Record<string, VirshCommand> = {
	'backup-begin': {
		options: 'domain! backupxml! checkpointxml --reuse-external',
		forbidden: 'virDomainBackupBegin',
		run: call => onDocument(call, 'backupxml', 'domainbackup', xml => {
			const path = call.values.get('checkpointxml');
			const text = call.files.find(file => file.path === path)?.text;
			return begin(call, xml, text === undefined ? undefined : parseXml(text, 'domaincheckpoint'));
		}),
	},

	'backup-dumpxml': {
		options: 'domain!',
		run: ({domain: {job}, refuse}) => job?.type === 'Backup' ? say(formatXml(element('domainbackup', {mode: 'push'}))) : refuse('Domain backup job id not found: no domain backup job present'),
	},
};
