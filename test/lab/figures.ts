/**
What a plan says of the room on the host, and what its result says, against what the files of some folders take before and after. Of action and of folder plans alike.
*/
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Plan, Space} from '../../source/model/plan/plan.ts';
import type {LabDomain} from './domains.ts';
import {
	readEvents, report, runProgram, type ProgramResult,
} from './program.ts';

export const clusterBytes = 65_536;

/** What each file of the folders takes, by its path; folders that are not there have none. */
export async function readTaken(folders: readonly string[]): Promise<Map<string, number>> {
	const taken = new Map<string, number>();
	for (const folder of folders) {
		const names = await readdir(folder, {recursive: true}).catch(() => []);
		for (const name of names) {
			const filePath = path.join(folder, name);
			const facts = await stat(filePath);
			if (facts.isFile()) {
				taken.set(filePath, facts.blocks * 512);
			}
		}
	}

	return taken;
}

type Shown = {space?: Space; images?: Partial<Plan['images']>; consequences?: Plan['consequences']; notes?: string[]};

/** `plan` is missing where it was refused: that touches nothing. `changed`: the files that take another room than before, are new, or are gone. */
export type Told = {exitCode: number | null; result: ProgramResult; plan?: Shown; said: string; changed: string[]};

/** Shows the plan, carries it out, and holds both against the files of the folders. */
export async function expectFigures(t: ExecutionContext, domain: LabDomain, {argv, folders}: {argv: string[]; folders: readonly string[]}): Promise<Told> {
	const said = argv.join(' ');
	const dry = await runProgram(domain, ['--dry-run', '--json', ...argv]);
	if (dry.exitCode === 3) {
		return {exitCode: 3, result: dry, said, changed: []};
	}

	t.is(dry.exitCode, 0, `${said}\n${report(dry)}`);
	const plan = JSON.parse(dry.stdout) as Shown;
	const before = await readTaken(folders);
	const result = await runProgram(domain, ['--yes', '--json', ...argv]);
	t.is(result.exitCode, 0, `${said}\n${report(result)}`);
	const after = await readTaken(folders);
	const changed = [...new Set([...before.keys(), ...after.keys()])].filter(file => before.get(file) !== after.get(file));
	const sum = (files: Map<string, number>) => [...files.values()].reduce((all, bytes) => all + bytes, 0);
	const freed = sum(before) - sum(after);
	const planned = [...plan.images?.created?.map(({path: file}) => file) ?? [], ...plan.images?.removed ?? [], ...plan.images?.written ?? []];
	const tolerance = clusterBytes * new Set([...planned, ...changed]).size;
	const {atLeast, atMost} = plan.space?.freed ?? {atLeast: 0, atMost: 0};
	t.true(freed >= atLeast - tolerance && freed <= atMost + tolerance, `${said}: promised ${atLeast} to ${atMost}, freed ${freed}`);
	const finished = readEvents(result).find(({kind}) => kind === 'finished') as unknown as {outcome?: {takenBytes?: number}; takenBytes?: number};
	const takenBytes = finished.outcome?.takenBytes ?? finished.takenBytes ?? 0;
	t.true(Math.abs(freed + takenBytes) <= tolerance, `${said}: said ${takenBytes}, was ${-freed}`);
	return {exitCode: 0, result, plan, said, changed};
}
