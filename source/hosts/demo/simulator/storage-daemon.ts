/**
qemu-storage-daemon on the demo host: what copies the changes of a domain that is off. Its monitor is no socket, and answers the commands of a plan to the end of their work.
*/
import type {Monitors} from '../../shared/qmp/monitors.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import type {QmpCommand} from '../../../model/plan/plan.ts';
import {bytesOf, changeImage, writesOf} from './images.ts';
import {carryOut, createJob, say, type Answer} from './program.ts';
import {emptyImageBytes, readChain, type CopyJob, type DemoDaemon, type DemoWorld} from './world.ts';

type Backup = {'job-id': string; device: string; target: string; sync: string};

/** Which images it has open, by node. Its monitor is where `--chardev` says. */
export function startDaemon(world: DemoWorld, words: string[]): Answer {
	const valuesOf = (option: string) => words.flatMap((word, index) => word === option ? [words[index + 1]!] : []);
	const socketPath = /(?:^|,)path=((?:[^,]|,,)*)/.exec(valuesOf('--chardev')[0] ?? '')?.[1]?.replaceAll(',,', ',') ?? '';
	const nodes = valuesOf('--blockdev').map(text => JSON.parse(text) as {'node-name': string; file: {filename: string}});
	world.daemons.set(socketPath, {files: new Map(nodes.map(node => [node['node-name'], node.file.filename])), jobs: new Map()});
	return say();
}

/** All that is written since a checkpoint is in the head, as far as the demo knows. */
function copy(world: DemoWorld, {files, jobs}: DemoDaemon, {backup, changeMs}: {backup: Backup; changeMs: number}): void {
	const chain = readChain(world, files.get(backup.device) ?? '').files;
	const target = world.files.get(files.get(backup.target) ?? '')!;
	const bytes = bytesOf(backup.sync === 'full' ? chain : chain.slice(0, 1));
	const job = createJob('Backup', bytes);
	const end = (isDone: boolean) => () => {
		if (isDone) {
			changeImage(world, target, {writes: writesOf(chain), allocatedBytes: emptyImageBytes + bytes});
		}

		return {...say(), exitCode: isDone ? 0 : 1};
	};

	jobs.set(backup['job-id'], {job, ended: carryOut({bytes, grows: target, job, finish: end(true), stop: end(false)}, changeMs)});
}

export function createDemoMonitors(world: DemoWorld, changeMs: number): Monitors {
	const silent = (socketPath: string) => fail({kind: 'monitor-failed', socketPath, reason: 'not-listening', text: 'has no listener: the program has ended.'});
	const act = async (daemon: DemoDaemon, {execute, socketPath, arguments: given, until}: QmpCommand): Promise<Result<unknown>> => {
		switch (execute) {
			case 'blockdev-add': {
				const {'node-name': node, file} = given as {'node-name': string; file: {filename: string}};
				daemon.files.set(node, file.filename);
				break;
			}

			case 'transaction': {
				const {actions} = given as {actions: Array<{type: string; data: Backup}>};
				for (const {data} of actions.filter(({type}) => type === 'blockdev-backup')) {
					copy(world, daemon, {backup: data, changeMs});
				}

				break;
			}

			case 'quit': {
				world.daemons.delete(socketPath);
				for (const {job} of daemon.jobs.values()) {
					job.abort.abort();
				}

				break;
			}

			default: {
				const found = daemon.jobs.get(until !== undefined && 'id' in until ? until.id : '');
				if (execute === 'job-cancel') {
					found?.job.abort.abort();
				}

				const ended = await found?.ended;
				return execute === 'job-cancel' || ended?.exitCode === 0 ? succeed({}) : fail({kind: 'qmp-failed', command: execute, class: 'Cancelled', description: 'the job was cancelled'});
			}
		}

		return succeed({});
	};

	return {
		ask: async socketPath => silent(socketPath),
		async run(command) {
			const daemon = world.daemons.get(command.socketPath);
			const startedAt = performance.now();
			const done = daemon === undefined ? (command.until?.kind === 'gone' ? succeed({}) : silent(command.socketPath)) : await act(daemon, command);
			return done.ok ? succeed({stdout: '{}\n', stderr: '', durationMs: Math.round(performance.now() - startedAt)}) : done;
		},
		async readProgress(progress) {
			const job: CopyJob | undefined = progress.kind === 'qmp-job' ? world.daemons.get(progress.socketPath)?.jobs.get(progress.id)?.job : undefined;
			return job && {doneBytes: job.doneBytes, totalBytes: job.totalBytes};
		},
		close: async () => undefined,
	};
}
