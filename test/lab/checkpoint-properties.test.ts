/**
Random sequences of snapshot and checkpoint actions on real libvirt, running and off: from every checkpoint that is left and was not said to end the next increment restores
what the disks hold. The same on block contents, many more: test/model/checkpoint-properties.test.ts.
*/
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {randomFrom, type Random} from '../helpers/random.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start, stop, type LabDomain} from './domains.ts';
import {readIncrement, rememberPoint} from './increments.ts';
import {report, runProgram} from './program.ts';
import {lines, virsh} from './run.ts';
import {writeLive, writeOffline, readHeads} from './slots.ts';

test.before(startLab);

/** `VSNAP_SEED` runs one sequence; `VSNAP_SEQUENCES`: how many. One takes about a minute and a half. */
const seeds = process.env.VSNAP_SEED === undefined ? Array.from({length: Number(process.env.VSNAP_SEQUENCES ?? 2)}, (_, index) => index + 1) : [Number(process.env.VSNAP_SEED)];

const listed = async (domain: LabDomain, kind: 'checkpoint' | 'snapshot') => lines(await virsh(`${kind}-list`, '--domain', domain.uuid, '--name')).filter(name => name !== '');

async function scribble(domain: LabDomain, random: Random): Promise<void> {
	const writes = domain.disks.map(({target}) => ({target, pattern: 1 + random.below(3), slot: random.below(6)}));
	if (await readState(domain) === 'running') {
		await writeLive(domain, writes);
	} else {
		const heads = await readHeads(domain);
		for (const {target, pattern, slot} of writes) {
			await writeOffline(heads.get(target)!, pattern, slot);
		}
	}
}

/** The words of a random action; undefined: there is nothing for it. */
function choose(random: Random, given: {count: number; snapshots: string[]; checkpoints: string[]}): string[] | undefined {
	const {count, snapshots, checkpoints} = given;
	const kind = random.pick(['checkpoint create', 'checkpoint create', 'create', 'create', 'create', 'delete', 'delete', 'merge', 'revert', 'branch', 'checkpoint delete'] as const);
	const keep = random.oneIn(2) ? `--keep=k${count}` : '--discard';
	const snapshot = snapshots.length === 0 ? undefined : random.pick(snapshots);
	switch (kind) {
		case 'checkpoint create': {
			return ['checkpoint', 'create', `c${count}`];
		}

		case 'checkpoint delete': {
			return checkpoints.length === 0 ? undefined : ['checkpoint', 'delete', random.pick(checkpoints)];
		}

		case 'create': {
			return ['create', '--disk-only', `s${count}`];
		}

		case 'revert': {
			return snapshot === undefined ? undefined : ['revert', keep, snapshot];
		}

		case 'branch': {
			return snapshot === undefined ? undefined : ['branch', keep, snapshot, `b${count}`];
		}

		default: {
			return snapshot === undefined ? undefined : [kind, snapshot];
		}
	}
}

async function expectExact(t: ExecutionContext, domain: LabDomain, where: string): Promise<number> {
	const wasOn = await readState(domain) === 'running';
	// What QEMU has not written to the files by now is there afterwards.
	if (wasOn) {
		await stop(domain);
	}

	await start(domain);
	const names = await listed(domain, 'checkpoint');
	for (const name of names) {
		const increment = await readIncrement(domain, name);
		t.is(increment.refusal, undefined, `${where}: ${name}`);
		t.true(increment.isExact, `${where}: ${name} ${JSON.stringify(increment)}`);
	}

	if (!wasOn) {
		await stop(domain);
	}

	return names.length;
}

for (const seed of seeds) {
	test.serial(`sequence ${seed}: each next increment restores the disks, or the plan said that its checkpoint ends`, async t => {
		const random = randomFrom(seed * 7919);
		const domain = await makeDomain(t, {diskCount: 1 + random.below(2), sizeMiB: 8});
		const trail: string[] = [`VSNAP_SEED=${seed}`];
		let increments = 0;
		for (let count = 1; count <= 8; count++) {
			if (random.oneIn(3)) {
				await (await readState(domain) === 'running' ? stop(domain) : start(domain));
			}

			await scribble(domain, random);
			const checkpoints = await listed(domain, 'checkpoint');
			const words = choose(random, {count, snapshots: await listed(domain, 'snapshot'), checkpoints});
			if (words === undefined) {
				continue;
			}

			const verbs = words[0] === 'checkpoint' ? words.slice(0, 2) : words.slice(0, 1);
			const rest = words.slice(verbs.length);
			const args = (...flags: string[]) => [...verbs, ...rest.filter(word => word.startsWith('--')), ...flags, '--', domain.name, ...rest.filter(word => !word.startsWith('--'))];
			trail.push(`${await readState(domain)}: ${words.join(' ')}`);
			const dry = await runProgram(domain, args('--dry-run', '--json'));
			const done = await runProgram(domain, args('--yes'));
			t.true(done.exitCode === 0 || done.exitCode === 3, `${trail.join('\n')}\n${report(done)}`);
			const isDone = done.exitCode === 0;
			trail.push(...(isDone ? [] : ['refused']));
			if (isDone && verbs[1] === 'create') {
				await rememberPoint(t, domain, rest[0]!);
			}

			const left = await listed(domain, 'checkpoint');
			const text = isDone ? (JSON.parse(dry.stdout) as Plan).consequences.map(consequence => consequence.text).join('\n') : '';
			for (const name of verbs[1] === 'delete' ? [] : checkpoints.filter(known => !left.includes(known))) {
				t.true(text.includes(`The checkpoint "${name}" is deleted`), `${trail.join('\n')}\n${name}\n${text}`);
			}

			await scribble(domain, random);
			increments += await expectExact(t, domain, trail.join('\n'));
		}

		t.log(`${increments} increments; ${trail.join('; ')}`);
	});
}
