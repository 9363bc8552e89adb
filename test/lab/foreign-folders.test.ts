/** Root at work in a folder of somebody else's, who exchanges the new names for links to a file of root's while the plan runs. */
import {
	chmod, chown, lstat, mkdir, readdir, rename, rm, stat, symlink, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import type {Plan} from '../../source/model/plan.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {
	recover, report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {imagesPath, labEnvironment} from './settings.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestFile, readHeads} from './slots.ts';
import {markOffline} from './snapshots.ts';

test.before(startLab);

const owner = 1234;
const create = (domain: LabDomain, ...flags: string[]) => ['create', '--disk-only', ...flags, '--', domain.name, 's1'];
const isPrivate = (name: string) => name.startsWith('.vsnap-tui-');

test.serial('a link under the name of a new overlay is never followed, and nothing is left of what was made', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const digests = await markOffline(domain, 1);
	await chown(domain.folder, owner, owner);
	const victim = path.join(domain.statePath, 'victim');
	await writeFile(victim, 'of root', {mode: 0o600});
	const before = await digestFile(victim);
	const overlay = path.join(domain.folder, 'vda.s1');
	const shims = path.join(domain.statePath, 'shims');
	await mkdir(shims);
	const attack = async (program: string, words: string): Promise<ProgramResult> => {
		const realPath = labEnvironment().PATH!;
		await writeFile(path.join(shims, program), `#!/bin/sh\nPATH='${realPath}'\ncase "$*" in ${words}) rm -f '${overlay}'; ln -s '${victim}' '${overlay}';; esac\nexec ${program} "$@"\n`);
		await chmod(path.join(shims, program), 0o755);
		const result = await runProgram(domain, [...create(domain, '--yes', '--json')], {env: {PATH: `${shims}:${realPath}`}});
		await rm(path.join(shims, program));
		return result;
	};

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
		const beside = await readdir(imagesPath);
		t.deepEqual(beside.filter(name => isPrivate(name)), []);
	}

	const made = await runProgram(domain, create(domain, '--yes', '--json'));
	t.is(made.exitCode, 0, report(made));
	await markOffline(domain, 2);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--keep', 'k']}), {digests, current: 's1'});
	const [[, head] = []] = await readHeads(domain);
	t.is((await stat(head!)).nlink, 1, 'the private name is gone');
	const beside = await readdir(imagesPath);
	t.deepEqual(beside.filter(name => isPrivate(name)), []);
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
	const beside = await readdir(imagesPath);
	t.deepEqual(beside.filter(name => isPrivate(name)), []);
});

test.serial('where somebody else can exchange a folder above, root is refused, and the folder is named', async t => {
	const outer = path.join(imagesPath, `foreign-${process.pid}`);
	t.teardown(async () => rm(outer, {recursive: true, force: true}));
	await mkdir(path.join(outer, 'inner'), {recursive: true});
	const domain = await makeDomain(t, {diskCount: 1, folder: path.join(outer, 'inner')});
	await chown(outer, owner, owner);
	await expectRefused(t, domain, async () => runProgram(domain, create(domain, '--yes', '--json')), new RegExp(`${outer} can be written to by user ${owner}`));
	const real = path.join(imagesPath, `real-${process.pid}`);
	t.teardown(async () => rm(real, {recursive: true, force: true}));
	await rename(path.join(outer, 'inner'), real);
	await symlink(real, path.join(outer, 'inner'));
	await expectRefused(t, domain, async () => runProgram(domain, create(domain, '--yes', '--json')), new RegExp(`${outer} can be written to by user ${owner}`));
});
