/** Merging and deleting snapshots of a bare QEMU that runs: by its own block jobs, every byte that remains compared, and the guest going on. */
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	digestBare, doBare, markBare, readBareCounter, readBareTree, startBare, waitForBareCounter, type BareDomain,
} from './bare-domain.ts';

type Digests = Record<string, string[]>;

/** s1, s2, s3 one after the other, each with bytes of its own, `fat` with more than the others; what each of them and the head hold. */
async function takeThree(domain: BareDomain, fat?: string): Promise<Digests> {
	const digests: Digests = {};
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		for (const mark of name === fat ? [10, 11, 12, 13] : []) {
			await markBare(domain, mark);
		}

		digests[name] = await markBare(domain, index + 1);
		await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, name);
	}

	digests.head = await markBare(domain, 4);
	return digests;
}

async function readParents(domain: BareDomain): Promise<Record<string, string | null>> {
	const {snapshots} = await readBareTree(domain);
	return Object.fromEntries(snapshots.map(({name, parent}) => [name, parent]));
}

/** Files beside the socket and the state that nothing needs. */
async function readStrays(domain: BareDomain): Promise<string[]> {
	const {images} = await readBareTree(domain);
	const needed = new Set(images.map(image => path.basename(image.path)));
	const names = await readdir(domain.folder);
	return names.filter(name => !needed.has(name) && !/^(?:q\.sock|state)$/.test(name));
}

/** The guest runs on, on what it wrote; and each snapshot that remains is gone back to, twice from another one, and holds its bytes. */
async function expectRemaining(t: ExecutionContext, domain: BareDomain, digests: Digests, parents: Record<string, string | null>): Promise<void> {
	const {domain: {state}} = await readBareTree(domain);
	t.is(state, 'running');
	await waitForBareCounter(domain, await readBareCounter(domain) + 2);
	t.deepEqual(await digestBare(domain), digests.head);
	t.deepEqual(await readParents(domain), parents);
	t.deepEqual(await readStrays(domain), []);
	await markBare(domain, 7);
	for (const name of Object.keys(parents)) {
		await doBare(domain, 'revert', '--discard', '--running', '--yes', '--', domain.name, name);
		t.deepEqual(await digestBare(domain), digests[name], name);
	}

	t.deepEqual(await readStrays(domain), []);
}

async function readWays(domain: BareDomain, ...args: string[]): Promise<string> {
	const plan = JSON.parse(await doBare(domain, ...args, '--dry-run', '--json')) as {steps: Array<{command: {execute?: string}}>};
	return plan.steps.flatMap(({command}) => command.execute?.startsWith('block-') ? [command.execute] : []).join(' ');
}

const [up, down] = ['block-stream block-stream', 'block-commit block-commit'];

for (const {title, args, fat, parents, ways} of [
	{title: 'the last snapshot is merged, and the head goes down into its image', args: ['merge', 's3'], fat: 's3', parents: {s1: null, s2: 's1'}, ways: down},
	{title: 'the last snapshot is deleted, and its image goes up into the head', args: ['delete', 's3'], fat: undefined, parents: {s1: null, s2: 's1'}, ways: up},
	{title: 'a middle snapshot is merged downwards', args: ['merge', 's2'], fat: 's2', parents: {s1: null, s3: 's1'}, ways: down},
	{title: 'a middle snapshot is deleted upwards', args: ['delete', 's2'], fat: undefined, parents: {s1: null, s3: 's1'}, ways: up},
	{title: 'the first snapshot is deleted, and the image that QEMU was started on stays', args: ['delete', 's1'], fat: undefined, parents: {s2: null, s3: 's2'}, ways: down},
] as const) {
	test.serial(`while it runs, ${title}; all others hold their bytes`, async t => {
		const domain = await startBare(t);
		const digests = await takeThree(domain, fat);
		const [verb, name] = args;
		t.is(await readWays(domain, verb, domain.name, name), ways);
		await doBare(domain, verb, '--yes', '--', domain.name, name);
		await expectRemaining(t, domain, digests, parents);
	});
}
