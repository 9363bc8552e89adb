/**
What plans say of disk space, against what the files take before and after: random trees on real libvirt and qemu-img, every action that makes or removes images.
*/
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {randomFrom} from '../helpers/random.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {readEvents, report, runProgram} from './program.ts';
import {run} from './run.ts';
import {readHeads} from './slots.ts';
import {readParents} from './snapshots.ts';

test.before(startLab);

/** Tables of qcow2, and attributes of files. */
const tolerance = 512 * 1024;

async function takenBy(domain: LabDomain): Promise<number> {
	const folder = path.dirname(domain.disks[0]!.path);
	const files = await Promise.all((await readdir(folder)).map(async name => stat(path.join(folder, name))));
	return files.reduce((sum, {blocks}) => sum + (blocks * 512), 0);
}

async function expectSpace(t: ExecutionContext, domain: LabDomain, [verb, ...words]: string[]): Promise<boolean> {
	const dry = await runProgram(domain, [verb!, ...words, '--dry-run', '--json']);
	if (dry.exitCode === 3) {
		return false;
	}

	t.is(dry.exitCode, 0, report(dry));
	const {space} = JSON.parse(dry.stdout) as Plan;
	t.truthy(space, `${verb!} says nothing of disk space`);
	const before = await takenBy(domain);
	const result = await runProgram(domain, [verb!, ...words, '--yes', '--json']);
	t.is(result.exitCode, 0, report(result));
	const freed = before - await takenBy(domain);
	const {atLeast, atMost} = space!.freed;
	t.true(freed >= atLeast - tolerance && freed <= atMost + tolerance, `${verb!} ${words.join(' ')}: promised ${atLeast} to ${atMost}, freed ${freed}`);
	const {outcome} = readEvents(result).find(({kind}) => kind === 'finished') as unknown as {outcome: {takenBytes?: number}};
	t.true(Math.abs(freed + (outcome.takenBytes ?? Number.NaN)) <= tolerance, `${verb!}: said ${outcome.takenBytes}, was ${-freed}`);
	return true;
}

for (const seed of [1, 2, 3]) {
	test.serial(`previews of disk space hold over a random tree, ${seed}`, async t => {
		const random = randomFrom(seed * 7919);
		const pick = (count: number) => random.below(count);
		const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 24});
		let count = 0;
		for (let turn = 0; turn < 12; turn++) {
			const head = (await readHeads(domain)).get('vda')!;
			await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${turn + 1} ${pick(20)}M ${1 + pick(4)}M`, head]);
			const names = Object.keys(await readParents(domain));
			const name = names[pick(names.length)];
			count++;
			const words: string[][] = name === undefined || names.length < 3
				? [['create', domain.name, `s${count}`, '--disk-only']]
				: [
					['create', domain.name, `s${count}`, '--disk-only'],
					['revert', domain.name, name, '--discard'],
					['revert', domain.name, name, '--keep', `k${count}`],
					['branch', domain.name, name, `b${count}`],
					['delete', domain.name, name],
					['delete', domain.name, name, '--children'],
					['merge', domain.name, name],
				];
			await expectSpace(t, domain, words[pick(words.length)]!);
		}
	});
}
