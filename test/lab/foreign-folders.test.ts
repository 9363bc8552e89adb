/** Root at work in a folder of somebody else's, who exchanges the new names for links to a file of root's while the plan runs. */
import {
	chown, lstat, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {digest} from '../../source/model/plan/fingerprint.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {makeVictims, shimBefore as shimAllBefore} from './exchange.ts';
import {
	recover, report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {imagesPath} from './settings.ts';
import {run} from './run.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {digestFile, digestHeads, readHeads} from './slots.ts';
import {markOffline} from './snapshots.ts';

test.before(startLab);

const owner = 1234;
const create = (domain: LabDomain, ...flags: string[]) => ['create', '--disk-only', ...flags, '--', domain.name, 's1'];
const shimBefore = async (domain: LabDomain, program: string, words: string, script: string) => shimAllBefore(domain, {[program]: words}, script);
/** The private folders beside, of this domain: other files of the lab work there as well. */
async function readPrivate({folder}: LabDomain): Promise<string[]> {
	const names = await readdir(imagesPath);
	return names.filter(name => name.startsWith('.vsnap-tui-') && name.endsWith(digest(folder).slice(0, 8)));
}

test.serial('a link under the name of a new overlay is never followed, and nothing is left of what was made', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const digests = await markOffline(domain, 1);
	await chown(domain.folder, owner, owner);
	const victim = path.join(domain.statePath, 'victim');
	await writeFile(victim, 'of root', {mode: 0o600});
	const before = await digestFile(victim);
	const overlay = path.join(domain.folder, 'vda.s1');
	const attack = async (program: string, words: string): Promise<ProgramResult> =>
		runProgram(domain, create(domain, '--yes', '--json'), await shimBefore(domain, program, words, `rm -f '${overlay}'; ln -s '${victim}' '${overlay}'`));

	// Before the file is linked into place, and after.
	for (const [program, words] of [['qemu-img', 'create*'], ['sync', `*' ${domain.folder}'`]] as const) {
		const result = await attack(program, words);
		t.is(result.exitCode, 1, report(result));
		t.is(await digestFile(victim), before, program);
		const {uid, mode} = await stat(victim);
		t.deepEqual([uid, mode % 0o1000], [0, 0o600]);
		t.true((await lstat(overlay)).isSymbolicLink(), 'what somebody else has put there stays');
		await rm(overlay);
		t.deepEqual([...await readHeads(domain, {inactive: true})], [['vda', domain.disks[0]!.path]]);
		t.deepEqual(await readdir(domain.folder), ['vda.qcow2']);
		t.deepEqual(await readPrivate(domain), []);
	}

	const made = await runProgram(domain, create(domain, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
	await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'k']}), {digests, current: 's1'});
	const [[, head] = []] = await readHeads(domain);
	t.is((await stat(head!)).nlink, 1, 'the private name is gone');
	t.deepEqual(await readPrivate(domain), []);
});

test.serial('killed with the overlay linked into place, recover takes both names and the private folder away', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await chown(domain.folder, owner, owner);
	const shown = await runProgram(domain, create(domain, '--dry-run', '--json'));
	const plan = JSON.parse(shown.stdout) as Plan;
	const at = plan.steps.findIndex(({id}) => id === 'publish-vda');
	const shims = await makeShims(t, plan, {at, script: killMoments.after});
	const killed = await runProgram(domain, create(domain, '--yes', '--json'), shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await readdir(domain.folder), ['vda.qcow2']);
	t.deepEqual(await readPrivate(domain), []);
});

