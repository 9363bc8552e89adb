/**
Domains whose revert was killed in the middle, for the tests of recovery.
*/
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	makeDomain, start, stop, type DomainOptions, type LabDomain,
} from './domains.ts';
import {report, revert} from './program.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {takeChain, type Digests} from './snapshots.ts';
import {makeTemplate, type Template} from './template.ts';

export type Crashed = {domain: LabDomain; digests: Map<string, Digests>; template: Template; plan: Plan; journalPath: string};

/** The journal of the one action that is unfinished. */
export async function readJournal(domain: LabDomain): Promise<{journalPath: string; plan: Plan}> {
	const folder = path.join(domain.statePath, 'journal');
	const [name] = await readdir(folder);
	const journalPath = path.join(folder, name!);
	const [first] = (await readFile(journalPath, 'utf8')).split('\n');
	return {journalPath, plan: (JSON.parse(first!) as {plan: Plan}).plan};
}

/** A revert to s1, killed just after a step. */
export async function crash(t: ExecutionContext, domain: LabDomain, stepId: string): Promise<{journalPath: string; plan: Plan}> {
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === stepId), script: killMoments.after});
	const killed = await revert(domain, 's1', shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	return readJournal(domain);
}

/** A shut off domain whose revert to s1 was killed just after a step. */
export async function makeCrashed(t: ExecutionContext, stepId: string, options: DomainOptions = {}): Promise<Crashed> {
	const domain = await makeDomain(t, {sizeMiB: 8, ...options});
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	await stop(domain);
	const template = await makeTemplate(t, domain);
	return {domain, digests, template, ...await crash(t, domain, stepId)};
}
