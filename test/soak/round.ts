/**
One round of the soak: a random action on a random moment's host, disturbed at a random instant, recovered, and then compared byte for byte with what may be there.
*/
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {Random} from '../helpers/random.ts';
import {
	readState, start, stop, type LabDomain,
} from '../lab/domains.ts';
import {
	report, runProgram, type ProgramResult,
} from '../lab/program.ts';
import {writeLive, writeOffline, readHeads} from '../lab/slots.ts';
import {readChain, readStrays} from '../lab/world.ts';
import {randomAction, type SoakAction} from './actions.ts';
import {isSame, readEstate, type Estate} from './estate.ts';
import {mischiefs, waitForCommands, type Mischief} from './mischief.ts';

export type RoundEnd = {
	what: string;
	exitCode: number | string | null;
	/** What was lost, left or stuck; empty: all is well. */
	faults: Array<{kind: 'lost' | 'stuck' | 'stray' | 'untrue'; text: string}>;
};

const slotCount = 4;

/** The guest works a little, or somebody switches it on or off. */
async function live(domain: LabDomain, random: Random): Promise<void> {
	if (random.oneIn(3)) {
		await ((await readState(domain)) === 'shut off' ? start(domain) : stop(domain));
	}

	const writes = domain.disks.filter(() => !random.oneIn(3)).map(({target}) => ({target, pattern: 1 + random.below(250), slot: 1 + random.below(slotCount)}));
	const state = await readState(domain);
	if (state === 'running') {
		await writeLive(domain, writes);
	} else if (state === 'shut off') {
		const heads = await readHeads(domain);
		for (const {target, pattern, slot} of writes) {
			await writeOffline(heads.get(target)!, pattern, slot);
		}
	}
}

/** As a person would: the way that the program proposes, then each of the others. Gives why it is stuck, if it is. */
async function recoverAll(domain: LabDomain): Promise<string | undefined> {
	let last: ProgramResult | undefined;
	for (const ways of [[], [], ['--roll-forward'], ['--roll-back'], 'off', [], ['--roll-forward'], ['--roll-back']] as const) {
		const shown = await runProgram(domain, ['recover', '--json']);
		if (shown.exitCode === 0) {
			return undefined;
		}

		if (ways === 'off') {
			await stop(domain);
		} else {
			last = await runProgram(domain, ['recover', ...ways, '--yes', '--json'], {timeoutMs: 180_000});
			await waitForCommands(domain);
		}
	}

	return (await runProgram(domain, ['recover', '--json'])).exitCode === 0 ? undefined : report(last!);
}

type Expectation = {before: Estate; after: SoakAction['after']; otherName: string; mischief: Mischief; result: ProgramResult};

function compare(found: Estate, {before, after, otherName, mischief, result}: Expectation): RoundEnd['faults'] {
	const faults: RoundEnd['faults'] = [];
	if (!isSame(found.head, before.head) && !isSame(found.head, after.head)) {
		faults.push({kind: 'lost', text: `the disks hold neither what they held nor what they should: ${JSON.stringify({found: found.head, before: before.head, after: after.head})}`});
	}

	for (const [name, digests] of found.snapshots) {
		const wanted = name === otherName ? [before.head, after.head] : [before.snapshots.get(name), after.snapshots.get(name)].filter(each => each !== undefined);
		if (!wanted.some(each => isSame(each, digests))) {
			faults.push({kind: 'lost', text: `the snapshot "${name}" holds ${JSON.stringify(digests)} instead of ${JSON.stringify(wanted)}`});
		}
	}

	for (const name of before.snapshots.keys()) {
		if (!found.snapshots.has(name) && after.snapshots.has(name)) {
			faults.push({kind: 'lost', text: `the snapshot "${name}" is gone`});
		}
	}

	const isAt = (estate: Pick<Estate, 'head' | 'snapshots'>) => isSame(found.head, estate.head)
		&& [...found.snapshots.keys()].filter(name => name !== otherName).sort().join('/') === [...estate.snapshots.keys()].sort().join('/');
	if (result.exitCode === 0 && !isAt(after)) {
		faults.push({kind: 'untrue', text: 'exit code 0, and the action is not done'});
	}

	if ([1, 2, 3, 6, 7].includes(result.exitCode ?? -1) && !isAt(before)) {
		faults.push({kind: 'untrue', text: `exit code ${result.exitCode!}, and it is not as before`});
	}

	if (mischief.what === 'nothing' && ![0, 3].includes(result.exitCode ?? -1)) {
		faults.push({kind: 'untrue', text: 'nothing was disturbed, and it failed'});
	}

	return faults;
}

/** `durationMs`: how long an action takes at the most, so that the mischief falls into it. */
export async function playRound(domain: LabDomain, random: Random, given: {name: string; durationMs: number}): Promise<RoundEnd> {
	await live(domain, random);
	const before = await readEstate(domain);
	const straysBefore = await readStrays(domain);
	const action = randomAction(before, random, given.name);
	const mischief = random.pick(mischiefs);
	const argv = action.argv(domain.name);
	const afterMs = random.below(given.durationMs);
	const otherName = `o-${given.name}`;
	let heal: Promise<(() => Promise<unknown>) | void> | undefined;
	const result = await runProgram(domain, [...argv.slice(0, argv.indexOf('--')), '--yes', ...argv.slice(argv.indexOf('--'))], {
		timeoutMs: 300_000,
		onStart(pid) {
			heal = setTimeout(afterMs).then(async () => mischief.begin({domain, pid, otherName}));
		},
	});
	const end = await heal;
	await end?.();
	await waitForCommands(domain);
	const what = `${argv.join(' ')}; after ${afterMs} ms: ${mischief.what}`;
	const faults: RoundEnd['faults'] = [];
	const stuck = await recoverAll(domain);
	if (stuck !== undefined) {
		faults.push({kind: 'stuck', text: stuck});
	}

	try {
		const found = await readEstate(domain);
		const all = await readStrays(domain);
		// What somebody else's snapshot made in the moment of the switch is theirs: the doctor tells of it, and we never remove it, nor what it is backed by.
		const theirs = all.filter(name => straysBefore.includes(name) || name.endsWith(`.${otherName}`));
		const chains = await Promise.all(theirs.map(async name => readChain(path.join(domain.folder, name), 'qcow2').catch(() => [])));
		const excused = new Set([...theirs.map(name => path.join(domain.folder, name)), ...chains.flat()]);
		const strays = all.filter(name => !excused.has(path.join(domain.folder, name)));
		faults.push(...compare(found, {before, after: action.after, otherName, mischief, result}), ...strays.map(text => ({kind: 'stray' as const, text})));
	} catch (error) {
		faults.push({kind: 'lost', text: String(error)});
	}

	if (faults.length > 0) {
		faults.push({kind: 'untrue', text: report(result)});
	}

	return {what, exitCode: result.exitCode ?? result.signal, faults};
}
