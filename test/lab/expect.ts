/**
What must hold after a revert, asked of the disks and of virsh, never of the program itself.
*/
import {stat} from 'node:fs/promises';
import type {ExecutionContext} from 'ava';
import {type LabDomain, readState, start, stop} from './domains.ts';
import {report, type ProgramResult} from './program.ts';
import {readStrays, readWorld} from './world.ts';
import {digestHeads, readHeads} from './slots.ts';
import {readCurrent, type Digests} from './snapshots.ts';

export type Expectation = {
	digests: Digests;
	current: string;
	state?: 'running' | 'paused' | 'shut off';
};

/** Exit code 0; each disk holds what it held; the definition and the running domain name the same files; virsh agrees; no file too many. */
export async function expectReverted(t: ExecutionContext, domain: LabDomain, result: ProgramResult, wanted: Expectation): Promise<void> {
	t.is(result.exitCode, 0, report(result));
	t.is(await readState(domain), wanted.state ?? 'shut off');
	t.deepEqual(await digestHeads(domain), wanted.digests, 'bytes of the disks');
	t.deepEqual(await readHeads(domain, {inactive: true}), await readHeads(domain), 'the next start uses the same disks');
	t.is(await readCurrent(domain), wanted.current);
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
