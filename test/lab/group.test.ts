/**
One action on three domains of real libvirt: done on all; one fails because its disk is full, and the others are rolled back or kept; killed in the midst, and recovered. No guest here
has an agent: that guests are thawed is tested in `guest-agent`.
*/
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {
	readEvents, readLeftSecrets, report, runProgram, type ProgramOptions, type ProgramResult,
} from './program.ts';
import {virsh} from './run.ts';
import {fillUp, makeVirshBefore} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {markLive, markOffline, readParents} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

type Three = {domains: [LabDomain, LabDomain, LabDomain]; /** Of the small file system that the second one is on. */ folder: string};

async function makeThree(t: ExecutionContext): Promise<Three> {
	const folder = await mountSmall(t, 24);
	const domains = [await makeDomain(t), await makeDomain(t, {folder}), await makeDomain(t, {diskCount: 1})] as Three['domains'];
	for (const domain of domains) {
		await start(domain);
		await markLive(domain, 1);
	}

	return {domains, folder};
}

async function create({domains: [first, ...others]}: Three, flags: string[] = [], options: ProgramOptions = {}): Promise<ProgramResult> {
	return runProgram(first, ['create', '--disk-only', ...others.flatMap(({name}) => ['--with', name]), ...flags, '--yes', '--', first.name, 's1'], options);
}

const look = async (domain: LabDomain) => ({
	heads: await readHeads(domain), digests: await digestHeads(domain), parents: await readParents(domain), state: await readState(domain),
	definition: await virsh('dumpxml', '--domain', domain.uuid, '--inactive'),
});

const lookAt = async ({domains}: Three) => Promise.all(domains.map(async domain => look(domain)));

async function expectTidy(t: ExecutionContext, {domains}: Three): Promise<void> {
	for (const domain of domains) {
		t.deepEqual((await readStrays(domain)).filter(name => name !== 'filler'), [], domain.name);
	}

	t.deepEqual(await readLeftSecrets(domains[0]), []);
}

/** DOMAIN and OUTCOME of the table. */
function rowsOf({stdout}: ProgramResult): Record<string, string> {
	const lines = stdout.split('\n');
	const table = lines.slice(lines.findIndex(line => line.startsWith('DOMAIN')) + 1).filter(line => line !== '');
	return Object.fromEntries(table.map(line => line.split(/ {2,}/).slice(0, 2) as [string, string]));
}

test.serial('a snapshot of three domains, and all reverted to it', async t => {
	const three = await makeThree(t);
	const {domains} = three;
	const [first, ...others] = domains;
	const before = await lookAt(three);
	const created = await create(three, ['--json']);
	t.is(created.exitCode, 0, report(created));
	const results = readEvents(created).find(({kind}) => kind === 'results')!.results as Array<{domain: {name: string}; outcome: {kind: string}}>;
	t.deepEqual(results.map(({domain, outcome}) => [domain.name, outcome.kind]), domains.map(({name}) => [name, 'done']));
	for (const domain of domains) {
		t.deepEqual(await readParents(domain), {s1: undefined});
		await markLive(domain, 2);
	}

	const reverted = await runProgram(first, ['revert', ...others.flatMap(({name}) => ['--with', name]), '--discard', '--shutoff', '--yes', '--', first.name, 's1']);
	t.is(reverted.exitCode, 0, report(reverted));
	for (const [index, domain] of domains.entries()) {
		t.is(await readState(domain), 'shut off');
		t.deepEqual(await digestHeads(domain), before[index]!.digests);
	}

	await expectTidy(t, three);
});

test.serial('the disk of one of three is full: the table says so, the others are rolled back, and nothing is stray', async t => {
	const three = await makeThree(t);
	const [web, db, cache] = three.domains;
	const before = await lookAt(three);
	// The second goes over after the first, whose snapshot is there by then.
	const shim = await makeVirshBefore(t, db, () => fillUp(three.folder));
	const result = await create(three, [], shim);
	t.log(result.stdout, result.stderr);
	t.is(result.exitCode, 1, report(result));
	t.deepEqual(rowsOf(result), {[web.name]: 'rolled back', [db.name]: 'rolled back', [cache.name]: 'not begun'});
	t.regex(result.stdout, new RegExp(`^${web.name} +rolled back +Rolled back, because the action failed on "${db.name}"`, 'm'));
	t.regex(result.stdout, new RegExp(`^${db.name} +rolled back +Create snapshot "s1" with libvirt: .*No space left on device'?$`, 'm'));
	t.regex(result.stderr, new RegExp(`^${db.name}: Failed: .*(?:space|full)`, 'ims'));
	t.deepEqual(await lookAt(three), before);
	await expectTidy(t, three);
	for (const domain of three.domains) {
		await stop(domain);
	}

	t.deepEqual(await Promise.all(three.domains.map(async domain => digestHeads(domain))), before.map(({digests}) => digests));
});

