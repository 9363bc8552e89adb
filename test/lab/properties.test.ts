/**
The same random sequences on real qcow2 images: every command of a plan that works on files is run for real, and afterwards each image must hold what the
model says, block by block.
*/
import {
	mkdir, mkdtemp, readdir, readFile, rm,
} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {act, randomAction, randomJourney, type Journey} from '../helpers/random-estate.ts';
import {blockCount, contentOf} from '../helpers/model-images.ts';
import {randomFrom} from '../helpers/random.ts';
import {run} from './run.ts';
import {imagesPath} from './settings.ts';

const blockBytes = 65_536;
const sequences = 50;
const laneCount = 2;

/** `qemu-img create` without a backing file needs a size, which the model does not know. */
function withSize(argv: string[]): string[] {
	return argv[0] === 'qemu-img' && argv[1] === 'create' && !argv.includes('-b') ? [...argv, String(blockCount * blockBytes)] : argv;
}

async function expectSame(journey: Journey, folder: string): Promise<void> {
	const {images} = journey.estate;
	const names = await readdir(folder);
	const wanted = [...images.files.keys()].map(file => path.basename(file)).sort();
	if (names.sort().join('\n') !== wanted.join('\n')) {
		throw new Error(`there are ${names.join(', ')}; and there should be ${wanted.join(', ')}`);
	}

	for (const [file, {format}] of images.files) {
		if (format !== undefined) {
			const rawPath = `${folder}.raw`;
			await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', file, rawPath]);
			const bytes = await readFile(rawPath);
			await rm(rawPath);
			const found = Array.from({length: blockCount}, (_, block) => bytes[block * blockBytes]).join(',');
			if (found !== contentOf(images, file)) {
				throw new Error(`${file} should hold ${contentOf(images, file)}, and holds ${found}`);
			}
		}
	}
}

async function runSequence(seed: number): Promise<void> {
	await mkdir(imagesPath, {recursive: true});
	const folder = await mkdtemp(path.join(imagesPath, 'properties-'));
	const trail: string[] = [];
	try {
		const random = randomFrom(seed * 104_729);
		const journey = await randomJourney(random, {
			folder,
			snapshots: 4,
			mirror: {
				async run(argv) {
					const [program, ...rest] = withSize(argv);
					// What cannot hurt a content costs most of the time.
					if (program !== 'sync' && program !== 'touch' && rest[0] !== 'info') {
						await run(program!, rest);
					}
				},
				async writeBlock(file, block, value) {
					await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${value} ${block * blockBytes} ${blockBytes}`, file]);
				},
			},
		});
		for (let count = 2; count > 0; count--) {
			const action = randomAction(journey, ['delete', 'delete', 'merge', 'branch', 'revert']);
			trail.push(JSON.stringify(action));
			await act(journey, action);
		}

		await expectSame(journey, folder);
	} catch (error) {
		throw new Error(`seed ${seed}\n${trail.join('\n')}`, {cause: error});
	} finally {
		await rm(folder, {recursive: true, force: true});
	}
}

test('on real images, too, no sequence of actions costs a snapshot or a neighbour its data', async t => {
	const lanes = await Promise.allSettled(Array.from({length: laneCount}, async (_, lane) => {
		for (let seed = 1 + lane; seed <= sequences; seed += laneCount) {
			await runSequence(seed);
		}
	}));
	for (const lane of lanes) {
		t.is(lane.status, 'fulfilled', lane.status === 'rejected' ? `${String(lane.reason)}\n${String((lane.reason as Error).cause)}` : '');
	}
});
