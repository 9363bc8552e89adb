/**
What must hold after a revert, asked of the disks and of virsh, never of the program itself.
*/
import {stat} from 'node:fs/promises';
import type {ExecutionContext} from 'ava';
import {type LabDomain, readState, start, stop} from './domains.ts';
import {report, type ProgramResult} from './program.ts';
import {readStrays, readWorld} from './world.ts';
import {virshAll} from './run.ts';
import {digestAll, readHeads} from './slots.ts';
import type {Digests} from './snapshots.ts';
import {readDisks} from './xml-text.ts';

export type Expectation = {
	digests: Digests;
	current: string;
	state?: 'running' | 'paused' | 'shut off';
};

/** Exit code 0; each disk holds what it held; the definition and the running domain name the same files; virsh agrees; no file too many. */
export async function expectReverted(t: ExecutionContext, domain: LabDomain, result: ProgramResult, wanted: Expectation): Promise<void> {
	t.is(result.exitCode, 0, report(result));
	const asked = ['domstate', 'dumpxml', 'dumpxml --inactive', 'snapshot-current --name'].map(words => [...words.split(' '), '--domain', domain.uuid]);
	const [state, xml, inactiveXml, current] = await virshAll(asked) as [string, string, string, string];
	t.is(state.trim(), wanted.state ?? 'shut off');
	const heads = readDisks(xml).map(({target, path}) => [target, path] as const);
	t.deepEqual(await digestAll(heads), wanted.digests, 'bytes of the disks');
	t.deepEqual(readDisks(inactiveXml).map(({target, path}) => [target, path] as const), heads, 'the next start uses the same disks');
	t.is(current.replace(/\n$/, ''), wanted.current);
	t.deepEqual(await readStrays(domain), [], 'files that nothing needs');
}

/** Exit code 3 (`exitCode`: another), the reason in words, and nothing touched: definition, records, state, and each file of the folder with its bytes. */
export async function expectRefused(t: ExecutionContext, domain: LabDomain, act: () => Promise<ProgramResult>, reason: RegExp, exitCode = 3): Promise<void> {
	const before = await readWorld(domain);
	const result = await act();
	t.is(result.exitCode, exitCode, report(result));
	t.regex(result.stderr, reason);
	t.deepEqual(await readWorld(domain), before);
}

/** QEMU starts on the new heads, and they are not open to everybody. `ignored`: drives that are not ours to judge. */
export async function expectStarts(t: ExecutionContext, domain: LabDomain, ignored: string[] = []): Promise<void> {
	await start(domain);
	t.is(await readState(domain), 'running');
	for (const [target, headPath] of await readHeads(domain)) {
		const facts = await stat(headPath);
		// The last octal digit is what others may do.
		t.true(ignored.includes(target) || headPath === domain.disks.find(disk => disk.target === target)?.path || facts.mode % 0o10 === 0, `${headPath} is not open to everybody`);
	}

	await stop(domain);
}
