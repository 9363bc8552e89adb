/**
A QEMU that was started by hand dies, or is started, in the midst of an action whose program was killed: both ways out are open as far as the images allow it, and what
cannot be done at this power is told with what leads on.
*/
import {readFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {relaunchArgv} from '../../source/model/qemu/command-line.ts';
import {commandLineOf} from '../../source/model/xml/bare-domain.ts';
import {readQemuProcess} from '../../source/hosts/qemu/read-process.ts';
import {
	digestBare, doBare, isListening, markBare, quit, readBareTree, runBare, startBare, type BareDomain,
} from './bare-domain.ts';
import {run, waitFor} from './run.ts';
import {readTags} from './slots.ts';

type Digests = Record<string, string[]>;

async function takeChain(domain: BareDomain, names: string[], fat?: string): Promise<Digests> {
	const digests: Digests = {};
	for (const [index, name] of names.entries()) {
		for (const mark of name === fat ? [10, 11, 12, 13] : []) {
			await markBare(domain, mark);
		}

		digests[name] = await markBare(domain, index + 1);
		await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, name);
	}

	digests.head = await markBare(domain, names.length + 1);
	return digests;
}

/** No farewell: what QEMU held in its own memory is lost. */
async function kill(domain: BareDomain): Promise<void> {
	process.kill((await readQemuProcess(domain.socketPath))!.pid, 'SIGKILL');
	await waitFor('QEMU has gone', async () => !await isListening(domain));
}

async function killedAt(t: ExecutionContext, domain: BareDomain, words: string[], at: string): Promise<void> {
	const [verb, ...rest] = words;
	const killed = await runBare(domain, [verb!, '--yes', '--json', ...rest.slice(0, -1), '--', domain.name, rest.at(-1)!], (line, kill) => {
		if (line.replaceAll(' ', '').includes(at)) {
			kill();
		}
	});
	t.is(killed.exitCode, null, killed.stdout + killed.stderr);
}

async function expectAll(t: ExecutionContext, domain: BareDomain, digests: Digests, names: string[]): Promise<void> {
	const tree = await readBareTree(domain);
	t.deepEqual(tree.snapshots.map(({name}) => name), names);
	t.deepEqual(await digestBare(domain), digests.head);
	for (const name of names) {
		await doBare(domain, 'revert', '--discard', '--shutoff', '--yes', '--', domain.name, name);
		t.deepEqual(await digestBare(domain), digests[name], name);
	}
}

/** As a person would start it: on what is recorded as its disks. */
async function startAgain(domain: BareDomain): Promise<void> {
	const xml = await readFile(path.join(domain.statePath, 'bare', encodeURIComponent(domain.name), 'domain.xml'), 'utf8');
	const argv = relaunchArgv(commandLineOf(xml)!, {isPaused: false});
	const [program, ...args] = argv.ok ? argv.value : [];
	await run(program!, args);
	await waitFor('QEMU listens', async () => isListening(domain));
}

const started = (step: string) => `"step-started","step":"${step}"`;
const done = (step: string) => `"step-done","step":"${step}"`;

for (const {words, fat, at, directions} of [
	{words: ['merge', 's3'], fat: 's3', at: started('commit-1'), directions: ['--roll-forward']},
	{words: ['merge', 's3'], fat: 's3', at: done('commit-1'), directions: ['--roll-forward']},
	{words: ['merge', 's2'], fat: 's2', at: started('commit-1'), directions: ['--roll-forward']},
	{words: ['merge', 's2'], fat: 's2', at: done('commit-2'), directions: ['--roll-forward']},
	{words: ['merge', 's2'], fat: undefined, at: started('pull-1'), directions: ['--roll-back', '--roll-forward']},
	{words: ['merge', 's2'], fat: undefined, at: done('pull-1'), directions: ['--roll-back', '--roll-forward']},
] as Array<{words: string[]; fat: string | undefined; at: string; directions: string[]}>) {
	for (const direction of directions) {
		test.serial(`${words.join(' ')}, killed at ${at}, and QEMU dies: recover ${direction} keeps every byte`, async t => {
			const domain = await startBare(t);
			const digests = await takeChain(domain, ['s1', 's2', 's3'], fat);
			await killedAt(t, domain, words, at);
			await kill(domain);
			const result = await runBare(domain, ['recover', direction, '--yes']);
			t.is(result.exitCode, 0, result.stdout + result.stderr);
			await expectAll(t, domain, digests, ['s1', 's2', 's3'].filter(name => direction === '--roll-back' || name !== words.at(-1)));
		});
	}
}

