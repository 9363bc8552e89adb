/** What holds when a delete or a merge that was killed has been recovered, in whichever direction that was possible. */
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {digestSnapshots} from './change.ts';
import type {LabDomain} from './domains.ts';
import {
	readEvents, readLeftSecrets, recover, report, type ProgramResult,
} from './program.ts';
import {run} from './run.ts';
import type {KillMoment} from './shims.ts';
import type {Digests} from './snapshots.ts';
import {readStrays, takenBy} from './world.ts';

export type Direction = '--roll-back' | '--roll-forward';

export type Killed = {plan: Plan; at: number; moment: KillMoment; direction: Direction};

export function whereKilled({plan, at, moment, direction}: Killed): string {
	return `killed ${moment} step ${at + 1}, ${plan.steps[at]!.id}, then ${direction}\n`;
}

const isFinal = (plan: Plan, at: number) => plan.steps.slice(0, at + 1).some(step => step.undo === null);

/** Goes the way that is wanted; where a commit or a removal has closed it, the other. `where`: for what is said of a failure. */
export async function recoverKilled(t: ExecutionContext, domain: LabDomain, killed: Killed): Promise<{recovered: ProgramResult; isBack: boolean; where: string}> {
	const where = whereKilled(killed);
	const isBackWanted = killed.direction === '--roll-back';
	const taken = await takenBy(domain);
	const first = await recover(domain, killed.direction);
	const isClosed = isBackWanted && first.exitCode === 3;
	t.true(!isClosed || isFinal(killed.plan, killed.at), `${where}only a commit or a removal may forbid to go back\n${report(first)}`);
	const recovered = isClosed ? await recover(domain, '--roll-forward') : first;
	t.is(recovered.exitCode, 0, where + report(recovered));
	// A command that goes on without its parent writes until the recovery has the lock.
	if (killed.moment !== 'during') {
		const {outcome} = readEvents(recovered).findLast(({kind}) => kind === 'finished') as unknown as {outcome: {takenBytes?: number}};
		t.is(outcome.takenBytes, await takenBy(domain) - taken, `${where}what the recovery freed\n${report(recovered)}`);
	}

	return {recovered, isBack: isBackWanted && !isClosed, where: where + report(recovered)};
}

export type Recovered = {before: Record<string, Digests>; gone: string; written?: Digests; isBack: boolean};

/** Every snapshot holds its bytes, and the current state those that were written last; the one that was to go has gone unless all is back, and nothing is left lying. */
export async function expectRecovered(t: ExecutionContext, domain: LabDomain, wanted: Recovered, where: string): Promise<void> {
	const {before, gone, isBack, written = before['']!} = wanted;
	t.truthy(before[gone]);
	const {[gone]: going, ...rest} = before;
	t.deepEqual(await digestSnapshots(domain), {...rest, ...(isBack && {[gone]: going}), '': written}, where);
	t.deepEqual(await readLeftSecrets(domain), [], where);
	if (!isBack) {
		t.deepEqual(await readStrays(domain), [], where);
	}
}

/** The backing file that the header of each image in the domain's folder names, by the image's name. */
export async function readBackingNames(domain: LabDomain): Promise<Record<string, string | undefined>> {
	const names = await readdir(domain.folder);
	const images = names.filter(name => name.startsWith('vd')).sort();
	return Object.fromEntries(await Promise.all(images.map(async name => {
		const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', '-f', 'qcow2', path.join(domain.folder, name)])) as {'backing-filename'?: string};
		return [name, info['backing-filename']] as const;
	})));
}
