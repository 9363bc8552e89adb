/**
Files that a pull or a commit made larger, and that stay so when it is taken back or fails, though they read the same again.
*/
import {formatBytes} from '../../model/text/format.ts';
import {succeed} from '../../model/result.ts';
import type {StepState} from './progress.ts';
import type {Work} from './run-steps.ts';

/** In sentences; empty: none did. `states`: as they were before anything was taken back. */
export async function findGrown({plan, host}: Pick<Work, 'plan' | 'host'>, states: ReadonlyMap<string, StepState>): Promise<string[]> {
	const grown = plan.steps.flatMap(({id, grows}) => grows === undefined || (states.get(id) ?? 'untouched') === 'untouched' ? [] : [grows]);
	const stamps = grown.length === 0 ? succeed([]) : await host.readFileStamps(grown.map(({path}) => path));
	return grown.flatMap(({path, allocatedBytes}) => {
		const now = stamps.ok ? stamps.value.find(stamp => stamp.path === path)?.allocatedBytes : undefined;
		const more = now === undefined ? undefined : now - allocatedBytes;
		return more === undefined || more > 0
			? [`${path} ${more === undefined ? 'may stay larger' : `stays ${formatBytes(more)} larger (${more} bytes)`}: data that was copied into it stays.`]
			: [];
	});
}
