/**
Bare QEMU as the engine sees it: the domains that a person has named by monitors and image files. Here the parts are put together.
*/
import {hostname} from 'node:os';
import type {Host} from '../../engine/ports.ts';
import type {HostFacts, Inventory} from '../../model/domain/inventory.ts';
import {succeed} from '../../model/result.ts';
import type {Runner} from '../../tools/run/run.ts';
import {runCommand} from '../../tools/run/run-command.ts';
import {createCommonHost} from '../shared/common-host.ts';
import {parseVersion} from '../shared/read-answers.ts';
import {readInventory} from '../shared/read-inventory.ts';
import {readSurroundings} from '../shared/read-surroundings.ts';
import {createMonitors, type Monitors} from '../shared/qmp/monitors.ts';
import {createBareDomains} from './bare-domains.ts';
import type {NamedBare} from './bare-names.ts';
import {observeBare} from './observe.ts';
import {runPlanned} from './run-planned.ts';
import {watchByAsking} from './watch.ts';

/** The host of bare domains has no URI; this stands where plans and journals name one. */
const bareUri = 'qemu-bare';

type QemuHostOptions = {
	runner: Runner;
	named: readonly NamedBare[];
	/** The folder with the folders of all records. */
	recordsPath: string;
	isReadOnly: boolean;
	monitors?: Monitors;
};

/** What the domain's own QEMU holds is no obstacle to it. */
function withoutOwnLocks(inventory: Inventory): Inventory {
	const {details, bare} = inventory;
	const images = details.images.map(image => bare?.imageNodes?.get(image.path)?.isWritable ? {...image, problems: image.problems.filter(({kind}) => kind !== 'locked')} : image);
	return {...inventory, details: {...details, images}};
}

/** The version of the program that a domain would be started with. */
async function readProgramVersion(runner: Runner, argv: readonly string[] | undefined): Promise<number> {
	const program = argv?.[argv[0] === 'env' ? 3 : 0];
	const answer = program === undefined ? undefined : await runner({argv: [program, '--version'], where: 'host', timeoutMs: 10_000});
	return answer?.ok ? parseVersion(answer.value.stdout) : 0;
}

export function createQemuHost(options: QemuHostOptions): Host {
	const {runner, named, recordsPath, isReadOnly, monitors = createMonitors()} = options;
	const {readSummaries, read, source} = createBareDomains({monitors, runner, recordsPath}, named);
	const reading = {source, runner};
	const common = createCommonHost({
		reading,
		isReadOnly,
		askDomain: async probe => observeBare(probe, read),
		readJobProgress: monitors.readProgress,
		run: async (command, runOptions = {}) => command.tool === 'qmp'
			? runPlanned(monitors, command, runOptions)
			: runCommand(runner, command, {where: 'host', timeoutMs: runOptions.timeoutMs, signal: runOptions.signal, isDaemon: command.tool === 'qemu' || command.tool === 'qemu-storage-daemon'}),
		startWatching: listener => watchByAsking(async () => {
			const summaries = await readSummaries();
			return summaries.ok ? summaries.value.map(({trace}) => trace).join('\n') : JSON.stringify(summaries.failure);
		}, listener),
	});
	const hostOf = (hypervisorVersion: number): HostFacts => ({
		hypervisor: 'qemu', uri: bareUri, hostname: hostname(), libvirtVersion: 0, hypervisorVersion, isReadOnly,
	});

	return {
		...common,
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
		async readInventory(uuid, alsoPaths = []) {
			const found = await read(uuid);
			if (!found.ok) {
				return found;
			}

			const {bare, version, live} = found.value;
			const host = hostOf(version ?? await readProgramVersion(runner, bare.argv));
			const inventory = await readInventory(reading, succeed(host), {uuid, alsoPaths});
			return inventory.ok ? succeed(withoutOwnLocks({...inventory.value, bare, ...(live?.user && {qemuUser: live.user})})) : inventory;
		},
		readSurroundings: async request => readSurroundings(reading, request),
		async close() {
			await common.close();
			await monitors.close();
		},
	};
}
