/**
Random sequences of snapshot and checkpoint actions, planned by us and run on images that are block contents: from every checkpoint that a plan leaves, the next increment
restores what the disks hold, and of every one that ends the plan said so beforehand. On real images: test/lab/checkpoint-properties.test.ts.
*/
import process from 'node:process';
import test from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import type {Action} from '../../source/model/plan/request.ts';
import {
	actMixed, goodCheckpoints, live, randomMixed, type Points,
} from '../helpers/checkpoint-journey.ts';
import {createAction} from '../helpers/create-scene.ts';
import {addDomain, checkpointsOf, emptyEstate, headsOf} from '../helpers/estate-model.ts';
import {addImage, blockCount, writeBlock} from '../helpers/model-images.ts';
import {randomJourney, type Journey} from '../helpers/random-estate.ts';
import {randomFrom} from '../helpers/random.ts';

/** `VSNAP_SEED` runs one sequence again; `VSNAP_SEQUENCES`: how many; 2000 take two minutes. */
const onlySeed = process.env.VSNAP_SEED;
const sequences = Number(process.env.VSNAP_SEQUENCES ?? 300);

const kinds = ['create-checkpoint', 'create-checkpoint', 'create', 'create', 'create', 'create', 'delete-checkpoint', 'revert', 'branch', 'merge', 'delete', 'delete', 'delete'] as const;

type Tally = Map<string, number>;

const add = (tally: Tally, key: string, count: number) => tally.set(key, (tally.get(key) ?? 0) + count);

async function runSequence(seed: number, tally: Tally): Promise<void> {
	const random = randomFrom(seed * 7919);
	const trail: string[] = [];
	try {
		const journey = await randomJourney(random, {folder: '/d', snapshots: 1, mayLeave: true});
		journey.done.clear();
		const points: Points = new Map();
		for (let count = 8 + random.below(8); count > 0; count--) {
			const action = randomMixed(journey, kinds);
			trail.push(JSON.stringify(action));
			await actMixed(journey, points, action);
			await live(journey);
		}

		for (const [kind, count] of journey.done) {
			add(tally, kind, count);
		}

		add(tally, 'good at the end', goodCheckpoints(journey).length);
		add(tally, 'not good at the end', checkpointsOf(journey.own).length - goodCheckpoints(journey).length);
	} catch (error) {
		throw new Error(`VSNAP_SEED=${seed}: ${error instanceof Error ? error.stack : String(error)}\n${trail.join('\n')}`, {cause: error});
	}
}

test('no sequence of actions costs a checkpoint what was written since, and none ends without a word', async t => {
	const tally: Tally = new Map();
	const seeds = onlySeed === undefined ? Array.from({length: sequences}, (_, index) => index + 1) : [Number(onlySeed)];
	for (const seed of seeds) {
		await runSequence(seed, tally);
	}

	t.log(`${seeds.length} sequences; ${JSON.stringify([...tally])}`);
	for (const key of onlySeed === undefined ? [...kinds, 'good at the end', 'recorded again'] : []) {
		t.true((tally.get(key) ?? 0) > sequences / (key === 'recorded again' ? 100 : 10), `${key}: often enough`);
	}
});

type Play = {
	journey: Journey;
	write: (value: number, ...blocks: number[]) => void;
	create: (snapshot: string) => Promise<unknown>;
	checkpoint: (name: string) => Promise<unknown>;
	revert: (snapshot: string, keep?: string) => Promise<string>;
	drop: (action: {kind: 'delete' | 'delete-checkpoint'; name: string}) => Promise<Plan | undefined>;
};

