/**
Bare QEMU as the engine sees it: the domains that a person has named by monitors and image files. Here the parts are put together.
*/
import {hostname} from 'node:os';
import {setTimeout} from 'node:timers/promises';
import type {Owner, RunOptions, RunOutput} from '../../engine/ports.ts';
import type {DomainSummary} from '../../model/domain/domain.ts';
import type {HostFacts, Inventory} from '../../model/domain/inventory.ts';
import type {Command, QmpCommand} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import type {Runner} from '../../tools/run/run.ts';
import {runCommand} from '../../tools/run/run-command.ts';
import {readDataSizes} from '../../tools/files/measure-images.ts';
import {readImageUsers} from '../shared/image-users.ts';
import {parseVersion} from '../shared/read-answers.ts';
import {readInventory, readDetails} from '../shared/read-inventory.ts';
import {readSurroundings} from '../shared/read-surroundings.ts';
import type {RecordSource} from '../shared/record-source.ts';
import type {NamedBare} from './bare-names.ts';
import {locateFor} from './locate-files.ts';
import {createMonitors, type Monitors} from './qmp/monitors.ts';
import {observeBare} from './observe.ts';
import {readBare, readSummary, type BareRead, type BareReading} from './read-bare.ts';
import {readForeignBare} from './read-foreign.ts';
import {readBareMemoryFile} from './read-memory.ts';
import {readImageNodes, withNodes} from './read-nodes.ts';
import {isAlive, readQemuProcess} from './read-process.ts';
import {watchByAsking} from './watch.ts';

/** The host of bare domains has no URI; this stands where plans and journals name one. */
export const bareUri = 'qemu-bare';

export type BareOwnerOptions = {
	runner: Runner;
	named: readonly NamedBare[];
	/** The folder with the folders of all records. */
	recordsPath: string;
	isReadOnly: boolean;
	monitors?: Monitors;
};

const endPollMs = 20;
const endPatienceMs = 10_000;

/** Not for ever: one that hangs in the kernel keeps its images, and the next command then says so. */
async function waitForEnd(pid: number): Promise<void> {
	for (let leftMs = endPatienceMs; leftMs > 0 && await isAlive(pid); leftMs -= endPollMs) {
		await setTimeout(endPollMs);
	}
}

/** What the domain's own QEMU holds is no obstacle to it. */
function withoutOwnLocks(inventory: Inventory): Inventory {
	const {details, bare} = inventory;
	const images = details.images.map(image => bare?.imageNodes?.get(image.path)?.isWritable ? {...image, problems: image.problems.filter(({kind}) => kind !== 'locked')} : image);
	return {...inventory, details: {...details, images}};
}

type Summary = {uuid: string; named: NamedBare; domain: DomainSummary; count: number; version: number | undefined; trace: string};