test.serial('where a folder above belongs to somebody else all the same is done, and nothing outside is touched when it is exchanged meanwhile', async t => {
	const outer = path.join(imagesPath, `foreign-${process.pid}`);
	const inner = path.join(outer, 'inner');
	await mkdir(inner, {recursive: true});
	const domain = await makeDomain(t, {diskCount: 1, folder: inner});
	t.teardown(async () => rm(outer, {recursive: true, force: true}));
	await chown(outer, owner, owner);
	const digests = await markOffline(domain, 1);
	const made = await runProgram(domain, create(domain, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
	await markOffline(domain, 2);
	const victims = await makeVictims(domain, ['vda.s1', 'vda.qcow2']);
	t.teardown(async () => rm(victims.folder, {recursive: true, force: true}));
	const untouched = await victims.read();
	const exchange = `mv '${inner}' '${outer}/aside'; ln -s '${victims.folder}' '${inner}'`;
	const putRight = async () => {
		await rm(inner);
		await rename(path.join(outer, 'aside'), inner);
	};

	// Before the overlay is linked into the folder: it would come to lie beside the victims.
	const stopped = await revert(domain, 's1', await shimBefore(domain, 'sh', '*ln*', exchange));
	t.is(stopped.exitCode, 4, report(stopped));
	t.regex(stopped.stderr, /inner is another folder by now/);
	t.deepEqual(await victims.read(), untouched);
	await putRight();
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual((await readdir(inner)).sort(), ['vda.qcow2', 'vda.s1']);
	// After the folder was proven, and before the removal: a path would lead to the victim of that name.
	const reverted = await revert(domain, 's1', await shimBefore(domain, 'rm', '*/vda.s1', exchange));
	t.deepEqual(await victims.read(), untouched);
	await putRight();
	await expectReverted(t, domain, reverted, {digests, current: 's1'});
	t.deepEqual(await readPrivate(domain), []);
});

test.serial('a file that somebody has put in the place of one which is to be removed stays', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await chown(domain.folder, owner, owner);
	const digests = await markOffline(domain, 1);
	await runProgram(domain, create(domain, '--yes', '--json'));
	await markOffline(domain, 2);
	const left = path.join(domain.folder, 'vda.s1');
	const shims = await shimBefore(domain, 'sh', '*rm*vda.s1*', `echo theirs > '${left}.new'; mv '${left}.new' '${left}'`);
	const stopped = await revert(domain, 's1', shims);
	t.is(stopped.exitCode, 4, report(stopped));
	t.regex(stopped.stderr, /vda\.s1 is another file by now/);
	t.is(await readFile(left, 'utf8'), 'theirs\n');
	const recovered = await recover(domain, '--roll-forward');
	t.is(recovered.exitCode, 0, report(recovered));
	t.is(await readFile(left, 'utf8'), 'theirs\n');
	await rm(left);
	await expectReverted(t, domain, recovered, {digests, current: 's1'});
	t.deepEqual(await readPrivate(domain), []);
});

test.serial('where nothing safe is on the same file system root is refused, and the folder is named', async t => {
	const outer = path.join(imagesPath, `mount-${process.pid}`);
	await mkdir(outer);
	await run('mount', ['-t', 'tmpfs', '-o', `size=64M,uid=${owner},gid=${owner},mode=755`, 'tmpfs', outer]);
	t.teardown(async () => {
		await run('umount', ['-l', outer]);
		await rm(outer, {recursive: true, force: true});
	});
	const domain = await makeDomain(t, {diskCount: 1, folder: path.join(outer, 'inner')});
	const refusal = new RegExp(`${outer} can be written to by user ${owner}.*`, 's');
	await expectRefused(t, domain, async () => runProgram(domain, create(domain, '--yes', '--json')), refusal);
	const shown = await runProgram(domain, create(domain, '--yes'));
	t.regex(shown.stderr, new RegExp(`chown root ${outer}.*sudo -u '#${owner}'`, 's'));
	await run('sh', ['-ec', /chown root \S+; chmod go-w [^\s)]+/.exec(shown.stderr.replaceAll(/\s+/g, ' '))![0]]);
	const followed = await runProgram(domain, create(domain, '--yes', '--json'));
	t.is(followed.exitCode, 0, report(followed));
});

