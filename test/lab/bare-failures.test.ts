/** What a snapshot of a QEMU started by hand leaves when it cannot be taken: the disks that it had, no stray file, the guest running. */
import {Buffer} from 'node:buffer';
import {closeSync, openSync, writeSync} from 'node:fs';
import {readdir, readFile, rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {createMonitors} from '../../source/hosts/shared/qmp/monitors.ts';
import {QmpConnection} from '../../source/hosts/shared/qmp/qmp.ts';
import {readQemuProcess} from '../../source/hosts/qemu/read-process.ts';
import {unwrap} from '../helpers/unwrap.ts';
import {
	digestBare, isListening, markBare, readBareCounter, runBare, startBare, waitForBareCounter, type BareDomain, type BareResult,
} from './bare-domain.ts';
import {fill, mountSmall} from './file-systems.ts';
import {run, waitFor} from './run.ts';
import {digestImage} from './slots.ts';

async function ask<T>(domain: BareDomain, execute: string, parameters: Record<string, unknown> = {}): Promise<T> {
	const monitors = createMonitors({idleMs: 0});
	const answer = await monitors.ask(domain.socketPath, execute, parameters);
	await monitors.close();
	if (!answer.ok) {
		throw new Error(JSON.stringify(answer.failure));
	}

	return answer.value as T;
}

/** A domain of three disks, the third on a folder of its own that can be filled up. */
async function startOfThree(t: ExecutionContext): Promise<{domain: BareDomain; small: string}> {
	const small = await mountSmall(t, 2);
	const third = path.join(small, 'third.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', third, '4M']);
	const domain = await startBare(t, {
		name: 'three',
		// Behind the others on the bus: it is not booted.
		more: ['-blockdev', JSON.stringify({driver: 'qcow2', 'node-name': 'third', file: {driver: 'file', filename: third}}), '-device', 'virtio-blk-pci,drive=third,addr=0x10'],
	});
	return {domain, small};
}

type World = {heads: string[]; status: string; files: string[]; digests: string[]; jobs: unknown};

/** Everything that a failed snapshot must leave as it was. */
async function readWorld(domain: BareDomain, folders: string[] = []): Promise<World> {
	const disks = await ask<Array<{inserted?: {file: string}}>>(domain, 'query-block');
	const {status} = await ask<{status: string}>(domain, 'query-status');
	const lists = await Promise.all([domain.folder, ...folders].map(async folder => readdir(folder)));
	return {
		heads: disks.flatMap(({inserted}) => inserted?.file ?? []).sort(),
		status,
		files: lists.flat().filter(name => name !== 'state' && name !== 'filler').sort(),
		digests: await digestBare(domain),
		jobs: await ask(domain, 'query-jobs'),
	};
}

/** At once, before the program that was heard gets any further. */
function fillNow(folder: string): void {
	const filler = openSync(path.join(folder, 'filler'), 'w');
	try {
		for (const block = Buffer.alloc(4096); ;) {
			writeSync(filler, block);
		}
	} catch {
		// Full.
	} finally {
		closeSync(filler);
	}
}

function report(result: BareResult): string {
	return `exit ${result.exitCode}\n${result.stdout}\n${result.stderr}`;
}

async function goesOn(domain: BareDomain): Promise<void> {
	await waitForBareCounter(domain, await readBareCounter(domain) + 2);
}

test.serial('three disks, and there is no room for the third overlay: refused, and nothing is touched', async t => {
	const {domain, small} = await startOfThree(t);
	await fill(small);
	const before = await readWorld(domain, [small]);
	const result = await runBare(domain, ['create', 'three', 's1', '--disk-only', '--yes']);
	t.is(result.exitCode, 3, report(result));
	t.regex(result.stderr, /Not enough room/);
	t.deepEqual(await readWorld(domain, [small]), before);
});

test.serial('three disks, and the room for the third overlay goes away under way: QEMU gives up, and all three go on on their old images', async t => {
	const {domain, small} = await startOfThree(t);
	await markBare(domain, 1);
	const before = await readWorld(domain, [small]);
	const result = await runBare(domain, ['create', 'three', 's1', '--disk-only', '--yes', '--json'], line => {
		if (line.includes('"kind":"started"')) {
			fillNow(small);
		}
	});
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr, /No space left on device/);
	t.deepEqual(await readWorld(domain, [small]), before);
	await goesOn(domain);
	await rm(path.join(small, 'filler'));
	const again = await runBare(domain, ['create', 'three', 's1', '--disk-only', '--yes']);
	t.is(again.exitCode, 0, report(again));
});

