/**
What plans say, against the world afterwards: random trees on real libvirt and qemu-img, off and running, with states beside and inside the images. For every action each figure of
the plan is what the files take before and after, what it leaves can be reverted to, and what it deletes is gone. Seeds are printed; VSNAP_LAB_ALL tries more of them, and
VSNAP_SPACE_SEEDS=7,8 those.
*/
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {randomFrom, type Random} from '../helpers/random.ts';
import {
	create, drop, leave, type SoakAction,
} from '../soak/actions.ts';
import {isSame, readEstate, type Estate} from '../soak/estate.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, type LabDomain,
} from './domains.ts';
import {clusterBytes, expectFigures} from './figures.ts';
import {runProgram} from './program.ts';
import {run} from './run.ts';
import {labUri} from './settings.ts';
import {readHeads, readTags, writeLive} from './slots.ts';
import type {Digests} from './snapshots.ts';
import {takenBy} from './world.ts';

test.before(startLab);

type Kind = 'external' | 'internal' | 'mixed';
type Journey = {
	domain: LabDomain;
	random: Random;
	kind: Kind;
	estate: Estate;
	count: number;
	done: Map<string, number>;
	/** What snapshots held whose records were deleted: inside the images it still is. */
	forgotten: Map<string, Digests>;
};

async function scribble({domain, random}: Journey): Promise<void> {
	const isOff = await readState(domain) === 'shut off';
	const writes = [...await readHeads(domain)].flatMap(([target, file]) => random.oneIn(3)
		? []
		: [{target, file, pattern: 1 + random.below(250), slot: random.below(16), mebibytes: 1 + random.below(5)}]);
	if (isOff) {
		for (const {file, pattern, slot, mebibytes} of writes) {
			await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${pattern} ${slot + 1}M ${mebibytes}M`, file]);
		}
	} else if (writes.length > 0) {
		await writeLive(domain, writes);
	}
}

function renamed(estate: Estate, from: string, to: string): SoakAction {
	return {
		argv: domainName => ['rename', '--', domainName, from, to],
		after: {head: estate.head, snapshots: new Map([...estate.snapshots].map(([name, digests]) => [name === from ? to : name, digests]))},
	};
}

function createInside({domain, estate}: Journey, name: string): SoakAction {
	return {
		argv: domainName => ['create', ...domain.disks.flatMap(({target}) => ['--disk', `${target}=internal`]), '--', domainName, name],
		after: {head: estate.head, snapshots: new Map([...estate.snapshots, [name, estate.head]])},
	};
}

/** Internal snapshots without a record, by name: their disks, and whether one can be made. */
async function readUnrecorded({domain}: Journey): Promise<Map<string, {disks: string[]; isAdoptable: boolean}>> {
	const told = await runProgram(domain, ['tree', '--', domain.name]);
	return new Map([...told.stdout.matchAll(/^ (\S+): inside ([a-z, ]+?)(?: since .*?)?(?:, with memory)?, not recorded \((vsnap-tui doctor can record it)?/gm)]
		.map(([, name, disks, adoptable]) => [name!, {disks: disks!.split(', '), isAdoptable: adoptable !== undefined}]));
}

/** The record alone goes, and no byte is freed. */
function forget({estate, forgotten}: Journey, name: string): SoakAction {
	forgotten.set(name, estate.snapshots.get(name)!);
	return {
		argv: domainName => ['delete', '--metadata', '--', domainName, name],
		after: {head: estate.head, snapshots: new Map([...estate.snapshots].filter(([other]) => other !== name))},
	};
}

/** What was forgotten inside the images gets its records back, and is what it was; undefined: there is none. */
async function remember(journey: Journey): Promise<SoakAction | undefined> {
	const {estate, forgotten} = journey;
	const found = [...await readUnrecorded(journey)].filter(([, {isAdoptable}]) => isAdoptable);
	return found.length === 0
		? undefined
		: {
			argv: domainName => ['doctor', '--repair', 'unrecorded-tag', '--', domainName],
			after: {head: estate.head, snapshots: new Map([...estate.snapshots, ...found.map(([name, {disks}]) => [name, Object.fromEntries(disks.map(target => [target, forgotten.get(name)![target]!]))] as const)])},
		};
}

async function nextAction(journey: Journey): Promise<SoakAction> {
	const {estate, random, kind} = journey;
	const name = `n${++journey.count}`;
	const names = [...estate.snapshots.keys()];
	if (names.length < 3 || random.oneIn(4)) {
		return kind === 'internal' || (kind === 'mixed' && random.oneIn(3)) ? createInside(journey, name) : create(estate, random, name);
	}

	const to = random.pick(names);
	if (kind !== 'external' && random.oneIn(4)) {
		return forget(journey, to);
	}

	const remembered = random.oneIn(4) ? await remember(journey) : undefined;
	return remembered ?? random.pick([
		() => drop(estate, random, to),
		() => drop(estate, random, to),
		() => leave(estate, random, {to, name, isBranch: random.oneIn(3)}),
		() => leave(estate, random, {to, name, isBranch: random.oneIn(3)}),
		() => renamed(estate, to, name),
	])();
}

/** A refusal touches nothing, and is no part of this. */
async function expectWhatItSays(t: ExecutionContext, journey: Journey, action: SoakAction): Promise<void> {
	const {domain, estate} = journey;
	const argv = action.argv(domain.name);
	const unrecorded = await readUnrecorded(journey);
	const {exitCode, plan, said} = await expectFigures(t, domain, {argv, folders: [domain.folder]});
	journey.done.set(`${argv[0]!}: ${exitCode}`, (journey.done.get(`${argv[0]!}: ${exitCode}`) ?? 0) + 1);
	if (plan === undefined) {
		return;
	}

	const {images, consequences} = plan as Plan;
	const names = await readdir(domain.folder);
	t.deepEqual(images.removed.filter(file => names.includes(path.basename(file))), [], `${said}: gone`);
	const after = await readEstate(domain);
	t.deepEqual([...after.snapshots.keys()].sort(), [...action.after.snapshots.keys()].sort(), said);
	for (const [name, digests] of action.after.snapshots) {
		t.true(isSame(after.snapshots.get(name), digests), `${said}: what "${name}" holds`);
	}

	t.true(isSame(after.head, action.after.head), `${said}: the current state, was ${JSON.stringify(estate.head)}`);
	journey.estate = after;
	// Out of sight below an overlay without a record it is not lost.
	const left = new Set((await Promise.all((await readdir(domain.folder)).map(async file => readTags(path.join(domain.folder, file)).catch(() => [])))).flat());
	for (const name of unrecorded.keys()) {
		t.true(left.has(name) || after.snapshots.has(name) || consequences.some(({text}) => text.includes(name)), `${said}: nothing says that the state "${name}", which only the images held, goes`);
	}
}

/** A record is forgotten, and what the doctor then finds is repaired, one kind after the other: removed, or merged with what it is backed by. */
async function forgetAndRepair(t: ExecutionContext, journey: Journey, forgotten: string): Promise<void> {
	const without = (): SoakAction['after'] => ({head: journey.estate.head, snapshots: new Map([...journey.estate.snapshots].filter(([name]) => name !== forgotten))});
	await expectWhatItSays(t, journey, {argv: domainName => ['delete', '--metadata', '--', domainName, forgotten], after: without()});
	for (const [kind, ...flags] of [['unrecorded-layer', '--fold'], ['orphan']] as const) {
		const found = await runProgram(journey.domain, ['doctor', '--json', '--', journey.domain.name]);
		if ((JSON.parse(found.stdout) as Array<{kind: string}>).some(finding => finding.kind === kind)) {
			await expectWhatItSays(t, journey, {argv: domainName => ['doctor', '--repair', kind, ...flags, '--', domainName], after: without()});
		}
	}
}

const seeds = process.env.VSNAP_SPACE_SEEDS?.split(',').map(Number) ?? Array.from({length: process.env.VSNAP_LAB_ALL ? 12 : 2}, (_, index) => index + 2);
const turns = process.env.VSNAP_LAB_ALL ? 12 : 8;
for (const seed of seeds) {
	const kind = (['mixed', 'external', 'internal'] as const)[seed % 3]!;
	const isRunning = seed % 2 === 0;
	test.serial(`what plans say holds over a random estate, seed ${seed}: ${kind}, ${isRunning ? 'running' : 'off'}`, async t => {
		t.timeout(600_000);
		const random = randomFrom(seed * 7919);
		const domain = await makeDomain(t, {diskCount: 1 + random.below(2), sizeMiB: 24});
		if (isRunning) {
			await start(domain);
		}

		const journey: Journey = {domain, random, kind, estate: await readEstate(domain), count: 0, done: new Map(), forgotten: new Map()};
		for (let turn = 0; turn < turns; turn++) {
			await scribble(journey);
			journey.estate = await readEstate(domain);
			await expectWhatItSays(t, journey, await nextAction(journey));
		}

		const sample = [...journey.estate.snapshots.keys()];
		if (sample.length > 0) {
			const to = random.pick(sample);
			await expectWhatItSays(t, journey, {
				argv: domainName => ['revert', '--discard', '--shutoff', '--', domainName, to],
				after: {head: {...journey.estate.head, ...journey.estate.snapshots.get(to)}, snapshots: journey.estate.snapshots},
			});
			await forgetAndRepair(t, journey, random.pick([...journey.estate.snapshots.keys()]));
		}

		t.log([...journey.done].map(([what, count]) => `${what} ${count}`).join(', '));
	});
}

for (const isRunning of [false, true]) {
	test.serial(`a state that is deleted inside an image gives back what only it held, ${isRunning ? 'by the QEMU that runs' : 'while the domain is off'}`, async t => {
		const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 24});
		const random = randomFrom(1);
		const [file] = (await readHeads(domain)).values();
		await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 1 4M 8M', file!]);
		await run('virsh', ['-c', labUri, 'snapshot-create-as', '--domain', domain.uuid, '--name', 'inside']);
		await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 2 4M 8M', file!]);
		if (isRunning) {
			await start(domain);
		}

		const estate = await readEstate(domain);
		const before = await takenBy(domain);
		const journey: Journey = {domain, random, kind: 'internal', estate, count: 0, done: new Map(), forgotten: new Map()};
		await expectWhatItSays(t, journey, drop(estate, {...random, pick: items => items[0]!}, 'inside'));
		t.deepEqual([...journey.done.keys()], ['delete: 0']);
		t.true(before - await takenBy(domain) >= 8 * 2 ** 20 - clusterBytes);
	});
}
