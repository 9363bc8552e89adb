/**
Follows what a refusal advises: it is provoked, its remedy is compared, what it says is done, and the same request is asked again. `docs/remedies.md` names the case of each.
*/
import path from 'node:path';
import {writeFile} from 'node:fs/promises';
import type {ExecutionContext} from 'ava';
import type {LabDomain} from './domains.ts';
import {report, runProgram} from './program.ts';
import {run} from './run.ts';
import {labUri} from './settings.ts';

type ErrorLine = {error?: {hint?: string; remedy?: string; blockers?: Array<{remedy?: string}>}};

/** `create … --yes --json -- DOMAIN NAME`; a document brings its own name. */
export function createArgs(domain: LabDomain, name: string, ...options: string[]): string[] {
	return ['create', ...options, '--yes', '--json', '--', domain.name, ...(options.includes('--xml') ? [] : [name])];
}

export async function documentFile(domain: LabDomain, xml: string): Promise<string> {
	const file = path.join(domain.statePath, 'wish.xml');
	await writeFile(file, xml);
	return file;
}

/** What is asked is refused, and one of the remedies holds these words; gives that remedy. */
export async function refused(t: ExecutionContext, domain: LabDomain, args: string[], remedy: string | RegExp): Promise<string> {
	const result = await runProgram(domain, args);
	t.true([2, 3, 6].includes(result.exitCode!), report(result));
	const line = result.stderr.split('\n').find(text => text.startsWith('{"error"'));
	const {error} = JSON.parse(line ?? (result.stderr.slice(result.stderr.indexOf('{')) || '{}')) as ErrorLine;
	const remedies = [error?.hint, error?.remedy, ...(error?.blockers ?? []).map(blocker => blocker.remedy)].filter(text => text !== undefined);
	const found = remedies.find(text => typeof remedy === 'string' ? text.includes(remedy) : remedy.test(text));
	t.not(found, undefined, `${String(remedy)}\n${report(result)}`);
	return found ?? '';
}

export async function succeeds(t: ExecutionContext, domain: LabDomain, args: string[]): Promise<string> {
	const result = await runProgram(domain, args);
	t.is(result.exitCode, 0, `${args.join(' ')}\n${report(result)}`);
	return result.stdout;
}

/** One remedy after the other: what is refused, with which advice, and the request that follows it. */
export type Case = {asked: string[]; remedy: string | RegExp; follow?: () => Promise<unknown>; followed?: string[]};

export async function followAll(t: ExecutionContext, domain: LabDomain, cases: Case[]): Promise<void> {
	for (const {asked, remedy, follow, followed} of cases) {
		await refused(t, domain, asked, remedy);
		await follow?.();
		await succeeds(t, domain, followed ?? asked);
	}
}

/** A command line as a remedy names it, as it stands there; only which libvirt is meant is added. */
export async function runAsTold(command: string, options: {cwd?: string} = {}): Promise<string> {
	return run('sh', ['-ec', `export LIBVIRT_DEFAULT_URI=${labUri}\n${command}`], options);
}

export type FindingLine = {kind: string; text: string; remedy?: string};

export async function findings(domain: LabDomain, kind: string): Promise<FindingLine[]> {
	const told = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	return (JSON.parse(told.stdout) as FindingLine[]).filter(finding => finding.kind === kind);
}