export function createBareOwner(options: BareOwnerOptions): Owner {
	const {runner, named, recordsPath, isReadOnly, monitors = createMonitors()} = options;
	const reading: BareReading = {monitors, runner, recordsPath};
	const nameOf = new Map<string, NamedBare>();
	const endings = new Set<() => void>();

	/** Those of which something is known. Fails where none is, with what keeps the first from being asked. */
	async function readSummaries(): Promise<Result<Summary[]>> {
		const found: Summary[] = [];
		let firstFailure: Result<never> | undefined;
		for (const bare of named) {
			const summary = await readSummary(reading, bare);
			if (!summary.ok) {
				firstFailure ??= summary;
			} else if (summary.value === undefined) {
				firstFailure ??= fail({
					kind: 'monitor-failed', socketPath: bare.socketPath ?? '', reason: 'not-listening', text: `is served by nobody, and nothing is recorded of "${bare.name}".`,
				});
			} else {
				const {uuid, live, records} = summary.value;
				const domain: DomainSummary = {uuid, name: bare.name, state: live?.state ?? 'shutoff'};
				const trace = JSON.stringify([bare.name, domain.state, live?.disks, live?.jobs, records.current, records.domainXml, records.snapshots.map(({xml}) => xml)]);
				found.push({
					uuid, named: bare, domain, count: records.snapshots.length, version: live?.version, trace,
				});
			}
		}

		if (found.length === 0 && firstFailure !== undefined) {
			return firstFailure;
		}

		nameOf.clear();
		for (const {uuid, named: bare, domain} of found) {
			const twin = nameOf.get(uuid);
			if (twin !== undefined) {
				return fail({kind: 'unreadable', what: `The domain "${domain.name}"`, reason: `it has the same UUID as "${twin.name}", ${uuid}: nobody could tell them apart`});
			}

			nameOf.set(uuid, bare);
		}

		return succeed(found);
	}

	async function read(uuid: string): Promise<Result<BareRead>> {
		if (!nameOf.has(uuid)) {
			const summaries = await readSummaries();
			if (!summaries.ok) {
				return summaries;
			}
		}

		const bare = nameOf.get(uuid);
		const found = bare === undefined ? succeed(undefined) : await readBare(reading, bare);
		if (!found.ok) {
			return found;
		}

		return found.value?.records.domain.uuid === uuid
			? succeed(found.value)
			: fail({kind: 'domain-not-found', name: uuid, known: named.map(({name}) => name)});
	}

	const source: RecordSource = {
		async readRecords(uuid) {
			const found = await read(uuid);
			return found.ok ? succeed(found.value.records) : found;
		},
		readForeign: async exceptUuid => readForeignBare(reading, named, exceptUuid),
		async readMemoryFile(path, records) {
			const snapshots = [...records?.snapshots ?? []];
			for (const bare of records === undefined ? named : []) {
				const summary = await readSummary(reading, bare);
				snapshots.push(...summary.ok && summary.value ? summary.value.records.snapshots : []);
			}

			return readBareMemoryFile(runner, path, snapshots);
		},
		async readJobs(domain) {
			const found = await read(domain.uuid);
			return found.ok ? succeed(found.value.live?.jobs ?? []) : found;
		},
	};
	const picturing = {source, runner, nowMs: () => Date.now()};

	function hostOf(hypervisorVersion: number): HostFacts {
		return {
			owner: 'qemu', uri: bareUri, hostname: hostname(), libvirtVersion: 0, hypervisorVersion, isReadOnly,
		};
	}

	/** The version of the program that a domain would be started with. */
	async function readProgramVersion(argv: readonly string[] | undefined): Promise<number> {
		const program = argv?.[argv[0] === 'env' ? 3 : 0];
		const answer = program === undefined ? undefined : await runner({argv: [program, '--version'], where: 'host', timeoutMs: 10_000});
		return answer?.ok ? parseVersion(answer.value.stdout) : 0;
	}

	/** The socket is silent a moment before the process has given back its images. */
	/** With the nodes as they are named at this moment. */
	async function addressed(command: QmpCommand): Promise<Result<QmpCommand>> {
		if (command.nodes === undefined) {
			return succeed(command);
		}

		const {socketPath} = command;
		const found = await readQemuProcess(socketPath);
		const nodes = await readImageNodes(
			async (execute, parameters) => monitors.ask(socketPath, execute, parameters),
			locateFor(found),
		);
		const given = nodes.ok ? withNodes(command.arguments, command.nodes, nodes.value) : nodes;
		return given.ok ? succeed({...command, arguments: given.value}) : given;
	}

	async function runMonitorCommand(planned: QmpCommand, options: RunOptions): Promise<Result<RunOutput>> {
		const found = await addressed(planned);
		if (!found.ok) {
			return found;
		}

		const command = found.value;
		const process = command.until?.kind === 'gone' ? await readQemuProcess(command.socketPath) : undefined;
		const result = await monitors.run(command, options);
		if (result.ok && process !== undefined) {
			await waitForEnd(process.pid);
		}

		return result;
	}

	return {
		async readHost() {
			const summaries = await readSummaries();
			return summaries.ok ? succeed(hostOf(summaries.value.find(({version}) => version !== undefined)?.version ?? 0)) : summaries;
		},
		async readDomains() {
			const summaries = await readSummaries();
			return summaries.ok ? succeed(summaries.value.map(({domain}) => domain)) : summaries;
		},
		async readSnapshotCounts(uuids) {
			const summaries = await readSummaries();
			return summaries.ok ? succeed(new Map(summaries.value.filter(({uuid}) => uuids.includes(uuid)).map(({uuid, count}) => [uuid, count]))) : summaries;
		},
		readDetails: async (uuid, pictureOptions) => readDetails(picturing, uuid, pictureOptions),
		async readInventory(uuid, alsoPaths = []) {
			const found = await read(uuid);
			if (!found.ok) {
				return found;
			}

			const {bare, version} = found.value;
			const host = hostOf(version ?? await readProgramVersion(bare.argv));
			const inventory = await readInventory(picturing, host, {uuid, alsoPaths});
			return inventory.ok ? succeed(withoutOwnLocks({...inventory.value, bare})) : inventory;
		},
		readDataSizes: async (runs, images) => readDataSizes(runner, runs, images),
		readSurroundings: async request => readSurroundings({runner, source}, request),
		observe: async probe => observeBare({runner, source, read}, probe),
		readImageUsers: async path => readImageUsers({runner, source}, path),
		readFileStamps: async paths => readFileStamps(runner, paths),
		async run(command: Command, runOptions = {}) {
			if (isReadOnly) {
				return fail({kind: 'read-only'});
			}

			return command.tool === 'qmp'
				? runMonitorCommand(command, runOptions)
				: runCommand(runner, command, {where: 'host', timeoutMs: runOptions.timeoutMs, isDaemon: command.tool === 'qemu'});
		},
		async readProgress(progress) {
			if (progress.kind !== 'file-size') {
				return monitors.readProgress(progress);
			}

			const facts = await readFileFacts(runner, [progress.path]);
			const found = facts.ok ? facts.value.get(progress.path) : undefined;
			return found && {doneBytes: Math.min(found.sizeBytes, progress.totalBytes), totalBytes: progress.totalBytes};
		},
		watch(listener) {
			const end = watchByAsking(async () => {
				const summaries = await readSummaries();
				return summaries.ok ? summaries.value.map(({trace}) => trace).join('\n') : JSON.stringify(summaries.failure);
			}, listener);
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
			await monitors.close();
		},
	};
}
