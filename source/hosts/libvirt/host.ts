/**
A libvirt host as the engine sees it. Here the parts are put together; each stands in a file of its own.

A question that waits for a busy domain holds up no other: it keeps its virsh to itself, and the others get another one.
*/
import type {Host} from '../../engine/ports.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {HostFacts} from '../../model/domain/inventory.ts';
import {fail, succeed} from '../../model/result.ts';
import type {StartConversation} from '../../tools/run/conversation.ts';
import type {LineWatcher, Runner} from '../../tools/run/run.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import {createCommonHost} from '../shared/common-host.ts';
import {readDetails, readInventory, type Reading} from '../shared/read-inventory.ts';
import {readSurroundings} from '../shared/read-surroundings.ts';
import type {RecordSource} from '../shared/record-source.ts';
import type {FileFence} from '../shared/file-fence.ts';
import {createClaims} from './claims.ts';
import {withDenials} from './denials.ts';
import {createFileFence, withoutFence} from './file-fence.ts';
import {observeDomain} from './observe.ts';
import type {Pools, reachPools} from './pools/reach-pools.ts';
import {readDomainRecords} from './read/read-domain.ts';
import {readForeignRecords} from './read/read-foreign.ts';
import {readDomains, readHost, readSnapshotCounts} from './read/read-host.ts';
import {readJobs} from './read/read-jobs.ts';
import {readMemoryFile} from './read/read-memory.ts';
import {parseProcessUser, readFileOwnership, readKeepsOwners} from './read/read-ownership.ts';
import {readJobProgress} from './read/read-progress.ts';
import {isSession} from './uri.ts';
import {createRun} from './run-planned.ts';
import {createKeptVirsh} from './kept-virsh.ts';
import {createVirsh, type Virsh} from './virsh.ts';
import {findForeignFile, readSizesThere, sizesOf} from './same-files.ts';
import {watchEvents} from './watch.ts';

type LibvirtHostOptions = {
	runner: Runner;
	lines: LineWatcher;
	/** Undefined: virsh's own default. */
	uri: string | undefined;
	isReadOnly: boolean;
	hypervisor: HostFacts['hypervisor'];
	/** For files that virsh reads. Undefined: this host has no other users, and no marks for them. */
	privatePath?: string;
	/** Whether it is proven, before any command on files, that libvirt's host is the machine on which it runs. */
	isFenced?: boolean;
	/** Files that are out of this user's reach are looked at through libvirt's pools. */
	reachesPools?: boolean;
	/** For questions. Missing: each is asked in a process of its own. */
	converse?: StartConversation;
	/** A virsh beside a daemon that is on another machine, for questions. */
	virshThere?: {ssh: readonly string[]; uri: string} | undefined;
	/** Of programs of our own: libvirt holds the monitors of its domains. */
	monitors: Monitors;
};

