/**
Files that a pull or a commit made larger, and that stay so when it is taken back or fails, though they read the same again.
*/
import {posix} from 'node:path';
import {readImageCommand} from '../../model/plan/image-command.ts';
import type {Step} from '../../model/plan/plan.ts';
import {formatBytes} from '../../model/text/format.ts';
import {succeed} from '../../model/result.ts';
import type {Host} from '../ports.ts';
import type {StepState} from './progress.ts';
import type {Work} from './run-steps.ts';

/** Images that keep the backing file of afterwards: QEMU cannot give one that it has open the earlier one again. */
async function stillBackedByNext({undo}: Step, host: Host, path: string): Promise<boolean> {
	const name = undo?.flatMap(command => {
		const read = command.tool === 'qmp' || command.onlyIf === undefined ? undefined : readImageCommand(command);
		return read?.verb === 'rebase' && read.path === path ? [read.other] : [];
	})[0];
	const probe = name === undefined ? undefined : await host.observe({kind: 'not', of: {kind: 'backed-by', path, backing: posix.resolve(posix.dirname(path), name)}});
	return probe?.ok === true && probe.value;
}

/** In sentences; empty: none did. `states`: as they were before anything was taken back. */
export async function findGrown({plan, host}: Pick<Work, 'plan' | 'host'>, states: ReadonlyMap<string, StepState>): Promise<string[]> {
	const begun = plan.steps.filter(({id, grows}) => grows !== undefined && (states.get(id) ?? 'untouched') !== 'untouched');
	const stamps = begun.length === 0 ? succeed([]) : await host.readFileStamps(begun.map(({grows}) => grows!.path));
	const left: string[] = [];
	for (const step of begun) {
		const {path, allocatedBytes} = step.grows!;
		const now = stamps.ok ? stamps.value.find(stamp => stamp.path === path)?.allocatedBytes : undefined;
		const more = now === undefined ? undefined : now - allocatedBytes;
		if (more === undefined || more > 0) {
			left.push(`${path} ${more === undefined ? 'may stay larger' : `stays ${formatBytes(more)} larger (${more} bytes)`}: data that was copied into it stays.`);
		}

		if (await stillBackedByNext(step, host, path)) {
			left.push(`${path} holds all of what it was backed by, and is no longer backed by it: it reads the same.`);
		}
	}

	return left;
}
