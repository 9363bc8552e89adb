/**
The demo host: stands where virsh, qemu-img and the file tools of a real host would, so that the real libvirt owner, planner and executor
run on it unchanged. Everything is in memory; nothing on the machine is touched.
*/
import {setTimeout as sleep} from 'node:timers/promises';
import type {CommandFile} from '../../model/plan/plan.ts';
import {fail, succeed} from '../../model/result.ts';
import type {LineWatcher, Runner} from '../../tools/run/run.ts';
import type {Answer} from './answer.ts';
import {carryOut, isCopying, type Copying} from './copying.ts';
import {buildEstate} from './estate.ts';
import {fileCommands} from './file-commands.ts';
import {openToWrite, runQemuImg} from './qemu-img.ts';
import {isChangingVirsh, runVirsh} from './virsh.ts';
import {createWorld, type DemoWorld} from './world.ts';

export type DemoHost = {
	runner: Runner;
	lines: LineWatcher;
	/** For tests: what the host is made of. */
	world: DemoWorld;
};

/** `changeMs`: how long each changing command takes, so that a person can watch a plan run; those that copy take longer. */
export function createDemoHost(options: {now: () => Date; changeMs?: number}): DemoHost {
	const world = createWorld(options.now);
	buildEstate(world);
	return {
		world,
		async runner(request) {
			const {argv, files = [], isMutating = false, fineCodes = []} = request;
			const startedAtMs = performance.now();
			const {changeMs = 0} = options;
			if (changeMs > 0 && (isMutating || isChangingVirsh(argv.slice(1)))) {
				await sleep(changeMs);
			}

			const begun = runProgram(world, argv, files);
			const answer = isCopying(begun) ? await carryOut(begun, changeMs) : begun;
			const durationMs = Math.round(performance.now() - startedAtMs);
			return [0, ...fineCodes].includes(answer.exitCode)
				? succeed({stdout: answer.stdout, stderr: answer.stderr, durationMs})
				: fail({kind: 'tool-failed', cause: {argv, exitCode: answer.exitCode, timedOut: false, stderr: answer.stderr, durationMs}});
		},
		lines({argv, onLine}) {
			if (argv.includes('event')) {
				world.listeners.add(onLine);
			}

			return () => {
				world.listeners.delete(onLine);
			};
		},
	};
}

function runProgram(world: DemoWorld, argv: string[], files: CommandFile[]): Answer | Copying {
	const [program = '', ...words] = argv;
	if (program === 'virsh') {
		return runVirsh(world, words, files);
	}

	if (program === 'qemu-img') {
		return runQemuImg(world, words);
	}

	if (program === 'qemu-io') {
		return openToWrite(world, words);
	}

	const command = fileCommands[program];
	return command ? command(world, words) : {stdout: '', stderr: `${program}: the demo host does not know this command\n`, exitCode: 127};
}
