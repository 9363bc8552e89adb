/**
virsh's backups on the demo host: disks of a running domain are pushed into files, while the guest goes on. The command answers at once; the job goes on behind it.
*/
import {readWritableDisks} from '../domain-xml.ts';
import {notRunning} from '../lifecycle.ts';
import {createJob, firstOf, say, type Answer, type Copying} from '../program.ts';
import {addFile, emptyImageBytes, ownedByQemu, readChain, type DemoDomain, type DemoFile, type DemoWorld} from '../world.ts';
import {
	child, children, element, formatXml, parseXml, type XmlNode,
} from '../xml-node.ts';
import {bytesOf, writesOf} from '../images.ts';
import {dirtyBytes, makeCheckpoint, newCheckpointProblem} from './checkpoint.ts';
import {onDocument, type VirshCall, type VirshCommand} from './command.ts';

type Pushed = {target: string; chain: DemoFile[]; file: string; since: string | undefined; bytes: number};

/** The disks of a document, and the file that it names for each: the target, or what is scratch. */
function disksOf(world: DemoWorld, domain: DemoDomain, {xml, place}: {xml: XmlNode; place: 'target' | 'scratch'}): Pushed[] {
	const heads = new Map(readWritableDisks(domain.live).map(({target, path}) => [target, path]));
	return children(child(xml, 'disks'), 'disk').filter(({attributes}) => attributes.backup !== 'no').map(disk => {
		const {name = '', incremental: since} = disk.attributes;
		const chain = readChain(world, heads.get(name) ?? '').files;
		return {
			target: name, chain, file: child(disk, place)?.attributes.file ?? '', since, bytes: since === undefined ? bytesOf(chain) : dirtyBytes(world, domain, {target: name, checkpoint: since}),
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
	const disks = disksOf(world, domain, {xml, place: 'target'});
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

/** For others to read: it goes on until it is aborted, and what the guest writes over is kept in the scratch files meanwhile. */
function beginPull(call: VirshCall, xml: XmlNode, checkpoint: XmlNode | undefined): Answer {
	const {world, domain, refuse} = call;
	const disks = disksOf(world, domain, {xml, place: 'scratch'});
	const socket = child(xml, 'server')?.attributes.socket ?? '';
	const problem = problemOf(call, disks) ?? (checkpoint && newCheckpointProblem(world, domain, checkpoint));
	if (problem !== undefined) {
		return refuse(problem);
	}

	if (checkpoint !== undefined) {
		makeCheckpoint(world, domain, checkpoint);
	}

	for (const {file: path, chain} of disks) {
		addFile(world, {path, virtualSizeBytes: chain[0]?.virtualSizeBytes, ...ownedByQemu});
	}

	addFile(world, {path: socket, kind: 'empty', allocatedBytes: 0, ...ownedByQemu});
	const job = createJob('Backup', 0);
	domain.job = job;
	job.isPull = true;
	job.abort.signal.addEventListener('abort', () => {
		domain.job = undefined;
		for (const path of [socket, ...disks.map(({file}) => file)]) {
			world.files.delete(path);
		}
	});
	return say('Backup started\n');
}

export const backupCommands: Record<string, VirshCommand> = {
	'backup-begin': {
		options: 'domain! backupxml! checkpointxml --reuse-external',
		forbidden: 'virDomainBackupBegin',
		run: call => onDocument(call, 'backupxml', 'domainbackup', xml => {
			const path = call.values.get('checkpointxml');
			const text = call.files.find(file => file.path === path)?.text;
			const beginMode = xml.attributes.mode === 'pull' ? beginPull : begin;
			return beginMode(call, xml, text === undefined ? undefined : parseXml(text, 'domaincheckpoint'));
		}),
	},

	'backup-dumpxml': {
		options: 'domain!',
		run: ({domain: {job}, refuse}) => job?.type === 'Backup' ? say(formatXml(element('domainbackup', {mode: job.isPull ? 'pull' : 'push'}))) : refuse('Domain backup job id not found: no domain backup job present'),
	},
};
