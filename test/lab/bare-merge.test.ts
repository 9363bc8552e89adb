/** Merging and deleting snapshots of a bare QEMU that runs: by its own block jobs, every byte that remains compared, and the guest going on. */
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {QmpCommand} from '../../source/model/plan/plan.ts';
import {createMonitors, type Monitors} from '../../source/hosts/shared/qmp/monitors.ts';
import {
	digestBare, doBare, markBare, readBareCounter, readBareTree, runBare, startBare, waitForBareCounter, type BareDomain, type BareTree,
} from './bare-domain.ts';
import {waitFor} from './run.ts';

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

/** Files beside the socket and the state that nothing needs. */
async function findStrays(domain: BareDomain, {images}: BareTree): Promise<string[]> {
	const needed = new Set(images.map(image => path.basename(image.path)));
	const names = await readdir(domain.folder);
	return names.filter(name => !needed.has(name) && !/^(?:q\.sock|state)$/.test(name));
}

/** The guest runs on, on what it wrote; and each snapshot that remains is gone back to and holds its bytes. */
async function expectRemaining(t: ExecutionContext, domain: BareDomain, digests: Digests, parents: Record<string, string | null>): Promise<void> {
	const tree = await readBareTree(domain);
	t.is(tree.domain.state, 'running');
	await waitForBareCounter(domain, await readBareCounter(domain) + 2);
	t.deepEqual(await digestBare(domain), digests.head);
	t.deepEqual(Object.fromEntries(tree.snapshots.map(({name, parent}) => [name, parent])), parents);
	t.deepEqual(await findStrays(domain, tree), []);
	await markBare(domain, 7);
	for (const name of Object.keys(parents)) {
		await doBare(domain, 'revert', '--discard', '--running', '--yes', '--', domain.name, name);
		t.deepEqual(await digestBare(domain), digests[name], name);
	}

	t.deepEqual(await findStrays(domain, await readBareTree(domain)), []);
}

async function readWays(domain: BareDomain, ...args: string[]): Promise<string> {
	const plan = JSON.parse(await doBare(domain, ...args, '--dry-run', '--json')) as {steps: Array<{command: {execute?: string}}>};
	return plan.steps.flatMap(({command}) => command.execute?.startsWith('block-') ? [command.execute] : []).join(' ');
}

async function readHeadNames(domain: BareDomain, monitors: Monitors): Promise<string[]> {
	const answer = await monitors.ask(domain.socketPath, 'query-block');
	return answer.ok ? (answer.value as Array<{inserted?: {file: string}}>).flatMap(({inserted}) => inserted === undefined ? [] : path.basename(inserted.file)) : [];
}

const [up, down] = ['block-stream block-stream', 'block-commit block-commit'];

for (const {title, args, fat, parents, ways} of [
	{title: 'the last snapshot is merged, and the head is committed into its image', args: ['merge', 's3'], fat: 's3', parents: {s1: null, s2: 's1'}, ways: down},
	{title: 'a middle snapshot is merged downwards', args: ['merge', 's2'], fat: 's2', parents: {s1: null, s3: 's1'}, ways: down},
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

test.serial('an image that QEMU was started anew on takes over what is below it, and what is above it, and stays', async t => {
	const domain = await startBare(t);
	const digests: Digests = {s1: await markBare(domain, 1)};
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBare(domain, 2);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's2');
	await doBare(domain, 'revert', '--discard', '--running', '--yes', '--', domain.name, 's2');
	await markBare(domain, 3);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's3');
	digests.head = await markBare(domain, 4);
	t.is(await readWays(domain, 'delete', domain.name, 's2'), up);
	await doBare(domain, 'delete', '--yes', '--', domain.name, 's2');
	t.is(await readWays(domain, 'merge', domain.name, 's3'), down);
	await doBare(domain, 'merge', '--yes', '--', domain.name, 's3');
	await expectRemaining(t, domain, digests, {s1: null});
});

for (const {after, fat, name, direction, digest} of [
	{after: '"step-started","step":"commit-1"', fat: 's3', name: 's3', direction: '--roll-forward', digest: 'head'},
	{after: '"step-done","step":"flush-1"', fat: undefined, name: 's2', direction: '--roll-back', digest: 'head'},
] as const) {
	test.serial(`killed at ${after}, recover ${direction} leaves the guest running and every snapshot that is left with its bytes`, async t => {
		const domain = await startBare(t);
		const digests = await takeThree(domain, fat);
		const killed = await runBare(domain, ['merge', '--yes', '--json', '--', domain.name, name], (line, kill) => {
			if (line.replaceAll(' ', '').includes(after)) {
				kill();
			}
		});
		t.is(killed.exitCode, null, killed.stdout + killed.stderr);
		await doBare(domain, 'recover', direction);
		t.deepEqual(await digestBare(domain), digests[digest]);
		const all: Record<string, string | null> = {s1: null, s2: 's1', s3: 's2'};
		const forward: Record<string, string | null> = name === 's3' ? {s1: null, s2: 's1'} : {s1: null, s3: 's1'};
		await expectRemaining(t, domain, digests, direction === '--roll-back' ? all : forward);
	});
}

test.serial('a commit of the head that is cancelled before it is ready leaves the guest on its head, and can be begun anew', async t => {
	const domain = await startBare(t);
	await markBare(domain, 1);
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	for (const mark of [2, 3, 4, 5, 6, 7, 8, 9]) {
		await markBare(domain, mark);
	}

	const digests = await digestBare(domain);
	const plan = JSON.parse(await doBare(domain, 'merge', domain.name, 's1', '--dry-run', '--json')) as {steps: Array<{id: string; command: QmpCommand; cancel?: QmpCommand[]}>};
	const step = plan.steps.find(({id}) => id === 'commit-1')!;
	const monitors = createMonitors({idleMs: 20});
	t.teardown(async () => monitors.close());
	const slow = {...step.command, arguments: {...step.command.arguments, speed: 65_536}};
	const committing = monitors.run(slow);
	const {command} = step;
	await waitFor('it copies', async () => {
		const copied = await monitors.readProgress({kind: 'qmp-job', socketPath: command.socketPath, id: String(command.arguments['job-id'])});
		return copied !== undefined && copied.totalBytes > 0;
	});
	for (const cancel of step.cancel!) {
		await monitors.run(cancel);
	}

	t.false((await committing).ok);
	t.deepEqual((await monitors.ask(command.socketPath, 'query-jobs')), {ok: true, value: []});
	t.deepEqual(await digestBare(domain), digests);
	const again = await monitors.run(command);
	t.true(again.ok, JSON.stringify(again));
	t.deepEqual(await digestBare(domain), digests);
	const overlay = path.basename(command.nodes!.device!);
	t.false((await readHeadNames(domain, monitors)).includes(overlay), 'the guest is on the image below');
	await waitForBareCounter(domain, await readBareCounter(domain) + 2);
});
