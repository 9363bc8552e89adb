/**
What planners ask of libvirt, by virsh.
*/
import {posix} from 'node:path';
import type {Merge} from '../../../model/images/image-merge.ts';
import {isInNetwork} from '../../../model/qemu/network-image.ts';
import type {
	Command, Instead, Probe,
} from '../../../model/plan/plan.ts';
import {step} from '../../steps/step.ts';
import type {
	Hypervisor, OpenCommit, OpenMerge, Site,
} from '../hypervisor.ts';
import {backupRunning} from './backup.ts';
import {exportsByLibvirt} from './export.ts';
import {checkpointsOf} from './checkpoints.ts';
import {withPoolsRefreshed} from './pools.ts';
import {snapshotRunning} from './snapshot.ts';
import {onDomain, virsh, withXml} from './virsh.ts';

function domainOf(site: Site): Hypervisor['domain'] {
	return {
		stop: isGraceful => onDomain(site, 'destroy', ...(isGraceful ? ['--graceful'] : [])),
		startProblems: () => [],
		start: isPaused => onDomain(site, 'start', ...(isPaused ? ['--paused'] : [])),
		define: (fileName, xml) => withXml(site, fileName, xml, path => ['define', '--file', path]),
		save: path => ({save: onDomain(site, 'save', '--file', path), cancel: [onDomain(site, 'domjobabort')]}),
		restore: path => virsh(site, ['restore', '--file', path]),
		resume: ({memoryPath, definitionXml, isPaused}) => ({
			start: {
				title: 'Resume the domain from the memory file',
				command: withXml(site, 'definition-live', definitionXml, path => ['restore', '--file', memoryPath, '--xml', path, isPaused ? '--paused' : '--running']),
			},
			after: [],
		}),
		// From the domain being off: it starts QEMU with the saved memory.
		resumeInside: ({snapshot, isPaused}) => ({
			title: 'Resume the domain from the memory inside its image',
			command: onDomain(site, 'snapshot-revert', '--snapshotname', snapshot, isPaused ? '--paused' : '--running'),
			switchesToo: true,
		}),
	};
}

function recordsOf(site: Site) {
	return {
		replace: ({fileName, xml, makeCurrent}) => withXml(site, fileName, xml, path =>
			['snapshot-create', '--domain', site.uuid, '--xmlfile', path, '--redefine', ...(makeCurrent ? ['--current'] : [])]),
		makeCurrent: name => onDomain(site, 'snapshot-current', '--snapshotname', name),
		deleteMetadata: name => onDomain(site, 'snapshot-delete', '--snapshotname', name, '--metadata'),
		deleteWithState: name => onDomain(site, 'snapshot-delete', '--snapshotname', name),
	} satisfies Hypervisor['records'];
}

/** Each waits until the job has ended; another virsh can ask how far it is, and abort it. */
function blocksOf(site: Site, records: ReturnType<typeof recordsOf>): Hypervisor['blocks'] {
	const {uuid, graph, inventory: {details, folders}} = site;
	// libvirt finds no image in the network by a name, and takes the lowest image where none is named: nothing is ever below one in the network.
	const baseIs = (path: string) => isInNetwork(path) ? [] : ['--base', path];
	const commitHead = (target: string, into: string) => onDomain(site, 'blockcommit', '--path', target, ...baseIs(into), '--active', '--pivot', '--wait');
	const commit = ({top, into}: {top: string; into: string}, {target, head}: {target: string; head: string}) => graph.keyOf(top) === graph.keyOf(head)
		? commitHead(target, into)
		: onDomain(site, 'blockcommit', '--path', target, ...baseIs(into), '--top', top, '--wait');
	const atWork = (target: string) => ({progress: {kind: 'block-job', uuid, target} as const, cancel: [onDomain(site, 'blockjob', '--path', target, '--abort')]});
	// A stopped QEMU has flushed all its images. In one process, so that the guest goes on also where nobody waits for it.
	const flush = virsh(site, [`suspend --domain ${uuid}; resume --domain ${uuid}`]);
	return {
		// libvirt pulls into the head alone, and only a guest that runs can be stopped for the flush. Out of reach, no header can be written if QEMU is killed in the midst.
		canMerge: ({method, top, below}: Merge, isHead) => method === 'commit' || (isHead && details.domain.state === 'running' && folders.get(posix.dirname(top))?.pool === undefined && !isInNetwork(below ?? '')),
		bitmapsIn: () => [],
		recordedIn: () => [],
		movedBy: () => undefined,
		flush: () => ({...flush, onlyIf: {kind: 'domain-running', uuid}}),
		pull: ({id, title, whenStopped, merge: {below}, target, growth, undo}: OpenMerge & {undo: Command[]}) => [
			step('create', {
				id: `pull-${id}`,
				title,
				command: onDomain(site, 'blockpull', '--path', target, ...(below === undefined ? [] : ['--base', below]), '--wait'),
				undo,
				whenStopped,
				...atWork(target),
				...growth,
			}),
			step('create', {id: `flush-${id}`, title: 'Pause the guest for a moment, so that QEMU writes its metadata to disk', command: flush, guest: 'paused-meanwhile', whenStopped}),
		],
		commit: ({id, title, whenStopped, merge, target, head, doneWhen, instead, growth}: OpenCommit) => [
			step('switch', {id: `commit-${id}`, title, command: commit(merge, {target, head}), undo: null, doneWhen, whenStopped, instead, ...atWork(target), ...growth}),
		],
		commitOnceStarted: (merge, disk, doneWhen: Probe): Instead => ({
			onlyIf: {kind: 'domain-active', uuid},
			commands: [{...commit(merge, disk), onlyIf: {kind: 'not', of: doneWhen}}],
			cancel: atWork(disk.target).cancel,
		}),
		mergeBack: ({target, overlayPath, headPath}) => ({
			...commitHead(target, headPath), onlyIf: {kind: 'runs-on', uuid, target, path: overlayPath}, merges: overlayPath,
		}),
		// libvirt deletes what it has a record of, wherever that is in the tree, if the record names the images that the domain runs on.
		untag: ({tag, recordXml}) => recordXml === undefined
			? []
			: [records.replace({fileName: 'snapshot-undone', xml: recordXml, makeCurrent: false}), records.deleteWithState(tag)],
	};
}

export function libvirtOf(site: Site): Hypervisor {
	const records = recordsOf(site);
	return {
		snapshotRunning,
		domain: domainOf(site),
		records,
		checkpoints: checkpointsOf(site),
		backup: {running: backupRunning},
		exports: exportsByLibvirt,
		blocks: blocksOf(site, records),
		complete: plan => withPoolsRefreshed(site, plan),
	};
}
