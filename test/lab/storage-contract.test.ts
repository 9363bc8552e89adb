/**
What a disk may rely on, whatever it is on: each kind of storage passes this suite. Every state of a fork is made off and running and gone back to, it is deleted in every order,
a revert is killed after each of its steps, and the store is full in the midst; by bytes, and with devices, volumes and the lists of pools as they have to be.
*/
import {rm} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {change} from './change.ts';
import {startLab} from './daemons.ts';
import {readState, start, stop} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {
	readError, readLeftSecrets, recover, report, revert, runProgram,
} from './program.ts';
import {
	fillUp, killMoments, makeShims, readPlan,
} from './shims.ts';
import {readParents, type Digests} from './snapshots.ts';
import {
	markHeld, readAllHeld, readHeld, rememberAll, storageKinds, type Stored,
} from './storage-kinds.ts';
import {readWorld} from './world.ts';

test.before(startLab);

async function good(t: ExecutionContext, stored: Stored, verb: string, ...words: string[]): Promise<void> {
	const {domain} = stored;
	const result = await runProgram(domain, [verb, ...words.filter(word => word.startsWith('-')), '--yes', '--', domain.name, ...words.filter(word => !word.startsWith('-'))]);
	t.is(result.exitCode, 0, `${verb} ${words.join(' ')}\n${report(result)}`);
	await stored.expectPlaces(t);
}

async function expectHealthy(t: ExecutionContext, {domain}: Stored, where = ''): Promise<void> {
	const checked = await runProgram(domain, ['doctor', domain.name]);
	t.is(checked.exitCode, 0, `${where}\n${report(checked)}`);
}

/** s1 → {s2, b1}, off; the disks are on b1. Gives what each holds, the current state under ''. */
async function makeFork(t: ExecutionContext, stored: Stored): Promise<Record<string, Digests>> {
	const held: Record<string, Digests> = {s1: await readHeld(stored)};
	await good(t, stored, 'create', 's1', '--disk-only', ...stored.overlayFlags);
	held.s2 = await markHeld(stored, 0x11);
	await good(t, stored, 'create', 's2', '--disk-only');
	await markHeld(stored, 0x12);
	await good(t, stored, 'branch', 's1', 'b1', '--discard');
	held.b1 = held.s1!;
	held[''] = await markHeld(stored, 0x13);
	t.deepEqual(await readParents(stored.domain), {s1: undefined, s2: 's1', b1: 's1'});
	return held;
}

const orders = (names: readonly string[]): string[][] => names.length === 0 ? [[]] : names.flatMap(name => orders(names.filter(other => other !== name)).map(rest => [name, ...rest]));