for (const {words, at} of [
	{words: ['create', '--disk-only', 'n1'], at: started('transaction')},
	{words: ['create', '--disk-only', 'n1'], at: done('transaction')},
	{words: ['create', '--disk-only', 'n1'], at: done('define')},
	{words: ['create', '--memory', 'external', 'n1'], at: done('transaction')},
	{words: ['create', 'n1'], at: done('snapshot')},
]) {
	for (const direction of ['--roll-back', '--roll-forward']) {
		test.serial(`${words.join(' ')}, killed at ${at}, the guest goes on and then QEMU dies: recover ${direction} keeps what it wrote`, async t => {
			const domain = await startBare(t);
			const digests = await takeChain(domain, ['s1']);
			await killedAt(t, domain, words, at);
			// After a migration QEMU gives up the images until it goes on.
			const written = words.includes('--memory') ? digests.head : await markBare(domain, 7);
			await kill(domain);
			const result = await runBare(domain, ['recover', direction, '--yes']);
			t.is(result.exitCode, 0, result.stdout + result.stderr);
			const tree = await readBareTree(domain);
			t.deepEqual(await digestBare(domain), written);
			t.deepEqual(tree.snapshots.map(({name}) => name), direction === '--roll-back' ? ['s1'] : ['s1', 'n1']);
			await doBare(domain, 'revert', '--discard', '--shutoff', '--yes', '--', domain.name, 's1');
			t.deepEqual(await digestBare(domain), digests.s1);
		});
	}
}

for (const {words, fat, at, direction, gone} of [
	{words: ['merge', 's3'], fat: 's3', at: done('commit-2'), direction: '--roll-forward', gone: 's3'},
	{words: ['merge', 's2'], fat: 's2', at: done('commit-1'), direction: '--roll-forward', gone: 's2'},
	{words: ['create', '--disk', 'vda=external', '--disk', 'vdb=external', 'n1'], fat: undefined, at: done('define'), direction: '--roll-back', gone: undefined},
]) {
	test.serial(`${words.join(' ')} of a QEMU that is off, killed at ${at}, and somebody starts it: recover ${direction} says to end it, and then keeps what it wrote`, async t => {
		const domain = await startBare(t);
		const digests = await takeChain(domain, ['s1', 's2', 's3'], fat);
		await quit(domain);
		await killedAt(t, domain, words, at);
		await startAgain(domain);
		digests.head = await markBare(domain, 7);
		const refused = await runBare(domain, ['recover', direction, '--yes']);
		t.is(refused.exitCode, 3, refused.stdout + refused.stderr);
		t.regex(refused.stderr, /The domain was started.*Shut it down, then/su);
		t.deepEqual(await digestBare(domain), digests.head);
		await quit(domain);
		const result = await runBare(domain, ['recover', direction, '--yes']);
		t.is(result.exitCode, 0, result.stdout + result.stderr);
		await expectAll(t, domain, digests, ['s1', 's2', 's3'].filter(name => name !== gone));
	});
}

async function readAllTags(domain: BareDomain): Promise<string[][]> {
	const {images} = await readBareTree(domain);
	return Promise.all(images.map(async image => readTags(image.path)));
}

for (const {words, at, direction, left} of [
	{words: ['delete', 'i1'], at: started('untag-1'), direction: '--roll-forward', left: []},
	{words: ['delete', 'i1'], at: done('untag-1'), direction: '--roll-forward', left: []},
	{words: ['create', 'i2'], at: done('tag-vda'), direction: '--roll-back', left: ['i1']},
	{words: ['create', 'i2'], at: done('record'), direction: '--roll-back', left: ['i1']},
	{words: ['create', 'i2'], at: done('record'), direction: '--roll-forward', left: ['i1', 'i2']},
]) {
	test.serial(`${words.join(' ')} inside the images of a QEMU that is off, killed at ${at}, and somebody starts it: recover ${direction} does it by the monitor, and the guest goes on`, async t => {
		const domain = await startBare(t);
		const then = await markBare(domain, 1);
		await doBare(domain, 'create', '--yes', '--', domain.name, 'i1');
		await markBare(domain, 2);
		await quit(domain);
		await killedAt(t, domain, words, at);
		await startAgain(domain);
		const written = await markBare(domain, 7);
		const result = await runBare(domain, ['recover', direction, '--yes']);
		t.is(result.exitCode, 0, result.stdout + result.stderr);
		const tree = await readBareTree(domain);
		t.is(tree.domain.state, 'running');
		t.deepEqual(tree.snapshots.map(({name}) => name), left);
		t.deepEqual(await digestBare(domain), written);
		t.deepEqual(await readAllTags(domain), [left, left]);
		for (const name of left.slice(0, 1)) {
			await doBare(domain, 'revert', '--discard', '--paused', '--yes', '--', domain.name, name);
			t.deepEqual(await digestBare(domain), then);
		}
	});
}