test.serial('a removal of old backups that somebody says is under way, in a folder of theirs, is not finished by root', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const victims = await makeVictims(domain, ['vda.qcow2']);
	t.teardown(async () => rm(victims.folder, {recursive: true, force: true}));
	const [folder, untouched] = [path.join(domain.folder, 'backups'), await victims.read()];
	await mkdir(folder);
	await writeFile(path.join(folder, 'vda.qcow2'), 'theirs');
	await writeFile(path.join(folder, 'prune.json'), JSON.stringify({format: 'vsnap-tui-prune', version: 1, replaced: [], removed: [{point: 'vda', files: ['vda.qcow2']}]}));
	await chown(folder, owner, owner);
	await chown(domain.folder, owner, owner);
	const prune = async (options = {}) => runProgram(domain, ['backup', 'prune', folder, '--keep', '1', '--yes'], options);
	const refused = await prune(await shimBefore(domain, 'rm', '*vda.qcow2', `mv '${folder}' '${folder}.aside'; ln -s '${victims.folder}' '${folder}'`));
	t.deepEqual(await victims.read(), untouched);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /can be written to by user 1234, who could exchange what root writes there/);
	t.deepEqual((await readdir(folder)).sort(), ['prune.json', 'vda.qcow2']);
	await chown(domain.folder, 0, 0);
	await chown(folder, 0, 0);
	const followed = await prune();
	t.is(followed.exitCode, 0, report(followed));
	t.deepEqual(await readdir(folder), []);
});

test.serial('scratch files of an export are not made by root in such a folder', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	await chown(domain.folder, owner, owner);
	const exported = await runProgram(domain, ['backup', 'export', '--socket', path.join(domain.statePath, 'nbd.sock'), '--', domain.name]);
	t.is(exported.exitCode, 3, report(exported));
	t.regex(exported.stderr, /can be written to by user 1234, who could replace the files that root writes to/);
});

/** A domain that is off, whose firmware keeps its variables beside the disk, in a folder of somebody else's. */
async function makeForeignUefi(t: ExecutionContext): Promise<{domain: LabDomain; variables: string; victims: Awaited<ReturnType<typeof makeVictims>>}> {
	const domain = await makeDomain(t, {
		diskCount: 1,
		osXml: folder => `<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram>${folder}/vars.fd</nvram>`,
	});
	const variables = path.join(domain.folder, 'vars.fd');
	await writeFile(variables, await readFile('/usr/share/OVMF/OVMF_VARS_4M.fd'), {mode: 0o600});
	for (const name of [variables, domain.disks[0]!.path, domain.folder]) {
		await chown(name, owner, owner);
	}

	const victims = await makeVictims(domain, ['victim']);
	t.teardown(async () => rm(victims.folder, {recursive: true, force: true}));
	return {domain, variables, victims};
}

const readNames = async (domain: LabDomain) => (await readdir(domain.folder)).filter(name => name.startsWith('vars')).sort();