for (const kind of storageKinds) {
	test.serial(`${kind.name}: every state of a fork, made off and running, is gone back to`, async t => {
		const stored = await kind.make(t);
		const {domain} = stored;
		const held: Record<string, Digests> = {s1: await readHeld(stored)};
		await good(t, stored, 'create', 's1', '--disk-only', ...stored.overlayFlags);
		held.s2 = await markHeld(stored, 0x11);
		await good(t, stored, 'create', 's2', '--disk-only');
		await start(domain);
		held.s3 = await markHeld(stored, 0x12);
		await good(t, stored, 'create', 's3', '--disk-only');
		held.k1 = await markHeld(stored, 0x13);
		await good(t, stored, 'revert', 's1', '--keep=k1', '--shutoff');
		t.deepEqual(await readHeld(stored), held.s1);
		held.k2 = await markHeld(stored, 0x14);
		await good(t, stored, 'revert', 's3', '--keep=k2', '--running');
		await stop(domain);
		t.deepEqual(await readHeld(stored), held.s3);
		await good(t, stored, 'branch', 's2', 'b1', '--discard', '--shutoff');
		held.b1 = held.s2;
		await markHeld(stored, 0x15);
		for (const name of ['k1', 'b1', 'k2', 's3', 's2', 's1', 'k1']) {
			await good(t, stored, 'revert', name, '--discard', '--shutoff');
			t.deepEqual(await readHeld(stored), held[name], name);
			await expectHealthy(t, stored, name);
		}

		const {'': _current, ...left} = await readAllHeld(stored);
		t.deepEqual(left, held);
	});

	test.serial(`${kind.name}: a fork is deleted in every order, off and running`, async t => {
		const stored = await kind.make(t);
		const {domain} = stored;
		const held = await makeFork(t, stored);
		const putBack = await rememberAll(t, stored);
		for (const [index, order] of orders(['s1', 's2', 'b1']).entries()) {
			if (index % 2 === 1) {
				await start(domain);
			}

			for (const [done, name] of order.entries()) {
				const where = `${order.join(', ')}: ${name}, ${await readState(domain)}`;
				const result = await change(domain, 'delete', [name]);
				if (result.exitCode === 3 && await readState(domain) === 'running') {
					// What a running guest forbids is refused, with the way: it is shut down.
					t.regex(readError(result).message, /shut/i, `${where}\n${report(result)}`);
					await stop(domain);
					const again = await change(domain, 'delete', [name]);
					t.is(again.exitCode, 0, `${where}\n${report(again)}`);
				} else {
					t.is(result.exitCode, 0, `${where}\n${report(result)}`);
				}

				const gone = new Set(order.slice(0, done + 1));
				t.deepEqual(await readAllHeld(stored), Object.fromEntries(Object.entries(held).filter(([left]) => !gone.has(left))), where);
				await stored.expectPlaces(t);
			}

			await stop(domain);
			await expectHealthy(t, stored, order.join(', '));
			await putBack();
		}
	});

	test.serial(`${kind.name}: a revert that is killed after each step is finished or taken back`, async t => {
		const stored = await kind.make(t);
		const {domain} = stored;
		const held = await makeFork(t, stored);
		const before = await readWorld(domain);
		const putBack = await rememberAll(t, stored);
		const flags = ['--keep', 'left'];
		const plan = await readPlan(domain, 's2', flags);
		for (const [at, step] of plan.steps.entries()) {
			if (step.phase === 'check' || step.command.onlyIf !== undefined) {
				continue;
			}

			const direction = at % 2 === 0 ? '--roll-back' : '--roll-forward';
			const where = `killed after step ${at + 1}, ${step.id}, then ${direction}\n`;
			const shims = await makeShims(t, plan, {at, script: killMoments.after});
			const killed = await revert(domain, 's2', {...shims.options, flags});
			t.is(killed.signal, 'SIGKILL', where + report(killed));
			const recovered = await recover(domain, direction);
			t.is(recovered.exitCode, 0, where + report(recovered));
			await shims.settle();
			await stored.expectPlaces(t);
			await expectHealthy(t, stored, where);
			t.deepEqual(await readLeftSecrets(domain), [], where);
			const all = await readAllHeld(stored);
			if (direction === '--roll-back') {
				t.deepEqual(all, held, where + report(recovered));
				const world = await readWorld(domain);
				t.is(world.definitionXml, before.definitionXml, where);
				t.deepEqual({...world.snapshots, current: world.current}, {...before.snapshots, current: before.current}, where);
				t.deepEqual(Object.keys(world.files), Object.keys(before.files), where);
			} else {
				t.deepEqual(all, {...held, left: held['']!, '': held.s2!}, where + report(recovered));
				await putBack();
			}
		}
	});

	test.serial(`${kind.name}: the store is full in the midst, nothing has happened, and with room it goes on`, async t => {
		const stored = await kind.make(t, {folder: await mountSmall(t, 24)});
		const {domain} = stored;
		const held = await makeFork(t, stored);
		const before = await readWorld(domain);
		const flags = ['--keep', 'left'];
		const plan = await readPlan(domain, 's2', flags);
		const at = plan.steps.findIndex(({phase, command}) => phase === 'create' && command.tool === 'qemu-img');
		t.not(at, -1, plan.steps.map(({id}) => id).join(' '));
		const shims = await makeShims(t, plan, {at, script: `${fillUp(domain.folder)}; "$name" "$@"; exit`});
		const failed = await revert(domain, 's2', {...shims.options, flags});
		t.is(failed.exitCode, 1, report(failed));
		await rm(path.join(domain.folder, 'filler'));
		t.deepEqual(await readAllHeld(stored), held, report(failed));
		const world = await readWorld(domain);
		t.is(world.definitionXml, before.definitionXml);
		t.deepEqual(world.snapshots, before.snapshots);
		t.deepEqual(Object.keys(world.files), Object.keys(before.files));
		await good(t, stored, 'revert', 's2', '--keep=left');
		t.deepEqual(await readHeld(stored), held.s2);
	});
}
