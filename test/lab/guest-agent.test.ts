/**
File systems that are really frozen, in a real guest: what a snapshot or a backup then holds needs no repair and lacks nothing that was written, and the guest goes on writing afterwards.
*/
import {readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {backUp, makeTarget, readManifests} from './backups.ts';
import {startLab} from './daemons.ts';
import type {LabDomain} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {
	expectWriting, prepareGuests, readCounts, readFileSystem, readFreeze, startGuest,
} from './guests.ts';
import {report, runProgram} from './program.ts';
import {virsh, waitFor} from './run.ts';
import {fillUp, makeVirshBefore} from './shims.ts';
import {readParents} from './snapshots.ts';

test.before(async () => {
	await startLab();
	await prepareGuests();
});

/** Each disk as it was frozen, in the domain's own image or in the one that `imageOf` names. */
async function expectFrozen(t: ExecutionContext, domain: LabDomain, told: Record<string, number>, imageOf?: (target: string) => string): Promise<void> {
	for (const {target, path: ownPath} of domain.disks) {
		const {isDirty, isClean, count} = await readFileSystem(domain, imageOf?.(target) ?? ownPath);
		t.false(isDirty, `${target}: its journal has to be replayed`);
		t.true(isClean, target);
		// It is written before it is told.
		t.true(count >= told[target]!, `${target}: ${count} of ${told[target]}`);
	}
}

test.serial('a snapshot with file systems frozen holds what was written, a plain one is as after a power failure, and the tree tells them apart', async t => {
	const domain = await startGuest(t);
	const told = await readCounts(domain);
	const frozen = await runProgram(domain, ['create', '--disk-only', '--quiesce', '--yes', '--', domain.name, 's1']);
	t.is(frozen.exitCode, 0, report(frozen));
	await expectWriting(domain);
	await expectFrozen(t, domain, told);

	const plain = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's2']);
	t.is(plain.exitCode, 0, report(plain));
	for (const {target} of domain.disks) {
		t.true((await readFileSystem(domain, path.join(domain.folder, `${target}.s1`))).isDirty, target);
	}

	const tree = await runProgram(domain, ['tree', domain.name]);
	t.regex(tree.stdout, /s1 .*file systems frozen/, report(tree));
	t.regex(tree.stdout, /s2 .*crash-consistent/);
});

test.serial('a backup with file systems frozen says so and holds what was written, and the next one is not taken for that', async t => {
	const domain = await startGuest(t);
	const folder = await makeTarget(t, domain);
	const told = await readCounts(domain);
	let point = '';
	for (const [flags, consistency] of [[['--quiesce'], 'frozen'], [[], 'crash-consistent'], [['--quiesce'], 'frozen']] as const) {
		const made = await backUp(domain, folder, [...flags]);
		t.is(made.exitCode, 0, report(made));
		await expectWriting(domain);
		const newest = (await readManifests(folder)).at(-1)!;
		t.is(newest.consistency, consistency);
		point = newest.point;
		for (const {target} of domain.disks) {
			t.is((await readFileSystem(domain, path.join(folder, `${point}.${target}.qcow2`))).isDirty, consistency !== 'frozen', `${point} ${target}`);
		}
	}

	await expectFrozen(t, domain, told, target => path.join(folder, `${point}.${target}.qcow2`));
});

type Two = [LabDomain, LabDomain];

const createBoth = async ([web, db]: Two, env?: Record<string, string | undefined>, onStart?: (pid: number) => void) => runProgram(
	web,
	['create', '--disk-only', '--quiesce', '--with', db.name, '--yes', '--', web.name, 's1'],
	{...(env && {env}), ...(onStart && {onStart})},
);

test.serial('two guests are frozen together, and both go on', async t => {
	const both: Two = [await startGuest(t), await startGuest(t, {diskCount: 1})];
	const [web, db] = both;
	const told = [await readCounts(web), await readCounts(db)];
	// When the second one goes over, both are frozen.
	const ask = ({uuid}: LabDomain) => `virsh -q qemu-agent-command ${uuid} '{"execute":"guest-fsfreeze-status"}'`;
	const shim = await makeVirshBefore(t, db, folder => `{ ${both.map(domain => ask(domain)).join('; ')}; } >'${folder}/freezes'`);
	const result = await createBoth(both, shim.env);
	t.is(result.exitCode, 0, report(result));
	const freezes = await readFile(path.join(shim.env!.PATH!.split(':')[0]!, 'freezes'), 'utf8');
	t.is(freezes.match(/"frozen"/g)?.length, 2, freezes);
	for (const [index, domain] of both.entries()) {
		await expectWriting(domain);
		await expectFrozen(t, domain, told[index]!);
	}
});

test.serial('the disk of one of two is full: both are thawed', async t => {
	const folder = await mountSmall(t, 96);
	const both: Two = [await startGuest(t), await startGuest(t, {folder, diskCount: 1})];
	const shim = await makeVirshBefore(t, both[1], () => fillUp(folder));
	const result = await createBoth(both, shim.env);
	t.is(result.exitCode, 1, report(result));
	await rm(path.join(folder, 'filler'));
	for (const domain of both) {
		t.is(await readFreeze(domain), 'thawed');
		t.deepEqual(await readParents(domain), {});
	}

	await expectWriting(both[0]);
});

for (const direction of ['--roll-back', '--roll-forward'] as const) {
	test.serial(`killed while two guests are frozen: both stay frozen until they are recovered (${direction})`, async t => {
		const both: Two = [await startGuest(t, {diskCount: 1}), await startGuest(t, {diskCount: 1})];
		const shim = await makeVirshBefore(t, both[1], folder => `kill -9 "$(cat '${folder}/pid')"; exit 1`);
		const killed = await createBoth(both, shim.env, shim.onStart);
		t.is(killed.signal, 'SIGKILL', report(killed));
		for (const domain of both) {
			t.is(await readFreeze(domain), 'frozen');
		}

		for (const domain of both) {
			const recovered = await runProgram(both[0], ['recover', direction, '--yes', '--', domain.name]);
			t.is(recovered.exitCode, 0, report(recovered));
		}

		for (const domain of both) {
			await waitFor('it is thawed', async () => await readFreeze(domain) === 'thawed');
			await expectWriting(domain);
		}
	});
}

test.serial('a guest that something else has frozen is not thawed by a create that fails', async t => {
	const domain = await startGuest(t, {diskCount: 1});
	await virsh('domfsfreeze', '--domain', domain.uuid);
	const result = await runProgram(domain, ['create', '--disk-only', '--quiesce', '--yes', '--', domain.name, 's1']);
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr, /frozen state/);
	t.regex(result.stderr, /Everything is as before/);
	t.is(await readFreeze(domain), 'frozen');
	t.deepEqual(await readParents(domain), {});
});
