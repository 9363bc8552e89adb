/**
Chains that only the definition knows: another one than the headers tell, and one with the secret of an encrypted layer. What would drop the record is refused, and
each remedy is followed, and helps.
*/
import {Buffer} from 'node:buffer';
import {randomUUID} from 'node:crypto';
import {rm, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {createEncrypted} from './encrypted.ts';
import {expectRefused, expectStarts} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {attemptVirsh, run, virsh} from './run.ts';
import {digestHeads, digestImage, readHeads, writeOffline} from './slots.ts';
import {markLive, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a recorded chain that differs from the headers is refused and told, and is right again with the command that was named', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const then = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const now = await markLive(domain, 2);
	await stop(domain);
	const head = path.join(domain.folder, 'vda.s1');
	const other = path.join(domain.folder, 'other.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '16M']);
	await writeOffline(other, 0x66, 1);
	await run('qemu-img', ['rebase', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', other, head]);
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's2']);
	const told = /XML says [^ ]*vda\.qcow2 \(qcow2\), the header says [^ ]*other\.qcow2/;
	await expectRefused(t, domain, create, told);
	await expectRefused(t, domain, async () => revert(domain, 's1'), told);
	const doctor = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.regex(doctor.stdout, /"chain-conflict"/);
	t.regex(doctor.stdout, told);
	const refused = await create();
	const words = /qemu-img (?<words>rebase -u [^;]*);/.exec(refused.stderr)!.groups!.words!;
	await run('qemu-img', words.split(' '));
	t.is(await digestImage(head), now.vda!);
	const done = await create();
	t.is(done.exitCode, 0, report(done));
	t.deepEqual(await digestHeads(domain), now);
	await expectStarts(t, domain);
	const back = await revert(domain, 's1');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), then);
});

type Layer = {driver: 'qcow2'; file: {driver: 'file'; filename: string}; encrypt?: {'key-secret': 'key'}; backing?: Layer};

/** What a chain holds whose last layer is encrypted: overlays by their names, the head first. */
async function digestWithKey(domain: LabDomain, overlays: string[]): Promise<string> {
	const layer = (name: string): Layer => ({driver: 'qcow2', file: {driver: 'file', filename: path.join(domain.folder, name)}});
	let chain: Layer = {...layer('vda.qcow2'), encrypt: {'key-secret': 'key'}};
	for (const name of overlays.toReversed()) {
		chain = {...layer(name), backing: chain};
	}

	const copyPath = path.join(domain.folder, 'read-out');
	await run('qemu-img', ['convert', '-U', '--object', 'secret,id=key,data=secret', '-O', 'qcow2', `json:${JSON.stringify(chain)}`, copyPath]);
	const digest = await digestImage(copyPath, 'qcow2');
	await rm(copyPath);
	return digest;
}

test.serial('an encrypted layer below a plain head is refused while the domain is off, and a snapshot of the running domain keeps its secret', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const uuid = randomUUID();
	const [disk] = domain.disks;
	await withFile(`<secret ephemeral='no' private='no'><uuid>${uuid}</uuid><usage type='volume'><volume>${domain.name}</volume></usage></secret>`, async file => virsh('secret-define', file));
	t.teardown(async () => attemptVirsh('secret-undefine', uuid));
	await attemptVirsh('secret-set-value', uuid, Buffer.from('secret').toString('base64'));
	await rm(disk!.path);
	await createEncrypted(disk!.path, 'qcow2');
	const plainXml = domainXml(domain);
	const source = `<source file='${disk!.path}'`;
	await defineXml(plainXml.replace(`${source}/>`, `${source}><encryption format='luks'><secret type='passphrase' uuid='${uuid}'/></encryption></source>`));
	await start(domain);
	const write = async (mark: number) => virsh('qemu-monitor-command', '--hmp', '--domain', domain.uuid, '--cmd', `qemu-io -d /machine/peripheral/virtio-disk0/virtio-backend "write -P ${mark} ${mark}M 64k"`);
	await takeDiskSnapshot(domain, 's1');
	const empty = await digestWithKey(domain, ['vda.s1']);
	await write(1);
	const then = await digestWithKey(domain, ['vda.s1']);
	t.not(then, empty);
	await takeDiskSnapshot(domain, 's2');
	await write(2);
	const now = await digestWithKey(domain, ['vda.s2', 'vda.s1']);
	await stop(domain);
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 'p2']);
	await expectRefused(t, domain, create, /vda\.qcow2, which is encrypted[\s\S]*Start the domain/);
	await expectRefused(t, domain, async () => revert(domain, 's2', {flags: ['--keep', 'k']}), /which is encrypted/);
	await expectRefused(t, domain, async () => runProgram(domain, ['delete', '--yes', '--json', '--', domain.name, 's2']), /encrypted/);

	// What is advised leads to the bytes, and out of the chain.
	const advised = await runProgram(domain, ['revert', '--discard', '--yes', '--', domain.name, 's2']);
	const copyPath = path.join(domain.folder, 'copy');
	await writeFile(path.join(domain.folder, 'key'), 'secret');
	const command = /qemu-img convert .* NEW/.exec(advised.stderr)![0].replace('KEYFILE', path.join(domain.folder, 'key')).replace(/NEW$/, copyPath);
	await run('sh', ['-c', command]);
	t.is(await digestImage(copyPath, 'qcow2'), then);
	await rm(copyPath);
	await rm(path.join(domain.folder, 'key'));
	const healthy = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.notRegex(healthy.stdout, /cannot-start/);

	await start(domain);
	const live = await create();
	t.is(live.exitCode, 0, report(live));
	t.regex(live.stdout, /"done"/);
	const dropping = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(dropping.exitCode, 3, report(dropping));
	t.regex(dropping.stderr, /delete --metadata .*virsh blockcommit --domain \S+ --path TARGET --active --pivot/s);
	await virsh('blockcommit', '--domain', domain.name, '--path', 'vda', '--top', [...(await readHeads(domain)).values()][0]!, '--base', path.join(domain.folder, 'vda.s1'), '--active', '--pivot', '--wait');
	t.is(await digestWithKey(domain, ['vda.s1']), now);
	for (const name of ['p2', 's2']) {
		const dropped = await runProgram(domain, ['delete', '--metadata', '--yes', '--json', '--', domain.name, name]);
		t.is(dropped.exitCode, 0, report(dropped));
	}

	await stop(domain);
	await expectStarts(t, domain);
	await defineXml(plainXml.replace(disk!.path, [...(await readHeads(domain)).values()][0]!));
	const failed = await attemptVirsh('start', '--domain', domain.uuid);
	t.not(failed.exitCode, 0);
	const doctor = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.regex(doctor.stdout, /cannot be started: vda is backed by [^ ]*vda\.qcow2, which is encrypted/);
});