/** A domain with one disk, whose blocks all hold 9. */
function makePlay(): Play {
	const estate = emptyEstate('/d', 11_003_000);
	addImage(estate.images, '/d/vda.qcow2');
	const own = addDomain(estate, 'web', {vda: '/d/vda.qcow2'});
	const journey: Journey = {
		estate, own, random: randomFrom(1), options: {folder: '/d', snapshots: 1, mayLeave: true}, count: 0, done: new Map(), refused: new Map(),
	};
	const points: Points = new Map();
	const domain = {uuid: own.uuid, name: own.name};
	const write = (value: number, ...blocks: number[]) => {
		for (const block of blocks) {
			writeBlock(estate.images, headsOf(own).get('vda')!, block, value);
		}
	};

	const doAct = async (action: Action) => {
		estate.images.clock += 10;
		return actMixed(journey, points, action);
	};

	write(9, ...Array.from({length: blockCount}, (_, block) => block));
	return {
		journey,
		write,
		create: async snapshot => doAct({...createAction({snapshot, isDiskOnly: true}), domain}),
		checkpoint: async checkpoint => doAct({
			kind: 'create-checkpoint', domain, checkpoint, description: `of ${checkpoint} & more`, disks: [],
		}),
		async revert(snapshot, keep) {
			const plan = await doAct({
				kind: 'revert', domain, snapshot, currentState: keep === undefined ? {kind: 'discard'} : {kind: 'keep', name: keep}, endState: 'shutoff',
			});
			return plan!.consequences.map(({text}) => text).join('\n');
		},
		drop: async ({kind, name}) => doAct(kind === 'delete'
			? {
				kind, domain, snapshot: name, scope: 'one', isMetadataOnly: false,
			}
			: {
				kind, domain, checkpoint: name, scope: 'one', isMetadataOnly: false,
			}),
	};
}

test('a pull keeps what was written since a checkpoint and reads like the image below again', async t => {
	const {journey, write, create, checkpoint, drop} = makePlay();
	await create('s1');
	write(1, 0);
	await checkpoint('c1');
	write(9, 0);
	await create('s2');
	write(5, 1, 2, 3, 4);
	const plan = await drop({kind: 'delete', name: 's2'});
	t.true(plan!.steps.some(({id}) => id === 'pull-1'));
	t.deepEqual(goodCheckpoints(journey), ['c1']);
});

test('the checkpoints of a state that was kept are recorded again, in it and in what came before it', async t => {
	const {journey, write, create, checkpoint, revert} = makePlay();
	await checkpoint('c0');
	await create('s1');
	await checkpoint('c1');
	write(1, 0);
	await create('s2');
	await checkpoint('c2');
	write(2, 1);
	t.regex(await revert('s1', 'kept'), /"c2" is deleted: it is newer than the snapshot\. A revert to "kept" records it again/);
	t.deepEqual(goodCheckpoints(journey), ['c0']);
	write(3, 2);
	t.regex(await revert('kept', 'other'), /checkpoints "c1", "c2" are recorded again/);
	t.deepEqual(goodCheckpoints(journey), ['c0', 'c1', 'c2']);
	t.deepEqual(checkpointsOf(journey.own).map(({parent}) => parent), [undefined, 'c0', 'c1']);
	write(4, 3);
	await revert('s1');
	t.deepEqual(goodCheckpoints(journey), ['c0']);
	await revert('s2');
	t.deepEqual(goodCheckpoints(journey), ['c0', 'c1']);
	t.is(checkpointsOf(journey.own).at(-1)!.description, 'of c1 & more');
});

test('a checkpoint of another line is not taken for one of the same name', async t => {
	for (const keep of [undefined, 'second']) {
		const {journey, write, create, checkpoint, revert} = makePlay();
		await create('s1');
		await checkpoint('c1');
		const [first] = checkpointsOf(journey.own);
		write(1, 0);
		await revert('s1', 'first');
		write(2, 1);
		await checkpoint('c1');
		const [second] = checkpointsOf(journey.own);
		write(3, 2);
		await create('s2');
		write(4, 3);
		t.regex(await revert('first', keep), /"c1" is recorded again/);
		t.deepEqual(checkpointsOf(journey.own).map(({createdAt}) => createdAt), [first!.createdAt]);
		t.regex(await revert('s2'), /"c1" is deleted: it is of another line/);
		t.deepEqual(checkpointsOf(journey.own).map(({createdAt}) => createdAt), keep === undefined ? [] : [second!.createdAt]);
	}
});

test('one whose bitmaps were removed from images that both lines have is not recorded again', async t => {
	const {journey, write, create, checkpoint, revert, drop} = makePlay();
	await checkpoint('c0');
	write(1, 0);
	await create('s1');
	write(1, 1);
	await revert('s1', 'kept');
	await drop({kind: 'delete-checkpoint', name: 'c0'});
	t.regex(await revert('kept', 'other'), /"c0" of that state is not recorded again: its bitmaps are not complete/);
	t.deepEqual(checkpointsOf(journey.own), []);
});