for (const [title, make] of [
	['a folder that is not there', async (domain: BareDomain) => path.join(domain.folder, 'nowhere', 'third.s1')],
	['a name that is taken', async (domain: BareDomain) => {
		const taken = path.join(domain.folder, 'precious');
		await writeFile(taken, 'precious');
		return taken;
	}],
	['a name that only looks free, for it is a link to nowhere', async (domain: BareDomain) => {
		const link = path.join(domain.folder, 'link');
		await run('ln', ['-s', '/nowhere/at-all', link]);
		return link;
	}],
] as const) {
	test.serial(`three disks, and the third overlay would get ${title}: refused, and nothing is touched`, async t => {
		const {domain, small} = await startOfThree(t);
		const target = await make(domain);
		const before = await readWorld(domain, [small]);
		const third = await readTargetOf(domain, 'third.qcow2');
		const result = await runBare(domain, ['create', 'three', 's1', '--disk-only', '--disk', `${third}=external:${target}`, '--yes']);
		t.is(result.exitCode, 3, report(result));
		t.deepEqual(await readWorld(domain, [small]), before);
		t.is(await readFile(target, 'utf8').catch(() => 'precious'), 'precious');
		await goesOn(domain);
	});
}

/** What the program calls the disk on this image. */
async function readTargetOf(domain: BareDomain, image: string): Promise<string> {
	const result = await runBare(domain, ['create', domain.name, 'probe', '--disk-only', '--dry-run', '--json']);
	const plan = JSON.parse(result.stdout) as {targets: [{before: {heads: Array<{target: string; path: string}>}}]};
	return plan.targets[0].before.heads.find(head => path.basename(head.path) === image)!.target;
}

test.serial('while another program holds the monitor the program says so and touches nothing', async t => {
	const domain = await startBare(t);
	const other = unwrap(await QmpConnection.open(domain.socketPath));
	const result = await runBare(domain, ['create', domain.name, 's1', '--disk-only', '--yes']);
	t.is(result.exitCode, 6, report(result));
	t.regex(result.stderr, /another program uses/);
	other.close();
	const again = await runBare(domain, ['create', domain.name, 's1', '--disk-only', '--yes']);
	t.is(again.exitCode, 0, report(again));
});

test.serial('killed while memory is written: recover brings the guest back to its old disks, and it runs', async t => {
	const domain = await startBare(t);
	await markBare(domain, 1);
	await waitForBareCounter(domain, 2);
	await ask(domain, 'migrate-set-parameters', {'max-bandwidth': 10_000});
	const before = await readWorld(domain);
	const killed = await runBare(domain, ['create', domain.name, 'm1', '--memory', 'external', '--yes', '--json'], (line, kill) => {
		if (line.includes('"step-progress"')) {
			kill();
		}
	});
	t.is(killed.exitCode, null, report(killed));
	t.is((await ask<{status: string}>(domain, 'query-migrate')).status, 'active');
	const recovered = await runBare(domain, ['recover', '--roll-back', '--yes']);
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await readWorld(domain), before);
	await goesOn(domain);
});

test.serial('QEMU that dies while its memory is written leaves the images whole and nothing to clear up', async t => {
	const domain = await startBare(t);
	const digests = await markBare(domain, 1);
	const before = await readWorld(domain);
	await ask(domain, 'migrate-set-parameters', {'max-bandwidth': 10_000});
	const {pid} = (await readQemuProcess(domain.socketPath))!;
	let isKilled = false;
	const result = await runBare(domain, ['create', domain.name, 'm1', '--memory', 'external', '--yes', '--json'], line => {
		if (line.includes('"step-progress"') && !isKilled) {
			isKilled = true;
			process.kill(pid, 'SIGKILL');
		}
	});
	t.true(isKilled);
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr, /closed by QEMU/);
	await waitFor('QEMU has gone', async () => !await isListening(domain));
	t.deepEqual(await Promise.all(['data.qcow2', 'sys, 1.qcow2'].map(async name => digestImage(path.join(domain.folder, name), 'qcow2'))), digests);
	t.deepEqual((await readdir(domain.folder)).filter(name => name !== 'state').sort(), before.files);
});
