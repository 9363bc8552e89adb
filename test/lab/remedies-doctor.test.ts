/** What the doctor advises where it does not repair itself is done, and the finding is gone. */
import {
	chmod, chown, mkdir, readFile, stat, utimes, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {report, runProgram} from './program.ts';
import {findings, runAsTold, succeeds} from './remedies.ts';
import {attempt, run, virsh} from './run.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {
	markLive, markOffline, takeDiskSnapshot, takeInternalSnapshot,
} from './snapshots.ts';

test.before(startLab);

/** There is one finding of this kind, with these words in its remedy; gives the remedy. */
async function told(t: ExecutionContext, domain: LabDomain, kind: string, words: string): Promise<string> {
	const found = await findings(domain, kind);
	const remedy = found.map(finding => finding.remedy ?? '').find(text => text.includes(words));
	t.not(remedy, undefined, `${words}\n${JSON.stringify(found)}`);
	return remedy ?? '';
}

const gone = async (t: ExecutionContext, domain: LabDomain, kind: string) => t.deepEqual(await findings(domain, kind), []);
const revertTo = (domain: LabDomain, snapshot: string) => ['revert', '--discard', '--shutoff', '--yes', '--json', '--', domain.name, snapshot];
const onDisk = async (domain: LabDomain, file: string, format: 'qcow2' | 'raw' = 'qcow2') => defineXml(domainXml({...domain, disks: [{...domain.disks[0]!, path: file, format}]}));

test.serial('a frozen image that was written to: the comparison with a backup tells whether anything is wrong', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const base = domain.disks[0]!.path;
	const [head] = [...(await readHeads(domain)).values()] as [string];
	const backup = path.join(domain.folder, 'backup.raw');
	await run('qemu-img', ['convert', '-O', 'raw', head, backup]);
	const later = new Date(Date.now() + 60_000);
	await utimes(base, later, later);
	const advice = 'If none of these explains it, compare its overlays with a backup before you trust them.';
	await told(t, domain, 'base-changed', advice);
	const compare = async () => (await attempt('qemu-img', ['compare', '-F', 'raw', head, backup])).exitCode;
	t.is(await compare(), 0);
	await writeOffline(base, 0x66, 7);
	await utimes(base, later, later);
	await told(t, domain, 'base-changed', advice);
	t.is(await compare(), 1);
});

test.serial('a frozen image that is written to: a revert, and an overlay for the other domain, end that', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await onDisk(domain, domain.disks[0]!.path);
	await told(t, domain, 'frozen-written', 'Do not start it. Revert to a snapshot with vsnap-tui, which puts the domain on its own overlay.');
	await start(domain);
	await told(t, domain, 'frozen-written', 'Shut it down. Revert to a snapshot');
	await stop(domain);
	await succeeds(t, domain, revertTo(domain, 's1'));
	t.deepEqual(await digestHeads(domain), at);
	await gone(t, domain, 'frozen-written');

	const other = await makeDomain(t, {diskCount: 1});
	await onDisk(other, domain.disks[0]!.path);
	await told(t, domain, 'frozen-written', 'Do not start it. Give it an overlay or a copy of its own: qemu-img create or convert, then virsh edit.');
	const own = path.join(other.folder, 'own');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, own]);
	await onDisk(other, own);
	await gone(t, domain, 'frozen-written');
});

test.serial('two domains on one image: a copy for one of them ends it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const other = await makeDomain(t, {diskCount: 1});
	await onDisk(other, domain.disks[0]!.path);
	await told(t, domain, 'two-writers', 'Start only one of them. While both are off, give one a copy of its own: qemu-img convert, then virsh edit.');
	const copy = path.join(other.folder, 'copy.qcow2');
	await run('qemu-img', ['convert', '-O', 'qcow2', domain.disks[0]!.path, copy]);
	await onDisk(other, copy);
	await gone(t, domain, 'two-writers');
	t.is(await digestImage(copy), await digestImage(domain.disks[0]!.path));
});

