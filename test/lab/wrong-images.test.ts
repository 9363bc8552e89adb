/** Images that are not what they are declared as, that back each other in a loop, or that the user may not open: each is named for what it is. */
import {
	chmod, mkdtemp, rename, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {startLab} from './daemons.ts';
import {defineXml, makeDomain} from './domains.ts';
import {readError, report, runProgram} from './program.ts';
import {attempt, run, virsh} from './run.ts';
import {programPath} from './settings.ts';
import {digestImage} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

type FindingLine = {kind: string; severity: string; text: string; remedy?: string};

test.serial('backing files that form a loop: the command that names the right one helps', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 's2');
	const {folder} = domain;
	const before = await digestImage(`${folder}/vda.s2`);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', `${folder}/vda.s2`, `${folder}/vda.s1`]);
	const sick = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.is(sick.exitCode, 10, report(sick));
	const loops = (JSON.parse(sick.stdout) as FindingLine[]).filter(({kind}) => kind === 'image-unreadable');
	t.is(loops.length, 1);
	t.notRegex(loops[0]!.remedy!, /qemu-img check/, loops[0]!.remedy);
	const command = /qemu-img rebase .*$/.exec(loops[0]!.remedy!)![0].replace('FORMAT', 'qcow2').replace('RIGHT', `${folder}/vda.qcow2`);
	// The loop is closed in one of its two links; the remedy names the one that the chain from the head meets last.
	t.regex(command, /vda\.s1'?$/);
	await run('sh', ['-c', command]);
	t.is(await digestImage(`${folder}/vda.s2`), before);
	const healthy = await runProgram(domain, ['doctor', '--', domain.name]);
	t.is(healthy.exitCode, 0, report(healthy));
});

test.serial('a qcow2 image that is used as raw is told before a snapshot, and a raw one that is used as qcow2 is refused', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const [disk] = domain.disks;
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replace('type=\'qcow2\'', 'type=\'raw\''));
	const planned = await runProgram(domain, ['create', '--disk-only', '--dry-run', '--', domain.name, 's1']);
	t.is(planned.exitCode, 0, report(planned));
	t.regex(planned.stdout.replaceAll(/\s+/g, ' '), /used as raw, but \S+vda\.qcow2 begins like a qcow2 image/);
	const told = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.true((JSON.parse(told.stdout) as FindingLine[]).some(({kind, severity}) => kind === 'format' && severity === 'warning'), report(told));

	await defineXml(xml);
	await run('qemu-img', ['convert', '-f', 'qcow2', '-O', 'raw', disk!.path, `${disk!.path}.raw`]);
	await rename(`${disk!.path}.raw`, disk!.path);
	const refused = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1']);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(readError(refused).message, /is used as qcow2, but holds something else/);
	t.false(refused.stderr.includes('permissions'));

	// What is advised: its content is looked at, and its format corrected.
	t.regex(await run('qemu-img', ['info', disk!.path]), /file format: raw/);
	await defineXml(xml.replace('type=\'qcow2\'', 'type=\'raw\''));
	const corrected = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1']);
	t.is(corrected.exitCode, 0, report(corrected));
});

test.serial('an image that is damaged is told, and reverted to once it is back from a backup', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await takeDiskSnapshot(domain, 's1');
	const base = domain.disks[0]!.path;
	await run('cp', ['-p', base, `${base}.backup`]);
	const whole = await digestImage(base);
	await run('qemu-io', ['-f', 'raw', '-c', 'write -q -P 255 40 8', base]);
	const revert = async () => runProgram(domain, ['revert', '--discard', '--shutoff', '--yes', '--json', '--', domain.name, 's1']);
	const refused = await revert();
	t.is(refused.exitCode, 3, report(refused));
	t.regex(readError(refused).message, /Inspect it with qemu-img info and qemu-img check \S+vda\.qcow2; if it is damaged, restore it from a backup\./);
	await run('cp', ['-p', `${base}.backup`, base]);
	const done = await revert();
	t.is(done.exitCode, 0, report(done));
	t.is(await digestImage(base), whole);
});

test.serial('a user who may not open the images is told so once, and what works', async t => {
	const domain = await makeDomain(t, {diskCount: 2, sizeMiB: 8});
	await takeDiskSnapshot(domain, 's1');
	// Where the lab is pointed at another libvirt, the user's own one may not know its machines by their versions.
	const anyMachine = (text: string) => text.replaceAll(/machine='pc-[^']*'/g, 'machine=\'pc\'');
	const xml = anyMachine(await virsh('dumpxml', '--domain', domain.uuid, '--inactive'));
	const record = anyMachine(await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's1'));
	for (const name of ['vda.qcow2', 'vda.s1', 'vdb.qcow2', 'vdb.s1']) {
		await chmod(`${domain.folder}/${name}`, 0o600);
	}

	// A user with a libvirt of its own knows the same domain; the images belong to root.
	const nobody = 65_534;
	const home = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-home-'));
	t.teardown(async () => {
		await attempt('pkill', ['-U', String(nobody), '-x', 'libvirtd']);
		await rm(home, {recursive: true, force: true});
	});
	await writeFile(`${home}/domain.xml`, xml);
	await writeFile(`${home}/s1.xml`, record);
	await run('chown', ['-R', `${nobody}:${nobody}`, home]);
	const asNobody = ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', 'env', `HOME=${home}`, `XDG_RUNTIME_DIR=${home}`, `VSNAP_TUI_STATE=${home}/state`];
	await run(asNobody[0]!, [...asNobody.slice(1), 'virsh', '-c', 'qemu:///session', `define ${home}/domain.xml; snapshot-create ${domain.uuid} ${home}/s1.xml --redefine --current`]);
	const ask = async (...args: string[]) => attempt(asNobody[0]!, [...asNobody.slice(1), process.execPath, programPath, '-c', 'qemu:///session', ...args]);

	const tree = await ask('tree', '--', domain.name);
	t.is(tree.exitCode, 0, tree.stderr);
	t.is(tree.stdout.match(/permitted|may not (?:be )?open/g)?.length, 1, tree.stdout);
	const told = await ask('doctor', '--json', '--', domain.name);
	t.deepEqual((JSON.parse(told.stdout) as FindingLine[]).map(({kind}) => kind), ['not-permitted'], told.stdout + told.stderr);
	for (const words of [['create', '--disk-only', '--dry-run', '--json', '--', domain.name, 's2'], ['delete', '--dry-run', '--json', '--', domain.name, 's1']]) {
		const refused = await ask(...words);
		t.is(refused.exitCode, 3, refused.stderr);
		const {blockers} = (JSON.parse(refused.stderr) as {error: {blockers: Array<{kind: string}>}}).error;
		t.deepEqual(blockers.map(({kind}) => kind), ['not-permitted'], refused.stderr);
		t.notRegex(refused.stderr, /backup|yourself/, refused.stderr);
	}

	const asRoot = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's2']);
	t.is(asRoot.exitCode, 0, report(asRoot));
});
