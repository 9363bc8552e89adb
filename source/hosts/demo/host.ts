/**
The demo host: stands where virsh, qemu-img and the file tools of a real host would, so that the real libvirt owner, planner and executor
run on it unchanged. Everything is in memory; nothing on the machine is touched.
*/
import {setImmediate, setTimeout as sleep} from 'node:timers/promises';
import type {CommandFile} from '../../model/plan/plan.ts';
import {fail, succeed} from '../../model/result.ts';
import type {LineWatcher, Runner} from '../../tools/run/run.ts';
import type {StateStore} from '../../engine/ports.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import {createMemoryStore} from '../../tools/state/memory-store.ts';
import {carryOut, complain, isCopying, type Answer, type Copying} from './simulator/program.ts';
import {createDemoMonitors, startDaemon} from './simulator/storage-daemon.ts';
import {fileCommands} from './simulator/tools/files.ts';
import {runQemuImg, runQemuIo} from './simulator/tools/qemu-img.ts';
import {isChangingVirsh, runVirsh} from './simulator/virsh/run-virsh.ts';
import {createWorld, type DemoWorld} from './simulator/world.ts';
import {buildEstate} from './story/estate.ts';

export type DemoHost = {
	runner: Runner;
	lines: LineWatcher;
	store: StateStore;
	/** Of programs of our own. */
	monitors: Monitors;
	/** For tests: what the host is made of. */
	world: DemoWorld;
};

type Program = (world: DemoWorld, words: string[], files: CommandFile[], input?: string) => Answer | Copying;

const programsOfFiles = Object.fromEntries(Object.entries(fileCommands).map(([name, run]): [string, Program] => [name, (world, words, _files, input) => run(world, words, input)]));

const programs: Record<string, Program> = {virsh: runVirsh, 'qemu-img': runQemuImg, 'qemu-io': runQemuIo, 'qemu-storage-daemon': startDaemon, ...programsOfFiles};

/** `changeMs`: how long each changing command takes, so that a person can watch a plan run; those that copy take longer. */
export function createDemoHost(options: {now: () => Date; changeMs?: number}): DemoHost {
	const world = createWorld(options.now);
	const {domain: {uuid, name}, folder, atMs} = buildEstate(world);
	const store = createMemoryStore([{
		at: new Date(atMs).toISOString(), user: 'tomasz (as root)', from: undefined, uri: 'demo:///system', domain: {uuid, name}, action: `back up to ${folder}`, outcome: 'done', detail: undefined, durationMs: 512_000,
		request: {kind: 'backup', domain: {uuid, name}, to: folder, since: {kind: 'latest'}, checkpoint: undefined, description: undefined, disks: [], isQuiesced: false, rateBytes: undefined},
	}]);
	return {
		world,
		store,
		monitors: createDemoMonitors(world, options.changeMs ?? 0),
		async runner(request) {
			const {argv, files = [], input, isMutating = false, acceptedExitCodes = []} = request;
			// As a process would: the screen is drawn in between.
			await setImmediate();
			const startedAtMs = Date.now();
			const {changeMs = 0} = options;
			if (changeMs > 0 && (isMutating || isChangingVirsh(argv.slice(1)))) {
				await sleep(changeMs);
			}

			const [program = '', ...words] = argv;
			const begun = programs[program]?.(world, words, files, input) ?? {...complain(`${program}: the demo host does not know this command`), exitCode: 127};
			const answer = isCopying(begun) ? await carryOut(begun, changeMs) : begun;
			if (answer.goesOn) {
				void carryOut(answer.goesOn, changeMs);
			}

			const durationMs = Date.now() - startedAtMs;
			return [0, ...acceptedExitCodes].includes(answer.exitCode)
				? succeed({stdout: answer.stdout, stderr: answer.stderr, durationMs})
				: fail({kind: 'tool-failed', cause: {argv, exitCode: answer.exitCode, timedOut: false, stderr: answer.stderr, durationMs}});
		},
		// Only `virsh event` is watched.
		lines({onLine}) {
			world.listeners.add(onLine);
			return () => {
				world.listeners.delete(onLine);
			};
		},
	};
}
