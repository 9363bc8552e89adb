/**
Runs branch, merge and delete as a person without a terminal would, and tells what every snapshot of a domain holds, read from the disks.
*/
import type {Plan} from '../../source/model/plan/plan.ts';
import type {LabDomain} from './domains.ts';
import {
	report, runProgram, type ProgramOptions, type ProgramResult,
} from './program.ts';
import {digestImage, readHeads} from './slots.ts';
import {readRecords, type Digests} from './snapshots.ts';
import {readDisks} from './xml-text.ts';

export type Verb = 'branch' | 'merge' | 'delete' | 'rename';

/** A branch ends off, so that its disks can be compared, unless the flags say otherwise. */
function endingOfVerb(verb: Verb, flags: readonly string[] = []): string[] {
	return verb === 'branch' && !flags.some(flag => /^--(?:running|paused|shutoff)$/.test(flag)) ? [...flags, '--shutoff'] : [...flags];
}

/** `flags` stand before the names, which may look like options. */
export async function change(domain: LabDomain, verb: Verb, names: string[], options: ProgramOptions & {flags?: string[]} = {}): Promise<ProgramResult> {
	return runProgram(domain, [verb, ...endingOfVerb(verb, options.flags), '--yes', '--json', '--', domain.name, ...names], options);
}

export async function readChangePlan(domain: LabDomain, verb: Verb, names: string[], flags: string[] = []): Promise<Plan> {
	const result = await runProgram(domain, [verb, ...endingOfVerb(verb, flags), '--dry-run', '--json', '--', domain.name, ...names]);
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	return JSON.parse(result.stdout) as Plan;
}

/** What each snapshot froze, by its name and the disk's target: digests of what a guest would read. The current state stands under ''. */
export async function digestSnapshots(domain: LabDomain): Promise<Record<string, Digests>> {
	const all: Record<string, Digests> = {};
	for (const [name, xml] of await readRecords(domain)) {
		const stored = xml.slice(xml.indexOf('<domain '));
		all[name] = Object.fromEntries(await Promise.all(readDisks(stored.slice(0, stored.indexOf('</domain>')))
			.map(async disk => [disk.target, await digestImage(disk.path, disk.format)] as const)));
	}

	all[''] = Object.fromEntries(await Promise.all([...await readHeads(domain)].map(async ([target, path]) => [target, await digestImage(path)] as const)));
	return all;
}
