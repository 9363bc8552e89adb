/**
Checkpoints in random sequences of actions: what the disks held at each, and whether the next increment from it restores what they hold, wherever the planners say so.
*/
import {bitmapHealth} from '../../source/model/domain/checkpoint-health.ts';
import {buildImageGraph, chainOf} from '../../source/model/images/image-graph.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import type {Action} from '../../source/model/plan/request.ts';
import {createAction} from './create-scene.ts';
import {
	checkpointsOf, headsOf, inventoryOf, snapshotsOf,
} from './estate-model.ts';
import {blockCount, contentOf, writeBlock} from './model-images.ts';
import {
	act, randomAction, take, type Journey,
} from './random-estate.ts';

/** By the name and time of a checkpoint, and the target of a disk: what the disk held then. */
export type Points = Map<string, Map<string, string>>;

const blocksOf = (journey: Journey, path: string) => contentOf(journey.estate.images, path).split(',');

function graphOf(journey: Journey) {
	return buildImageGraph(inventoryOf(journey.estate, journey.own).details.images, []);
}

/** On every disk that it records. */
export function goodCheckpoints(journey: Journey): string[] {
	const graph = graphOf(journey);
	const heads = headsOf(journey.own);
	return checkpointsOf(journey.own).filter(({disks}) => disks.every(({target, bitmap}) => bitmap === undefined || bitmapHealth(graph, heads.get(target) ?? '', bitmap) === 'good')).map(({name}) => name);
}

/** A disk that differs from what it held by more than is recorded; undefined: none. Disks are judged one by one, as a backup does it. */
function findUnrecorded(journey: Journey, points: Points): string | undefined {
	const {estate, own} = journey;
	const graph = graphOf(journey);
	for (const {name, createdAt, disks} of checkpointsOf(own)) {
		for (const {target, bitmap} of disks) {
			const head = headsOf(own).get(target);
			const then = points.get(`${name} ${createdAt}`)?.get(target)?.split(',');
			if (bitmap === undefined || head === undefined || then === undefined || bitmapHealth(graph, head, bitmap) !== 'good') {
				continue;
			}

			const dirty = new Set(chainOf(graph, head).flatMap(path => [...estate.images.files.get(path)?.bitmaps.get(bitmap)?.blocks ?? []]));
			const missed = blocksOf(journey, head).flatMap((value, block) => value !== then[block] && !dirty.has(block) ? [block] : []);
			if (missed.length > 0) {
				return `an increment of ${target} since ${name} misses the blocks ${missed.join(', ')}`;
			}
		}
	}

	return undefined;
}

type MixedKind = 'create' | 'create-checkpoint' | 'delete-checkpoint' | 'revert' | 'branch' | 'merge' | 'delete';

export function randomMixed(journey: Journey, kinds: readonly MixedKind[]): Action | undefined {
	const {own, random, count} = journey;
	const kind = random.pick(kinds);
	const domain = {uuid: own.uuid, name: own.name};
	const fresh = `${count}-${random.below(1_000_000)}`;
	const one = random.oneIn(4) ? [random.pick([...headsOf(own).keys()])] : [];
	switch (kind) {
		case 'create': {
			return {...createAction({isDiskOnly: true, snapshot: `n${fresh}`, disks: headsOf(own).size > 1 ? one.map(target => ({target, mode: 'no' as const})) : []}), domain};
		}

		case 'create-checkpoint': {
			// Often a name that was used before, perhaps on another line.
			return {kind, domain, checkpoint: `c${random.oneIn(2) ? random.below(4) : fresh}`, description: undefined, disks: one.map(target => ({target, isIncluded: true}))};
		}

		case 'delete-checkpoint': {
			return own.checkpoints.size === 0 ? undefined : {kind, domain, checkpoint: random.pick([...own.checkpoints.keys()]), scope: random.pick(['one', 'with-children'] as const), isMetadataOnly: random.oneIn(5)};
		}

		default: {
			const action = randomAction(journey, [kind]);
			if (!action || !('snapshot' in action) || random.oneIn(2)) {
				return action;
			}

			// The youngest are among the images that checkpoints have recorded in; states that were kept may bring some back.
			const kept = snapshotsOf(own).filter(({checkpoints}) => checkpoints !== undefined).map(({name}) => name);
			return {...action, snapshot: kind === 'revert' && kept.length > 0 ? random.pick(kept) : [...own.records.keys()].at(-1)!};
		}
	}
}

/** QEMU is killed: no bitmap of the heads can be used any longer. */
function breakHeads({estate, own}: Journey): void {
	for (const path of headsOf(own).values()) {
		for (const bitmap of estate.images.files.get(path)?.bitmaps.values() ?? []) {
			bitmap.isBroken = true;
			bitmap.blocks.clear();
		}
	}
}

/** Runs an action, and checks what the plan says of checkpoints. Throws where it does not hold. */
export async function actMixed(journey: Journey, points: Points, action: Action | undefined): Promise<Plan | undefined> {
	const before = goodCheckpoints(journey);
	const plan = await act(journey, action);
	if (plan === undefined || action === undefined) {
		return undefined;
	}

	if (action.kind === 'create-checkpoint') {
		const {createdAt} = checkpointsOf(journey.own).find(({name}) => name === action.checkpoint)!;
		points.set(`${action.checkpoint} ${createdAt}`, new Map([...headsOf(journey.own)].map(([target, path]) => [target, contentOf(journey.estate.images, path)])));
	}

	const text = plan.consequences.map(consequence => consequence.text).join('\n');
	journey.done.set('recorded again', (journey.done.get('recorded again') ?? 0) + [...text.matchAll(/recorded again: incremental/gu)].length);
	const after = goodCheckpoints(journey);
	for (const name of action.kind === 'delete-checkpoint' ? [] : before.filter(known => !after.includes(known))) {
		if (!text.includes(`The checkpoint "${name}" is deleted`) || journey.own.checkpoints.has(name)) {
			throw new Error(`${name} has ended, and the plan does not say so:\n${text}`);
		}
	}

	for (const [, said] of text.matchAll(/^The checkpoints? (.*) stays? good/gmu)) {
		for (const [, name] of said!.matchAll(/"([^"]*)"/gu)) {
			if (!after.includes(name!)) {
				throw new Error(`${name} should be good`);
			}
		}
	}

	const missed = findUnrecorded(journey, points);
	if (missed !== undefined) {
		throw new Error(missed);
	}

	return plan;
}

/** What is written often is what the image below holds: a pull does not copy such blocks. */
async function writeFew({estate, own, random, options}: Journey): Promise<void> {
	for (const path of headsOf(own).values()) {
		const backing = estate.images.files.get(path)?.backing;
		const below = backing === undefined ? [] : contentOf(estate.images, backing).split(',').map(Number);
		for (let count = random.below(4); count > 0; count--) {
			const block = random.below(blockCount);
			const value = random.oneIn(2) ? below[block] ?? 1 : 1 + random.below(3);
			writeBlock(estate.images, path, block, value);
			await options.mirror?.writeBlock(path, block, value);
		}
	}
}

/** The domain goes on, crashes, or somebody takes a snapshot that no bitmap is continued in. */
export async function live(journey: Journey): Promise<void> {
	journey.estate.images.clock += 10;
	await writeFew(journey);
	if (journey.random.oneIn(12)) {
		breakHeads(journey);
	} else if (journey.random.oneIn(15)) {
		await take(journey);
	}
}