test.serial('two snapshots on one frozen image: a delete by vsnap-tui leaves the other whole', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await onDisk(domain, domain.disks[0]!.path);
	await takeDiskSnapshot(domain, 's2');
	await markOffline(domain, 3);
	await told(t, domain, 'shared-frozen', 'Delete them only with vsnap-tui.');
	await succeeds(t, domain, ['delete', '--yes', '--json', '--', domain.name, 's1']);
	await gone(t, domain, 'shared-frozen');
	await succeeds(t, domain, revertTo(domain, 's2'));
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('a missing backing file: brought back, or another that is known to be it is named', async t => {
	const domain = await makeDomain(t, {diskCount: 1, filePrefix: 'lost-'});
	const at = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const base = domain.disks[0]!.path;
	const away = path.join(domain.statePath, 'lost.old');
	await run('mv', [base, away]);
	const advice = await told(t, domain, 'backing-missing', 'If it was renamed or moved, bring it back to the same path; or, where you know that another file is it: ');
	await run('mv', [away, base]);
	await gone(t, domain, 'backing-missing');
	await run('mv', [base, away]);
	await runAsTold(/another file is it: (.*)\. Else/.exec(advice)![1]!.replace('FORMAT', 'qcow2').replace('FILE', away));
	await gone(t, domain, 'backing-missing');
	t.deepEqual(await digestHeads(domain), at);

	// A file of its name that does not match: the person decides.
	const [head] = [...(await readHeads(domain)).values()] as [string];
	const other = path.join(domain.folder, 'old', path.basename(base));
	await mkdir(path.dirname(other));
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '32M']);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', base, head]);
	const choice = await told(t, domain, 'backing-missing', 'Check whether one of these files is the right one, and move it back; or: ');
	await runAsTold(/back; or: (.*)$/.exec(choice)![1]!.replace('FORMAT', 'qcow2').replace('FILE', away));
	await gone(t, domain, 'backing-missing');
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('a format that nobody records, and a qcow2 image that is used as raw', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = await markOffline(domain, 1);
	const base = domain.disks[0]!.path;
	const overlay = path.join(domain.folder, 'overlay');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, overlay]);
	// qemu-img refuses to make such an image; older ones did: the header's extension for the format is given another meaning.
	const image = await readFile(overlay);
	image.write('00001337', image.indexOf('e2792aca', 0, 'hex'), 'hex');
	await writeFile(overlay, image);
	await onDisk(domain, overlay);
	const advice = await told(t, domain, 'backing-format', 'If you know it: qemu-img rebase -u -f qcow2 -F FORMAT -b ');
	t.regex(advice, /^libvirt does not record the format either; QEMU reads it as qcow2\./);
	await runAsTold(/If you know it: (.*)$/.exec(advice)![1]!.replace('FORMAT', 'qcow2'));
	await gone(t, domain, 'backing-format');
	t.deepEqual(await digestHeads(domain), at);
	await start(domain);
	await stop(domain);

	await onDisk(domain, overlay, 'raw');
	const raw = await told(t, domain, 'format', `Only if you know that it is qcow2: set that format (virsh edit ${domain.name}, <driver type='qcow2'/>). To see its content: qemu-img info `);
	t.regex(await runAsTold(/To see its content: (.*)$/.exec(raw)![1]!), /file format: qcow2/);
	await runAsTold(`EDITOR='sed -i "s/<driver name=.qemu. type=.raw./<driver name=\\"qemu\\" type=\\"qcow2\\"/"' virsh edit ${domain.name}`);
	await gone(t, domain, 'format');
});

test.serial('disks that are based on no snapshot: a snapshot of the current state becomes current and records the right images', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const other = path.join(domain.folder, 'other.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M']);
	await onDisk(domain, other);
	const at = await markOffline(domain, 2);
	await told(t, domain, 'current-record', 'Take a snapshot of the current state with vsnap-tui: it becomes current and records the right images.');
	await succeeds(t, domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 'now']);
	await gone(t, domain, 'current-record');
	await succeeds(t, domain, revertTo(domain, 's1'));
	await succeeds(t, domain, revertTo(domain, 'now'));
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('an overlay beside its base: a template is taken its write permission, a forgotten snapshot is folded', async t => {
	const prepare = async () => {
		const domain = await makeDomain(t, {diskCount: 1});
		const overlay = path.join(domain.folder, 'web.qcow2');
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, overlay]);
		await onDisk(domain, overlay);
		return domain;
	};

	const words = 'If it is a clone, take the template\'s write permission away: chmod a-w ';
	const clone = await prepare();
	const advice = await told(t, clone, 'unrecorded-layer', words);
	await runAsTold(/away: (chmod a-w .*?)\. If/.exec(advice)![1]!);
	await gone(t, clone, 'unrecorded-layer');
	const forgotten = await prepare();
	await start(forgotten);
	const at = await markLive(forgotten, 2);
	await runAsTold(/while the domain runs: (.*)$/.exec(await told(t, forgotten, 'unrecorded-layer', 'fold it while the domain runs: virsh blockcommit'))![1]!);
	await gone(t, forgotten, 'unrecorded-layer');
	t.deepEqual(await digestHeads(forgotten), at);
	t.deepEqual([...(await readHeads(forgotten)).values()], [forgotten.disks[0]!.path]);
	await stop(forgotten);
});

test.serial('a copy that waits to be ended: the commands that are named show it and end it, both ways', async t => {
	for (const way of ['--abort', '--pivot']) {
		const domain = await makeDomain(t, {diskCount: 1});
		await chmod(domain.folder, 0o777);
		await start(domain);
		await takeDiskSnapshot(domain, 's1');
		await virsh('blockcopy', '--domain', domain.uuid, '--path', 'vda', '--dest', path.join(domain.folder, 'copy'), '--transient-job', '--wait');
		const advice = await told(t, domain, 'block-job', 'If nothing waits for it: ');
		t.regex(await runAsTold(`${/See (.*? --info)\./.exec(advice)![1]!} 2>&1`), /block copy/i);
		await runAsTold(new RegExp(String.raw`virsh blockjob \S+ vda ${way}`).exec(advice)![0]);
		await gone(t, domain, 'block-job');
		await stop(domain);
	}
});

