/** Root writes by qemu-img to images that exist, in a folder of somebody else's, who exchanges them for links to images of root's. */
import {
	chmod, chown, lstat, readdir, rename, rm, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {formatCommand} from '../../source/model/text/format-command.ts';
import {change, digestSnapshots, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {makeVictims, shimBefore} from './exchange.ts';
import {expectRefused, expectReverted, expectStarts} from './expect.ts';
import {
	recover, report, revert, runProgram,
} from './program.ts';
import {run} from './run.ts';
import {digestHeads, readTags} from './slots.ts';
import {markLive, markOffline} from './snapshots.ts';

test.before(startLab);

const owner = 1234;
const create = async (domain: LabDomain, name: string, ...flags: string[]) => runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, name]);

/** Off; the folder and all in it are that user's. */
async function makeForeign(t: ExecutionContext, diskCount: number): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount});
	for (const {path: disk} of domain.disks) {
		await chown(disk, owner, owner);
	}

	await chown(domain.folder, owner, owner);
	return domain;
}

/** Each file's owner. */
async function readOwners(domain: LabDomain): Promise<Record<string, number>> {
	const names = (await readdir(domain.folder)).sort();
	return Object.fromEntries(await Promise.all(names.map(async name => [name, (await lstat(path.join(domain.folder, name))).uid] as const)));
}

const theirs = (names: string[]) => Object.fromEntries(names.sort().map(name => [name, owner]));

/** Three external snapshots; each image has its own bytes. */
async function takeThree(t: ExecutionContext, domain: LabDomain): Promise<void> {
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index + 1);
		const made = await create(domain, name, '--disk-only');
		t.is(made.exitCode, 0, report(made));
	}

	await markOffline(domain, 4);
}

test.serial('merges in the folder of a user are done with that user\'s rights: bytes and owners stay', async t => {
	const domain = await makeForeign(t, 2);
	await takeThree(t, domain);
	const before = await digestSnapshots(domain);
	const byScript = async (name: string) => {
		const shown = await runProgram(domain, ['delete', '--dry-run', '--shell', '--', domain.name, name]);
		const script = path.join(domain.statePath, 'delete.sh');
		await writeFile(script, shown.stdout);
		t.regex(await run('sh', [script]), /done\n$/);
	};

	const byProgram = async (name: string) => {
		const deleted = await change(domain, 'delete', [name]);
		t.is(deleted.exitCode, 0, report(deleted));
	};

	const expectDeleted = async (name: string, {left, words, way}: {left: string[]; words: RegExp; way: (name: string) => Promise<void>}) => {
		const plan = await readChangePlan(domain, 'delete', [name]);
		const lines = plan.steps.filter(({command}) => command.tool === 'qemu-img').map(({command}) => formatCommand(command));
		t.true(lines.some(line => words.test(line)) && lines.every(line => line.startsWith(`setpriv --reuid ${owner} `)), lines.join('\n'));
		await way(name);
		t.deepEqual(await digestSnapshots(domain), Object.fromEntries(Object.entries(before).filter(([key]) => ['', ...left].includes(key))));
	};

	await expectDeleted('s2', {left: ['s1', 's3'], words: / rebase -f /, way: byProgram});
	await expectDeleted('s3', {left: ['s1'], words: / commit /, way: byScript});
	t.deepEqual(await readOwners(domain), theirs(['vda.qcow2', 'vdb.qcow2', 'vda.s2', 'vdb.s2']));
	await expectStarts(t, domain);
});

test.serial('states inside images of a user are made, gone back to and deleted with that user\'s rights', async t => {
	const domain = await makeForeign(t, 2);
	const first = await markOffline(domain, 1);
	const made = await create(domain, 'i1');
	t.is(made.exitCode, 0, report(made));
	const second = await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 'i1', {flags: ['--keep', 'k']}), {digests: first, current: 'i1'});
	await expectReverted(t, domain, await revert(domain, 'k'), {digests: second, current: 'k'});
	const deleted = await change(domain, 'delete', ['i1']);
	t.is(deleted.exitCode, 0, report(deleted));
	t.deepEqual(await readTags(domain.disks[0]!.path), ['k']);
	t.deepEqual(await digestHeads(domain), second);
	t.deepEqual(await readOwners(domain), theirs(['vda.qcow2', 'vdb.qcow2']));
});

/** Of root's: a real image, which qemu-img could write to. */
async function makeVictimImage(t: ExecutionContext, domain: LabDomain): Promise<{path: string; read: () => Promise<string[]>}> {
	const victims = await makeVictims(domain, []);
	t.teardown(async () => rm(victims.folder, {recursive: true, force: true}));
	const victim = path.join(victims.folder, 'victim.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', victim, '16M']);
	await run('qemu-img', ['snapshot', '-c', 'i1', victim]);
	await chmod(victim, 0o600);
	// Reachable for everybody, readable for root alone.
	await chmod(victims.folder, 0o755);
	return {path: victim, read: victims.read};
}

/** At the moment of the command, whoever runs it, the image becomes a link to the victim. */
async function exchangeAt(domain: LabDomain, image: string, victim: string, verb: string) {
	const exchange = `[ -L '${image}' ] || { mv '${image}' '${image}.aside'; ln -s '${victim}' '${image}'; }`;
	return {
		...await shimBefore(domain, {'qemu-img': `'${verb} '*`, sh: `*'qemu-img ${verb} '*`}, exchange),
		timeoutMs: 60_000,
	};
}