test.serial('variables of the firmware are copied and put back in such a folder, and links under their names are never followed', async t => {
	const {domain, variables, victims} = await makeForeignUefi(t);
	const untouched = await victims.read();
	const victim = path.join(victims.folder, 'victim');
	const [then, copy] = [await readFile(variables), `${variables}.vsnap-s1`];
	await markOffline(domain, 1);
	// Under the name of the copy that is to be made.
	const stopped = await runProgram(domain, create(domain, '--yes', '--json'), await shimBefore(domain, 'dd', '*', `ln -sfn '${victim}' '${copy}'`));
	t.is(stopped.exitCode, 1, report(stopped));
	t.deepEqual(await victims.read(), untouched);
	t.true((await lstat(copy)).isSymbolicLink(), 'what somebody else has put there stays');
	await rm(copy);
	// In the place of what is copied: it would be given away.
	const aside = `${variables}.aside`;
	const link = `mv -n '${variables}' '${aside}'; ln -sfn '${victim}' '${variables}'`;
	const leaked = await runProgram(domain, create(domain, '--yes', '--json'), await shimBefore(domain, 'sh', '*iflag=nofollow*', link));
	t.is(leaked.exitCode, 1, report(leaked));
	await rename(aside, variables);
	t.deepEqual(await readNames(domain), ['vars.fd']);
	const made = await runProgram(domain, create(domain, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
	t.true(then.equals(await readFile(copy)));
	t.deepEqual([(await stat(copy)).mode % 0o1000, (await stat(copy)).nlink], [0o600, 1]);

	await writeFile(variables, 'set since the snapshot');
	// In the place of what is to be replaced, before it is held.
	const exchanged = await revert(domain, 's1', await shimBefore(domain, 'sh', '*ln*vars.fd*', link));
	t.is(exchanged.exitCode, 1, report(exchanged));
	t.deepEqual(await victims.read(), untouched);
	await rename(aside, variables);
	// And at the last moment: the link goes, not what it leads to.
	const reverted = await revert(domain, 's1', await shimBefore(domain, 'mv', '*vars.fd', `ln -sfn '${victim}' '${variables}'`));
	t.is(reverted.exitCode, 0, report(reverted));
	t.deepEqual(await victims.read(), untouched);
	t.true((await lstat(variables)).isFile());
	t.true(then.equals(await readFile(variables)));
	t.is((await stat(variables)).uid, owner);
	t.deepEqual(await readNames(domain), ['vars.fd', 'vars.fd.vsnap-s1']);
	t.deepEqual(await readPrivate(domain), []);
	const exchangeCopy = `mv '${copy}' '${aside}'; ln -s '${victim}' '${copy}'`;
	const deleted = await runProgram(domain, ['delete', '--yes', '--json', '--', domain.name, 's1'], await shimBefore(domain, 'rm', '*vsnap-s1', exchangeCopy));
	t.is(deleted.exitCode, 0, report(deleted));
	t.deepEqual(await victims.read(), untouched);
	t.deepEqual(await readNames(domain), ['vars.fd', 'vars.fd.aside']);
});

// Before: the variables were not replaced yet, and somebody else has removed them; their second name is the last one, and stays.
for (const [at, keeper] of [['before', /^vars\.fd\.left-/], ['after', /^vars\.fd$/]] as const) {
	test.serial(`killed ${at} the variables of then are in place, what is put back follows no link`, async t => {
		const {domain, variables, victims} = await makeForeignUefi(t);
		const digests = await markOffline(domain, 1);
		const made = await runProgram(domain, create(domain, '--yes', '--json'));
		t.is(made.exitCode, 0, report(made));
		const present = {digests: await markOffline(domain, 2), variables: 'set since the snapshot'};
		await writeFile(variables, present.variables);
		const untouched = await victims.read();
		const plan = await readPlan(domain, 's1');
		const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'nvram'), script: killMoments[at]});
		const killed = await revert(domain, 's1', shims.options);
		t.is(killed.signal, 'SIGKILL', report(killed));
		await shims.settle();
		await rm(variables);
		await symlink(path.join(victims.folder, 'victim'), variables);
		const recovered = await recover(domain, '--roll-back');
		t.deepEqual(await victims.read(), untouched);
		t.is(recovered.exitCode, 0, report(recovered));
		const names = await readNames(domain);
		const kept = path.join(domain.folder, names.find(name => keeper.test(name))!);
		t.is(await readFile(kept, 'utf8'), present.variables);
		t.is((await stat(kept)).uid, owner);
		t.deepEqual(names.filter(name => !keeper.test(name) && name !== 'vars.fd'), ['vars.fd.vsnap-s1']);
		t.deepEqual(await digestHeads(domain), present.digests);
		t.notDeepEqual(present.digests, digests);
		t.deepEqual(await readPrivate(domain), []);
	});
}