test.serial('checkpoints without their bitmaps: their records go with the plan that is offered, and bitmaps without a checkpoint too', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	for (const name of ['c1', 'c2']) {
		await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', name);
	}

	await stop(domain);
	for (const name of ['c1', 'c2']) {
		await run('qemu-img', ['bitmap', '--remove', domain.disks[0]!.path, name]);
	}

	await told(t, domain, 'checkpoint-broken', 'Make a full backup with a new checkpoint afterwards (vsnap-tui backup create).');
	const repaired = await runProgram(domain, ['doctor', '--repair', 'checkpoint-broken', '--yes', '--json', '--', domain.name]);
	t.is(repaired.exitCode, 0, report(repaired));
	await gone(t, domain, 'checkpoint-broken');
	await start(domain);
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'new');
	await gone(t, domain, 'checkpoint-broken');
	await stop(domain);
	await virsh('checkpoint-delete', '--domain', domain.uuid, '--checkpointname', 'new', '--metadata');
	const removed = await runProgram(domain, ['doctor', '--repair', 'orphan-bitmap', '--yes', '--json', '--', domain.name]);
	t.is(removed.exitCode, 0, report(removed));
	t.notRegex(await run('qemu-img', ['info', domain.disks[0]!.path]), /bitmaps/);
});

test.serial('a managed save beside snapshots, and a transient domain: each command that is named ends it', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	for (const command of [`virsh start ${domain.name}`, `virsh managedsave-remove ${domain.name}`]) {
		await start(domain).catch(() => undefined);
		await virsh('managedsave', '--domain', domain.uuid);
		await told(t, domain, 'managed-save', `Start the domain from it (virsh start ${domain.name}), or discard it (virsh managedsave-remove ${domain.name}).`);
		await runAsTold(command);
		await gone(t, domain, 'managed-save');
	}

	await start(domain);
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's1', '--metadata');
	await virsh('undefine', '--domain', domain.uuid);
	await takeDiskSnapshot(domain, 't1');
	const advice = await told(t, domain, 'transient', `Make it persistent: virsh dumpxml ${domain.name} > FILE, then virsh define FILE.`);
	for (const command of /persistent: (.*), then (.*)\.$/.exec(advice)!.slice(1)) {
		await runAsTold(command.replaceAll('FILE', path.join(domain.statePath, 'x.xml')));
	}

	await gone(t, domain, 'transient');
	await stop(domain);
});

test.serial('a disk that libvirt leaves to its owner is given to the user of QEMU as advised, and the domain starts', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const xml = domainXml(domain).replace('<source file=\'', '<source file=\'').replace(/(<source file='[^']*')\/>/, '$1><seclabel model=\'dac\' relabel=\'no\'/></source>');
	await defineXml(xml);
	await chown(domain.disks[0]!.path, 1234, 1234);
	await chmod(domain.disks[0]!.path, 0o600);
	await t.throwsAsync(async () => start(domain));
	const advice = await told(t, domain, 'head-not-permitted', 'Give it to the user of QEMU: chown ');
	await runAsTold(/user of QEMU: (.*)\.$/.exec(advice)![1]!);
	await gone(t, domain, 'head-not-permitted');
	await start(domain);
	await stop(domain);
	t.not((await stat(domain.disks[0]!.path)).uid, 1234);
});

test.serial('what virsh would do to an internal snapshot below another vsnap-tui does not', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeInternalSnapshot(domain, 'i1');
	const at = await markOffline(domain, 2);
	await takeDiskSnapshot(domain, 'e1');
	await onDisk(domain, domain.disks[0]!.path);
	await told(t, domain, 'native-revert', 'Leave such a revert to vsnap-tui, which refuses it for as long as others need the image.');
	const refused = await runProgram(domain, revertTo(domain, 'i1'));
	t.is(refused.exitCode, 3, report(refused));
	await succeeds(t, domain, revertTo(domain, 'e1'));
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('an internal snapshot whose name cannot be recorded is removed as advised', async t => {
	const domain = await makeDomain(t);
	const [vda] = domain.disks as [typeof domain.disks[0]];
	await run('qemu-img', ['snapshot', '-c', 'a/b', vda.path]);
	await told(t, domain, 'unrecorded-tag', 'With the domain off, qemu-img snapshot -d TAG FILE removes it from an image.');
	await runAsTold(`qemu-img snapshot -d a/b ${vda.path}`);
	await gone(t, domain, 'unrecorded-tag');
});
