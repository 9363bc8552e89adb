/**
Random sequences of snapshot and checkpoint actions, planned by us and run on images that are block contents: from every checkpoint that a plan leaves, the next increment
restores what the disks hold, and of every one that ends the plan said so beforehand. On real images: test/lab/checkpoint-properties.test.ts.
*/
import process from 'node:process';
import test from 'ava';
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
	for (const key of onlySeed === undefined ? [...kinds, 'good at the end'] : []) {
		t.true((tally.get(key) ?? 0) > sequences / 10, `${key}: often enough`);
	}
});

test('a pull keeps what was written since a checkpoint and reads like the image below again', async t => {
	const estate = emptyEstate('/d', 11_003_000);
	addImage(estate.images, '/d/vda.qcow2');
	for (let block = 0; block < blockCount; block++) {
		writeBlock(estate.images, '/d/vda.qcow2', block, 9);
	}

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

	const create = async (snapshot: string) => actMixed(journey, points, {...createAction({snapshot, isDiskOnly: true}), domain});
	await create('s1');
	write(1, 0);
	await actMixed(journey, points, {
		kind: 'create-checkpoint', domain, checkpoint: 'c1', description: undefined, disks: [],
	});
	write(9, 0);
	await create('s2');
	write(5, 1, 2, 3, 4);
	const plan = await actMixed(journey, points, {
		kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: false,
	});
	t.true(plan!.steps.some(({id}) => id === 'pull-1'));
	t.deepEqual(goodCheckpoints(journey), ['c1']);
});
