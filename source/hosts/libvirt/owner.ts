/**
A libvirt host as the engine sees it. Here the parts are put together; each stands in a file of its own.

Every purpose has processes of its own, so a question that waits for a busy domain holds up no other.
*/
import type {Owner} from '../../engine/ports.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {HostFacts} from '../../model/domain/inventory.ts';
import {fail, succeed} from '../../model/result.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import type {LineWatcher, Runner} from '../../tools/run/run.ts';
import {runCommand} from '../../tools/run/run-command.ts';
import {readDataSizes} from '../../tools/files/measure-images.ts';
import {readImageUsers} from '../shared/image-users.ts';
import {readInventory, readDetails} from '../shared/read-inventory.ts';
import {readSurroundings} from '../shared/read-surroundings.ts';
import type {RecordSource} from '../shared/record-source.ts';
import {createClaims} from './claims.ts';
import {createFileFence, withoutFence} from './file-fence.ts';
import {observe} from './observe.ts';
import {readDomainRecords} from './read/read-domain.ts';
import {readForeignRecords} from './read/read-foreign.ts';
import {readDomains, readHost, readSnapshotCounts} from './read/read-host.ts';
import {readJobs} from './read/read-jobs.ts';
import {readMemoryFile} from './read/read-memory.ts';
import {readFileOwnership, readKeepsOwners} from './read/read-ownership.ts';
import {readProgress} from './read/read-progress.ts';
import {isSession} from './uri.ts';
import {createVirsh} from './virsh.ts';
import {findForeignFile, readSizesThere, sizesOf} from './same-files.ts';
import {watchEvents} from './watch.ts';

export type LibvirtOwnerOptions = {
	runner: Runner;
	lines: LineWatcher;
	/** Undefined: virsh's own default. */
	uri: string | undefined;
	isReadOnly: boolean;
	owner: HostFacts['owner'];
	/** For files that virsh reads. Undefined: this host has no other users, and no marks for them. */
	privatePath?: string;
	/** Whether it is proven, before any command on files, that libvirt's host is the machine on which it runs. */
	isFenced?: boolean;
};

export function createLibvirtOwner(options: LibvirtOwnerOptions): Owner {
	const {
		runner: programs, lines, uri, isReadOnly, owner, privatePath,
	} = options;
	const virsh = createVirsh({runner: programs, uri, isReadOnly});
	const fence = options.isFenced ? createFileFence({runner: programs, virsh}) : withoutFence(programs);
	const {runner} = fence;
	// libvirt refuses to tell secrets to a connection that may only read.
	const secrets = isReadOnly ? [] : ['--security-info'];
	const source: RecordSource = {
		readRecords: async (uuid, withSecrets) => readDomainRecords(virsh, uuid, withSecrets ? secrets : []),
		readForeign: async exceptUuid => readForeignRecords(virsh, exceptUuid),
		readMemoryFile: async (path, records) => readMemoryFile({runner, virsh, path, secrets: records === undefined ? [] : secrets}),
		readJobs: async domain => readJobs(virsh, domain),
	};
	const reading = {source, runner, checkFiles: fence.check, nowMs: () => Date.now()};
	const endings = new Set<() => void>();

	return {
		...(privatePath !== undefined && {claims: createClaims({virsh, runner, folderPath: privatePath})}),
		readHost: async () => readHost(virsh, {uri, owner, isReadOnly}),
		readDomains: async () => readDomains(virsh),
		readSnapshotCounts: async uuids => readSnapshotCounts(virsh, uuids),
		readDetails: async (uuid, pictureOptions) => readDetails(reading, uuid, pictureOptions),
		async readInventory(uuid, alsoPaths = []) {
			const [access, host] = await Promise.all([fence.check({isFresh: true}), readHost(virsh, {uri, owner, isReadOnly})]);
			if (!access.ok) {
				return access;
			}

			const [inventory, there] = await Promise.all([
				host.ok ? readInventory(reading, host.value, {uuid, alsoPaths}) : host,
				options.isFenced ? readSizesThere(virsh, uuid) : undefined,
			]);
			const {domain, images} = inventory.ok ? inventory.value.details : {domain: undefined, images: []};
			const foreign = domain && there && await findForeignFile({runner, virsh}, {domain, there, here: sizesOf(images)});
			if (foreign !== undefined) {
				return fail({
					kind: 'files-elsewhere',
					text: `The images are not those of this machine: ${foreign}.`,
					remedy: 'Run vsnap-tui where libvirt\'s daemon runs: in its container, or on its host by qemu+ssh://HOST/system.',
				});
			}

			const asksOwners = inventory.ok && hasProcess(inventory.value.details.domain) && !isSession(inventory.value.host.uri);
			return inventory.ok && asksOwners && await readKeepsOwners(runner) ? succeed({...inventory.value, keepsOwners: true}) : inventory;
		},
		async readSurroundings(request) {
			const [surroundings, fileOwnership] = await Promise.all([
				readSurroundings(reading, request),
				readFileOwnership(runner, async () => {
					const capabilities = await virsh.askOne(['capabilities']);
					return capabilities.ok ? capabilities.value : undefined;
				}),
			]);
			return surroundings.ok ? succeed({...surroundings.value, fileOwnership}) : surroundings;
		},
		readDefinition: async uuid => virsh.askOne(['dumpxml', '--domain', uuid, '--inactive', ...(isReadOnly ? [] : ['--security-info'])]),
		readDataSizes: async (runs, images) => readDataSizes(runner, runs, images),
		observe: async probe => observe({runner, virsh, source}, probe),
		readImageUsers: async path => readImageUsers({runner, source}, path),
		readFileStamps: async paths => readFileStamps(runner, paths),
		async run(command, runOptions = {}) {
			if (isReadOnly) {
				return fail({kind: 'read-only'});
			}

			if (command.tool === 'qmp') {
				return fail({kind: 'unreadable', what: 'A plan', reason: 'libvirt holds the monitor of its domains'});
			}

			return runCommand(runner, command, {where: command.tool === 'virsh' ? 'here' : 'host', timeoutMs: runOptions.timeoutMs});
		},
		readProgress: async progress => readProgress({runner, virsh}, progress),
		watch(listener) {
			const end = watchEvents({lines, argv: [...virsh.prefix, 'event', '--all', '--loop'], onChange: listener});
			endings.add(end);
			return () => {
				endings.delete(end);
				end();
			};
		},
		async close() {
			for (const end of endings) {
				end();
			}

			endings.clear();
		},
	};
}