test.serial('the disk of one of three is full, and the others are to be kept: they are done', async t => {
	const three = await makeThree(t);
	const [web, db, cache] = three.domains;
	const before = await lookAt(three);
	const shim = await makeVirshBefore(t, db, () => fillUp(three.folder));
	const result = await create(three, ['--if-one-fails', 'keep'], shim);
	t.is(result.exitCode, 1, report(result));
	t.deepEqual(rowsOf(result), {[web.name]: 'done', [db.name]: 'rolled back', [cache.name]: 'done'});
	t.deepEqual(await look(db), before[1]);
	for (const domain of [web, cache]) {
		t.deepEqual(await readParents(domain), {s1: undefined});
	}

	t.deepEqual([await digestHeads(web), await digestHeads(cache)], [before[0]!.digests, before[2]!.digests]);
	await expectTidy(t, three);
});

for (const direction of ['--roll-back', '--roll-forward'] as const) {
	test.serial(`killed while the second of three goes over, and recovered: ${direction}`, async t => {
		const three = await makeThree(t);
		const before = await lookAt(three);
		const shim = await makeVirshBefore(t, three.domains[1], folder => `kill -9 "$(cat '${folder}/pid')"`);
		const killed = await create(three, [], shim);
		t.is(killed.signal, 'SIGKILL', report(killed));
		// The call that was under way ends by itself.
		const shown = await runProgram(three.domains[0], ['recover']);
		t.is(shown.stdout.match(/One action with /g)?.length, 3, report(shown));
		for (const domain of three.domains) {
			const recovered = await runProgram(three.domains[0], ['recover', direction, '--yes', '--', domain.name]);
			t.is(recovered.exitCode, 0, report(recovered));
		}

		if (direction === '--roll-back') {
			t.deepEqual(await lookAt(three), before);
		} else {
			t.deepEqual((await lookAt(three)).map(({digests, parents}) => ({digests, parents})), before.map(({digests}) => ({digests, parents: {s1: undefined}})));
		}

		await expectTidy(t, three);
	});
}

test.serial('what one of three is refused for is said for all that are, and nothing begins', async t => {
	const three = await makeThree(t);
	const [web, db, cache] = three.domains;
	for (const domain of [db, cache]) {
		await stop(domain);
		await markOffline(domain, 2);
		await virsh('snapshot-create-as', '--domain', domain.uuid, '--name', 's1', '--disk-only');
	}

	const before = await lookAt(three);
	const result = await create(three);
	t.is(result.exitCode, 3, report(result));
	t.regex(result.stderr, new RegExp(`^${db.name}: Refused`, 'm'));
	t.regex(result.stderr, new RegExp(`^${cache.name}: Refused`, 'm'));
	t.notRegex(result.stderr, new RegExp(`^${web.name}:`, 'm'));
	t.deepEqual(await lookAt(three), before);
});

test.serial('two that would work on the same file are refused; each by itself is done', async t => {
	const [web, cache] = [await makeDomain(t, {diskCount: 1}), await makeDomain(t, {diskCount: 1})];
	const file = path.join(web.folder, 'same.qcow2');
	const argv = ['create', '--disk-only', '--yes', '--disk', `vda=external:${file}`];
	const refused = await runProgram(web, [...argv, '--with', cache.name, '--', web.name, 's1']);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, new RegExp(`"${cache.name}" works on ${file} as well`));
	const first = await runProgram(web, [...argv, '--', web.name, 's1']);
	t.is(first.exitCode, 0, report(first));
	const second = await runProgram(web, ['create', '--disk-only', '--yes', '--', cache.name, 's1']);
	t.is(second.exitCode, 0, report(second));
	t.deepEqual([await readParents(web), await readParents(cache)], [{s1: undefined}, {s1: undefined}]);
});
