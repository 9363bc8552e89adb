import {
	mkdtemp, rename, rm, utimes, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {createSums} from '../../../source/tools/backups/sums.ts';
import {createLocalRunner, type Runner} from '../../../source/tools/run/run.ts';

const ofAbc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const ofAbd = 'a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9';
const going = () => new AbortController().signal;

function withResolve(): {promise: Promise<void>; resolve: () => void} {
	let resolve: () => void = () => undefined;
	const promise = new Promise<void>(done => {
		resolve = done;
	});
	return {promise, resolve};
}

async function makeScene(t: ExecutionContext) {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-sums-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const file = path.join(folder, 'image');
	await writeFile(file, 'abc');
	const local = createLocalRunner();
	const summed: string[] = [];
	const {promise: firstSum, resolve} = withResolve();
	const runner: Runner = async request => {
		const result = await local(request);
		if (request.argv[0] === 'sha256sum') {
			summed.push(request.argv.at(-1)!);
			resolve();
		}

		return result;
	};

	return {
		folder, file, summed, firstSum, sums: createSums(runner),
	};
}

test('a file that was begun is read once, and measured as it is', async t => {
	const {file, summed, sums} = await makeScene(t);
	sums.begin([file], going());
	t.deepEqual(await sums.measure(file), {ok: true, value: {sizeBytes: 3, sha256: ofAbc}});
	t.is(summed.length, 1);
	t.deepEqual(await sums.measure(file), {ok: true, value: {sizeBytes: 3, sha256: ofAbc}});
	t.is(summed.length, 2);
});

test('a file that was written to, or is another one, is read again', async t => {
	const {folder, file, summed, firstSum, sums} = await makeScene(t);
	sums.begin([file], going());
	await firstSum;
	await writeFile(file, 'abd');
	await utimes(file, new Date(1000), new Date(2000));
	t.deepEqual(await sums.measure(file), {ok: true, value: {sizeBytes: 3, sha256: ofAbd}});
	t.is(summed.length, 2);
	sums.begin([file], going());
	await writeFile(path.join(folder, 'other'), 'abc');
	await utimes(path.join(folder, 'other'), new Date(1000), new Date(2000));
	await rename(path.join(folder, 'other'), file);
	t.like(await sums.measure(file), {ok: true, value: {sha256: ofAbc}});
});

test('what was given up or could not be read is read when it is wanted', async t => {
	const {folder, file, sums} = await makeScene(t);
	const ended = new AbortController();
	ended.abort();
	const later = path.join(folder, 'later');
	sums.begin([file, later], ended.signal);
	await writeFile(later, 'abd');
	t.like(await sums.measure(file), {ok: true, value: {sha256: ofAbc}});
	t.like(await sums.measure(later), {ok: true, value: {sizeBytes: 3, sha256: ofAbd}});
	t.like(await sums.measure(path.join(folder, 'nowhere')), {ok: false, failure: {kind: 'tool-failed'}});
});
