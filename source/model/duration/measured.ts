/**
How long commands took in earlier actions on a host, and what is expected of the next ones of their kind. Where nothing was measured, nothing is expected.
*/
import type {Command, Step} from '../plan/plan.ts';

/** One command of an earlier action. `bytes`: what it copied, as its plan said. */
export type Sample = {kind: string; domain: string; durationMs: number; bytes?: number};

export type Measured = {
	/** The latest last. */
	samples: readonly Sample[];
	/** What went by around each command, for checks, the journal and the proof, in actions of these kinds. */
	around: ReadonlyArray<{action: string; durationMs: number}>;
};

/** So many of a kind are looked at, the latest ones. */
const mostSamples = 7;

/** A copy of less says nothing of the speed. */
const leastBytes = 64 * 1024 * 1024;

function median(values: readonly number[]): number | undefined {
	const sorted = [...values].sort((a, b) => a - b);
	return sorted[Math.floor(sorted.length / 2)];
}

/** What is expected to go by around each command of such an action. Undefined: no action was measured. */
export function aroundMs(action: string, {around}: Measured): number | undefined {
	const own = around.filter(each => each.action === action);
	return median((own.length > 0 ? own : around).slice(-mostSamples).map(({durationMs}) => durationMs));
}

/** Commands of one kind take about as long. Of `virsh` and `qemu-img` the verb counts, and the options that change what it does. */
export function kindOfCommand(command: Command): string {
	if (command.tool === 'qmp') {
		return `qmp ${command.execute}`;
	}

	const [program, ...rest] = command.argv;
	const name = program!.slice(program!.lastIndexOf('/') + 1);
	if (command.tool === 'virsh') {
		const verb = rest.findIndex(word => /^[a-z]/u.test(word) && !word.includes('://'));
		return [name, ...rest.slice(verb, verb + 1).map(word => word.split(' ')[0]!), ...rest.slice(verb + 1).filter(word => /^--[a-z-]+$/u.test(word)).sort()].join(' ');
	}

	return command.tool === 'qemu-img' ? [name, ...rest.slice(0, 1), ...rest.includes('-u') ? ['-u'] : []].join(' ') : name;
}

/** How long it takes depends on the size of something that is not known beforehand. */
function isSized({copyBytes, progress, changesInside, countsOnlyIfLogged, command}: Step): boolean {
	return copyBytes === undefined && (
		progress !== undefined || changesInside !== undefined || countsOnlyIfLogged === true
		|| command.tool === 'seal' || command.tool === 'verify'
		|| (command.tool === 'qmp' && command.until !== undefined && ['job-ready', 'job-pivot', 'migration', 'incoming'].includes(command.until.kind)));
}

/** Whether it is done in a moment, on whatever host. */
export const isQuick = (step: Step): boolean => (step.copyBytes ?? 0) === 0 && !isSized(step);

function copyMs(samples: readonly Sample[], bytes: number): number | undefined {
	const copies = samples.flatMap(({durationMs, bytes: copied}) => copied === undefined ? [] : [{durationMs, copied}]);
	const large = copies.filter(({copied}) => copied >= leastBytes);
	const leastMs = copies.length === 0 ? undefined : Math.min(...copies.map(({durationMs}) => durationMs));
	if (leastMs === undefined || large.length === 0) {
		// As long as one that copied at least as much, never longer by a guess.
		const alike = copies.filter(({copied}) => copied >= bytes);
		return alike.length === 0 ? undefined : Math.max(...alike.map(({durationMs}) => durationMs));
	}

	const takenMs = large.reduce((sum, {durationMs}) => sum + durationMs, 0);
	const copied = large.reduce((sum, sample) => sum + sample.copied, 0);
	return Math.max(leastMs, bytes / copied * takenMs);
}

/** Undefined: nothing like it was measured. */
export function expectedMs(step: Step, domain: string, {samples}: Measured): number | undefined {
	const kind = kindOfCommand(step.command);
	const alike = samples.filter(sample => sample.kind === kind).slice(-mostSamples);
	if (step.copyBytes !== undefined && step.copyBytes > 0) {
		return copyMs(alike, step.copyBytes);
	}

	const own = alike.filter(sample => sample.domain === domain);
	return median((own.length > 0 || isSized(step) ? own : alike).map(({durationMs}) => durationMs));
}
