/**
A monitor command of a plan: sent with the nodes as they are named at this moment, and over when QEMU has let go of its images.
*/
import {setTimeout} from 'node:timers/promises';
import type {RunOptions, RunOutput} from '../../engine/ports.ts';
import type {QmpCommand} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Monitors} from '../shared/qmp/monitors.ts';
import {locateFor} from './locate-files.ts';
import {readImageNodes, withNodes} from './read-nodes.ts';
import {isAlive, readQemuProcess} from './read-process.ts';

const endPollMs = 20;
const endPatienceMs = 10_000;

/** The socket is silent a moment before the process has given back its images. Not for ever: one that hangs in the kernel keeps them, and the next command then says so. */
async function waitForEnd(pid: number): Promise<void> {
	for (let leftMs = endPatienceMs; leftMs > 0 && await isAlive(pid); leftMs -= endPollMs) {
		await setTimeout(endPollMs);
	}
}

async function withNodesOf(monitors: Monitors, command: QmpCommand): Promise<Result<QmpCommand>> {
	if (command.nodes === undefined) {
		return succeed(command);
	}

	const {socketPath} = command;
	const found = await readQemuProcess(socketPath);
	const nodes = await readImageNodes(async (execute, parameters) => monitors.ask(socketPath, execute, parameters), locateFor(found));
	const given = nodes.ok ? withNodes(command.arguments, command.nodes, nodes.value) : nodes;
	if (!given.ok || !nodes.ok) {
		return given as Extract<typeof given, {ok: false}>;
	}

	const {until} = command;
	const moved = until !== undefined && 'moved' in until ? until.moved : undefined;
	const renamed = moved && withNodes(moved.nodes, moved.paths, nodes.value);
	if (renamed?.ok === false) {
		return renamed;
	}

	const current = {...command, arguments: given.value};
	if (renamed === undefined) {
		return succeed(current);
	}

	const movedNow = {...moved!, nodes: renamed.value as Record<string, string>};
	return succeed({...current, until: {...until as Extract<QmpCommand['until'], {kind: 'job' | 'job-pivot'}>, moved: movedNow}});
}

export async function runPlanned(monitors: Monitors, planned: QmpCommand, options: RunOptions): Promise<Result<RunOutput>> {
	const command = await withNodesOf(monitors, planned);
	if (!command.ok) {
		return command;
	}

	const process = planned.until?.kind === 'gone' ? await readQemuProcess(planned.socketPath) : undefined;
	const result = await monitors.run(command.value, options);
	if (result.ok && process !== undefined) {
		await waitForEnd(process.pid);
	}

	return result;
}