async function putRight(t: ExecutionContext, image: string): Promise<void> {
	t.true((await lstat(image)).isSymbolicLink(), 'the image was exchanged');
	await rm(image);
	await rename(`${image}.aside`, image);
}

test.serial('an image that becomes a link to one of root\'s is not committed into, and the commit is finished when it is back', async t => {
	const domain = await makeForeign(t, 1);
	await takeThree(t, domain);
	const before = await digestSnapshots(domain);
	const victim = await makeVictimImage(t, domain);
	const untouched = await victim.read();
	// Then the image below is the larger one.
	t.is((await change(domain, 'delete', ['s2'])).exitCode, 0);
	const into = path.join(domain.folder, 'vda.s2');
	const stopped = await change(domain, 'delete', ['s3'], await exchangeAt(domain, into, victim.path, 'commit'));
	t.deepEqual(await victim.read(), untouched);
	t.is(stopped.exitCode, 4, report(stopped));
	t.regex(stopped.stderr, /Permission denied/);
	await putRight(t, into);
	const recovered = await recover(domain, '--roll-forward');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await digestSnapshots(domain), {s1: before.s1!, '': before['']!});
	t.deepEqual(await readOwners(domain), theirs(['vda.qcow2', 'vda.s2']));
});

test.serial('an image that becomes a link to one of root\'s is not pulled into, and all is put back', async t => {
	const domain = await makeForeign(t, 1);
	await takeThree(t, domain);
	const before = await digestSnapshots(domain);
	const victim = await makeVictimImage(t, domain);
	const untouched = await victim.read();
	const top = path.join(domain.folder, 'vda.s2');
	const stopped = await change(domain, 'delete', ['s2'], await exchangeAt(domain, top, victim.path, 'rebase'));
	t.deepEqual(await victim.read(), untouched);
	t.is(stopped.exitCode, 4, report(stopped));
	await putRight(t, top);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await victim.read(), untouched);
	t.deepEqual(await digestSnapshots(domain), before);
	t.deepEqual(await readOwners(domain), theirs(['vda.qcow2', 'vda.s1', 'vda.s2', 'vda.s3']));
});

for (const [whose, uid] of [['a user\'s', owner], ['root\'s', 0]] as const) {
	test.serial(`no state is made, put back or deleted in what a link leads to, in the place of an image of ${whose}`, async t => {
		const domain = await makeForeign(t, 1);
		const image = domain.disks[0]!.path;
		await chown(image, uid, uid);
		const first = await markOffline(domain, 1);
		const victim = await makeVictimImage(t, domain);
		const untouched = await victim.read();
		const attack = async (act: (options: Awaited<ReturnType<typeof exchangeAt>>) => ReturnType<typeof runProgram>, verb: string, direction: '--roll-back' | '--roll-forward' = '--roll-back') => {
			const stopped = await act(await exchangeAt(domain, image, victim.path, verb));
			t.not(stopped.exitCode, 0, report(stopped));
			t.deepEqual(await victim.read(), untouched, verb);
			await putRight(t, image);
			await recover(domain, direction);
			t.deepEqual(await victim.read(), untouched, verb);
		};

		await attack(async options => runProgram(domain, ['create', '--yes', '--json', '--', domain.name, 'i1'], options), 'snapshot -c');
		t.deepEqual(await readTags(image), []);
		const made = await create(domain, 'i1');
		t.is(made.exitCode, 0, report(made));
		const second = await markOffline(domain, 2);
		await attack(async options => revert(domain, 'i1', options), 'snapshot -a');
		t.deepEqual(await digestHeads(domain), second);
		await expectReverted(t, domain, await revert(domain, 'i1'), {digests: first, current: 'i1'});
		await attack(async options => change(domain, 'delete', ['i1'], options), 'snapshot -d', '--roll-forward');
		// libvirt's own delete of the safety state went by the name, to an image that had none.
		t.deepEqual((await readTags(image)).filter(tag => !tag.startsWith('before-revert-')), []);
		t.deepEqual(await digestHeads(domain), first);
		t.is((await stat(image)).uid, uid);
	});
}

test.serial('libvirt leaves what a running domain has frozen to QEMU\'s user: a merge is refused until it is its owner\'s again', async t => {
	const domain = await makeForeign(t, 1);
	await start(domain);
	await markLive(domain, 1);
	const made = await create(domain, 's1', '--disk-only');
	t.is(made.exitCode, 0, report(made));
	await markLive(domain, 2);
	await stop(domain);
	const before = await digestSnapshots(domain);
	const [base] = domain.disks;
	t.not((await stat(base!.path)).uid, owner);
	await expectRefused(t, domain, async () => change(domain, 'delete', ['s1']), new RegExp(`can be written to by user ${owner}.*chown ${owner} ${base!.path}`, 's'));
	await chown(base!.path, owner, owner);
	const deleted = await change(domain, 'delete', ['s1']);
	t.is(deleted.exitCode, 0, report(deleted));
	t.deepEqual((await digestSnapshots(domain))[''], before['']);
	await expectStarts(t, domain);
});

test.serial('where a group may exchange the images a merge is refused, and the folder is named', async t => {
	const domain = await makeForeign(t, 1);
	await takeThree(t, domain);
	await chmod(domain.folder, 0o775);
	await expectRefused(t, domain, async () => change(domain, 'delete', ['s2']), new RegExp(`${domain.folder} can be written to by user ${owner} and others.*chmod go-w`, 's'));
	await chmod(domain.folder, 0o755);
	const deleted = await change(domain, 'delete', ['s2']);
	t.is(deleted.exitCode, 0, report(deleted));
});
