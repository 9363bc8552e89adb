/**
Whatever the tree looks like and whoever stands on it: after each action of a random sequence every remaining snapshot holds what it held, no image of
another domain is written, and nothing is left that could go. The plans are ours, run on images that are block contents.
*/
import process from 'node:process';
import test from 'ava';
import {
	act, grow, randomAction, randomJourney,
} from '../helpers/random-estate.ts';
import {randomFrom} from '../helpers/random.ts';

/** `VSNAP_SEED` runs one sequence again; without it the same ones are run each time. */
const onlySeed = process.env.VSNAP_SEED;
const sequences = 1000;

type Tally = Map<string, number>;

/** One random host and a few actions on it. Gives what was done and refused; fails with the seed and the actions. */
async function runSequence(seed: number): Promise<{done: Tally; refused: Tally}> {
	const random = randomFrom(seed * 7919);
	const trail: string[] = [];
	try {
		const journey = await randomJourney(random, {folder: '/d', snapshots: 7});
		for (let count = 2 + random.below(3); count > 0; count--) {
			const action = randomAction(journey, ['delete', 'delete', 'merge', 'branch', 'revert']);
			trail.push(JSON.stringify(action));
			await act(journey, action);
		}

		return journey;
	} catch (error) {
		throw new Error(`VSNAP_SEED=${seed}: ${error instanceof Error ? error.stack : String(error)}\n${trail.join('\n')}`, {cause: error});
	}
}

test('no sequence of actions costs a snapshot or a neighbour its data, and none leaves what could go', async t => {
	const done: Tally = new Map();
	const refused: Tally = new Map();
	const seeds = onlySeed === undefined ? Array.from({length: sequences}, (_, index) => index + 1) : [Number(onlySeed)];
	for (const seed of seeds) {
		const journey = await runSequence(seed);
		for (const [from, to] of [[journey.done, done], [journey.refused, refused]] as const) {
			for (const [key, value] of from) {
				to.set(key, (to.get(key) ?? 0) + value);
			}
		}
	}

	t.log(`${seeds.length} sequences; done ${JSON.stringify([...done])}; refused ${JSON.stringify([...refused])}`);
	for (const kind of onlySeed === undefined ? ['revert', 'branch', 'merge', 'delete'] : []) {
		t.true((done.get(kind) ?? 0) > sequences / 10, `${kind} is tried often enough`);
	}
});

test('a tree of 200 snapshots is deleted from anywhere without loss', async t => {
	for (const seed of [1, 2]) {
		const random = randomFrom(seed);
		const journey = await randomJourney(random, {folder: '/d', snapshots: 1});
		while (journey.own.records.size < 200) {
			await grow(journey);
		}

		for (let count = 0; count < 30 && (journey.done.get('delete') ?? 0) < 3; count++) {
			await act(journey, randomAction(journey, ['delete']));
		}

		t.is(journey.done.get('delete'), 3, `seed ${seed}`);
	}
});