export function createLibvirtHost(options: LibvirtHostOptions): Host {
	const {
		lines, uri, isReadOnly, hypervisor, privatePath, converse, virshThere, monitors,
	} = options;
	const programs = withDenials(options.runner);
	const virsh = createVirsh({runner: programs, uri, isReadOnly, thereUri: virshThere?.uri, ...(converse && {keep: prefix => createKeptVirsh(converse, prefix, virshThere)})});
	const fence = options.isFenced ? createFileFence({runner: programs, virsh}) : withoutFence(programs);
	const pools = options.reachesPools ? openPools({programs, fence, virsh, isReadOnly}) : undefined;
	const runner: Runner = pools === undefined ? fence.runner : async request => (await pools()).runner(request);
	const check: FileFence['check'] = pools === undefined ? fence.check : async asked => (await pools()).check(asked);
	// libvirt refuses to tell secrets to a connection that may only read.
	const secrets = isReadOnly ? [] : ['--security-info'];
	const listedBefore = new Map<string, readonly string[]>();
	const source: RecordSource = {
		readRecords: async (uuid, {withSecrets, withoutSizes}) => readDomainRecords(virsh, uuid, {secrets: withSecrets ? secrets : [], withoutSizes, listedBefore}),
		readForeign: async exceptUuid => readForeignRecords(virsh, exceptUuid),
		readMemoryFile: async (path, records) => readMemoryFile({runner, virsh, path, secrets: records === undefined ? [] : secrets}),
		readJobs: async domain => readJobs(virsh, domain),
	};
	const reading = {source, runner, checkFiles: check};
	const common = createCommonHost({
		reading,
		isReadOnly,
		askDomain: async probe => observeDomain(probe, virsh),
		readJobProgress: async progress => progress.kind === 'qmp-job' ? monitors.readProgress(progress) : readJobProgress(virsh, progress),
		run: createRun({virsh, runner, monitors}),
		startWatching: listener => watchEvents({lines, argv: [...virsh.prefix, 'event', '--all', '--loop'], onChange: listener}),
	});
	const readThisHost = async () => readHost(virsh, {uri, hypervisor, isReadOnly});

	return {
		...common,
		begin() {
			virsh.begin?.();
		},
		async close() {
			await common.close();
			await monitors.close();
		},
		async readDetails(uuid, readOptions) {
			const details = await common.readDetails(uuid, readOptions);
			// Some of its images are in no pool of a machine where none can be looked at.
			return !details.ok && details.failure.kind === 'files-elsewhere' ? readDetails({source, runner: fence.runner, checkFiles: fence.check}, uuid, readOptions) : details;
		},
		...(privatePath !== undefined && {claims: createClaims({virsh, runner, folderPath: privatePath})}),
		readHost: readThisHost,
		readDomains: async () => readDomains(virsh),
		readSnapshotCounts: async uuids => readSnapshotCounts(virsh, uuids),
		readInventory: async (uuid, alsoPaths = []) => readChecked({reading, virsh, fence, check, pools, readThisHost, isFenced: options.isFenced === true}, {uuid, alsoPaths}),
		async readSurroundings(request) {
			const [surroundings, fileOwnership] = await Promise.all([
				readSurroundings(reading, request),
				readFileOwnership(runner, virsh),
			]);
			return surroundings.ok ? succeed({...surroundings.value, fileOwnership}) : surroundings;
		},
		readDefinition: async uuid => virsh.askOne(['dumpxml', '--domain', uuid, '--inactive', ...secrets]),
	};
}

/** Loaded late: it is not needed for the first frame. */
function openPools(given: Parameters<typeof reachPools>[0]): () => Promise<Pools> {
	let opened: Promise<Pools> | undefined;
	return async () => {
		opened ??= import('./pools/reach-pools.ts').then(module => module.reachPools(given));
		return opened;
	};
}

type CheckedReading = {
	reading: Reading;
	virsh: Virsh;
	fence: FileFence;
	check: FileFence['check'];
	pools: (() => Promise<Pools>) | undefined;
	readThisHost: Host['readHost'];
	isFenced: boolean;
};

/** The inventory, where the files that were looked at are those that libvirt sees. */
async function readChecked({reading, virsh, fence, check, pools, readThisHost, isFenced}: CheckedReading, {uuid, alsoPaths}: {uuid: string; alsoPaths: readonly string[]}): ReturnType<Host['readInventory']> {
	const [access, inventory, there] = await Promise.all([
		check({isFresh: true}),
		readInventory(reading, readThisHost(), {uuid, alsoPaths}),
		isFenced ? readSizesThere(virsh, uuid) : undefined,
	]);
	if (!access.ok) {
		return access;
	}

	if (!inventory.ok) {
		return inventory;
	}

	const {domain, images} = inventory.value.details;
	// What libvirt tells of a volume is no other file than what it tells of a disk.
	const here = sizesOf(images.filter(({file}) => !file?.inode.startsWith('pool:')));
	const foreign = there && await findForeignFile({runner: fence.runner, virsh}, {domain, there, here});
	if (foreign !== undefined) {
		return fail({
			kind: 'files-elsewhere',
			text: `The images are not on this machine: ${foreign}.`,
			remedy: 'Run vsnap-tui where libvirt\'s daemon runs: in its container, or on its host by qemu+ssh://HOST/system.',
		});
	}

	const asksOwners = hasProcess(domain) && !isSession(inventory.value.host.uri);
	const qemuUser = inventory.value.liveXml === undefined ? undefined : parseProcessUser(inventory.value.liveXml);
	const folders = pools === undefined ? inventory.value.folders : (await pools()).foldersReached(inventory.value.folders);
	return succeed({...inventory.value, folders, ...(qemuUser && {qemuUser}), ...(asksOwners && await readKeepsOwners(reading.runner) && {keepsOwners: true})});
}
