/** What is advised where images are encrypted, or a record tells no format, is done, and the action then works. */
import {randomUUID} from 'node:crypto';
import {
	mkdir, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	doBare, isListening, quit, readBareTree, runBare, type BareDomain,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, withFile,
} from './domains.ts';
import {
	createEncrypted, defineSecret, digestEncrypted, digestHeadsOf, keyOf, makeEncryptedDomain, markEncrypted, openChain, setSecret, type EncryptedDomain,
} from './encrypted.ts';
import {expectStarts} from './expect.ts';
import {refused, succeeds} from './remedies.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {domainPrefix} from './settings.ts';
import {digestHeads, digestImage} from './slots.ts';
import {markOffline} from './snapshots.ts';

test.before(startLab);

const passphrase = 'secret';

/** A standalone QEMU on a plain overlay over an encrypted image, whose secret it has from its command line, and on a plain disk. */
async function startOverEncrypted(t: ExecutionContext): Promise<{domain: BareDomain; below: string}> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}below-`));
	const domain: BareDomain = {name: 'below', folder, socketPath: path.join(folder, 'q.sock'), statePath: path.join(folder, 'state')};
	t.teardown(async () => {
		await quit(domain);
		await rm(folder, {recursive: true, force: true});
	});
	const [below, overlay, plain] = ['a.qcow2', 'a.overlay', 'b.qcow2'].map(name => path.join(folder, name)) as [string, string, string];
	await createEncrypted(below, 'qcow2', {passphrase});
	await run('qemu-io', [...keyOf(passphrase), '-c', 'write -q -P 7 1M 64k', await openChain(below, 'qcow2')]);
	await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', below, overlay, '16M']);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', plain, '16M']);
	const encrypted = {driver: 'qcow2', 'node-name': 'encrypted', encrypt: {format: 'luks', 'key-secret': 'key'}, file: {driver: 'file', filename: below}};
	await run('qemu-system-x86_64', [
		...'-nodefaults -display none -m 16 -machine pc,accel=tcg -daemonize'.split(' '),
		'-object',
		`secret,id=key,data=${passphrase}`,
		...[
			encrypted,
			{driver: 'qcow2', 'node-name': 'a', file: {driver: 'file', filename: overlay}, backing: 'encrypted'},
			{driver: 'qcow2', 'node-name': 'b', file: {driver: 'file', filename: plain}},
		].flatMap(node => ['-blockdev', JSON.stringify(node)]),
		...['a', 'b'].flatMap(node => ['-device', `virtio-blk-pci,drive=${node}`]),
		'-qmp',
		`unix:${domain.socketPath},server=on,wait=off`,
	]);
	await waitFor('QEMU listens', async () => isListening(domain));
	return {domain, below};
}

async function refusedBare(t: ExecutionContext, domain: BareDomain, args: string[], remedy: RegExp): Promise<string> {
	const result = await runBare(domain, [...args, '--yes']);
	const said = `${result.stdout}${result.stderr}`.replaceAll(/\s+/g, ' ');
	t.is(result.exitCode, 3, said);
	const found = remedy.exec(said);
	t.not(found, null, said);
	return found?.[1] ?? '';
}

test.serial('a standalone QEMU over an encrypted image: the disk is left out as advised, running and off', async t => {
	const {domain} = await startOverEncrypted(t);
	const leaveOut = /vda is backed by \S+, which is encrypted[^]* Leave it out: (--disk vda=no)\./;
	const first = await refusedBare(t, domain, ['create', domain.name, 's1', '--disk-only'], leaveOut);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', ...first.split(' '), '--yes');
	const told = await runBare(domain, ['doctor', domain.name]);
	t.notRegex(told.stdout, /cannot-start/, told.stdout);

	const target = path.join(domain.folder, 'backups');
	await mkdir(target);
	const copy = (...options: string[]) => ['backup', 'create', domain.name, '--to', target, ...options];
	await refusedBare(t, domain, copy(), /What is on vda is encrypted, and its copy would not be\. To have it so all the same: --decrypt\. Or name the other disks: --disk vdb\./);
	await doBare(domain, ...copy('--decrypt'), '--yes');

	await quit(domain);
	await refusedBare(t, domain, copy('--decrypt'), /Start the domain: QEMU itself then copies the disk\. Or name the other disks: --disk DISK\./);
	await doBare(domain, ...copy('--decrypt', '--disk=vdb'), '--yes');
	const second = await refusedBare(t, domain, ['create', domain.name, 's2'], leaveOut);
	const outside = await refusedBare(t, domain, ['create', domain.name, 's2', ...second.split(' ')], /Or: Ask for external disks: ([^.]*)\./);
	await doBare(domain, 'create', domain.name, 's2', ...second.split(' '), ...outside.split(' '), '--yes');
	t.deepEqual((await readBareTree(domain)).snapshots.map(({name, current}) => [name, current]), [['s1', false], ['s2', true]]);
});

test.serial('a snapshot on an encrypted image below a standalone QEMU: its content is copied out, and its record goes, by the commands that are named', async t => {
	const {domain, below} = await startOverEncrypted(t);
	await doBare(domain, 'doctor', '--repair', 'unrecorded-layer', '--yes', domain.name);
	await quit(domain);
	const [{name}] = (await readBareTree(domain)).snapshots as unknown as [{name: string}];
	const copy = await refusedBare(t, domain, ['revert', domain.name, name, '--discard'], /copy it into a new image \(KEYFILE holds the passphrase\): (qemu-img convert .* NEW)\./);
	const [keyFile, into] = ['key', 'copy.qcow2'].map(file => path.join(domain.folder, file)) as [string, string];
	await writeFile(keyFile, passphrase, {mode: 0o600});
	await run('sh', ['-ec', copy.replace('KEYFILE', keyFile).replace(/NEW$/, into)]);
	t.is(await digestImage(into, 'qcow2'), await digestEncrypted({passphrase} as EncryptedDomain, below, 'qcow2'));

	const drop = await refusedBare(t, domain, ['delete', domain.name, name], /You can delete only the record, and the images stay: (vsnap-tui delete --metadata -- below SNAPSHOT)\./);
	await doBare(domain, ...drop.replace('SNAPSHOT', name).split(' ').slice(1, 3), '--yes', ...drop.replace('SNAPSHOT', name).split(' ').slice(3));
	t.deepEqual((await readBareTree(domain)).snapshots, []);
	t.is(await digestEncrypted({passphrase} as EncryptedDomain, below, 'qcow2'), await digestImage(into, 'qcow2'));
});

const definitionOf = async ({domain}: EncryptedDomain) => virsh('dumpxml', '--inactive', '--domain', domain.uuid);
const create = ({domain}: EncryptedDomain, name: string, ...options: string[]) => ['create', ...options, '--yes', '--json', '--', domain.name, name];

test.serial('an encrypted image that no definition names a secret for: with the secret that is asked for the snapshot is made', async t => {
	const on = await makeEncryptedDomain(t);
	const held = await markEncrypted(on, 0xA1);
	const named = (await definitionOf(on)).replace(/<disk (?:(?!<\/disk>)[\s\S])*vdb[\s\S]*?<\/disk>/, '');
	await defineXml(named.replaceAll(/<encryption [\s\S]*?<\/encryption>/g, ''));
	await refused(t, on.domain, create(on, 's1'), /^Name it in the definition \(virsh edit\): <encryption format='luks'> with its <secret> in the <source> of the disk\.$/);
	await defineXml(named);
	await succeeds(t, on.domain, create(on, 's1'));
	t.deepEqual(await digestHeadsOf(on), {vda: held.vda});
	await expectStarts(t, on.domain, ['vda']);
});

const redefine = async ({domain}: Pick<EncryptedDomain, 'domain'>, xml: string) => withFile(xml, async file => virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', file, '--redefine', '--current'));

test.serial('layers with different secrets get the same one as advised', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain, passphrase: key, secret} = on;
	const base = domain.disks[0]!.path;
	await markEncrypted(on, 0xA1);
	const [otherSecret, otherKey] = [randomUUID(), 'another'];
	await defineSecret(otherSecret, `${domain.name}-other`);
	t.teardown(async () => attemptVirsh('secret-undefine', otherSecret));
	await setSecret(otherSecret, otherKey);
	const head = path.join(domain.folder, 'vda.over');
	await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', base, ...keyOf(otherKey), '-o', 'encrypt.format=luks,encrypt.key-secret=key,encrypt.iter-time=10', head, '16M']);
	const [, source] = new RegExp(`(<source file='${base}'>[\\s\\S]*?</source>)`).exec(await definitionOf(on))!;
	const onHead = (uuid: string) => `${source!.replace(base, head).replace(secret, uuid)}<backingStore type='file'><format type='qcow2'/>${source}<backingStore/></backingStore>`;
	const plain = await definitionOf(on);
	const define = async (uuid: string) => defineXml(plain.replace(source!, onHead(uuid)));
	await define(otherSecret);
	await refused(t, domain, create(on, 's1', '--disk-only'), 'Give all layers the same passphrase (qemu-img amend), and name the same secret for them.');

	const node = (file: string, more = {}) => JSON.stringify({driver: 'qcow2', file: {driver: 'file', filename: file}, encrypt: {'key-secret': 'old'}, ...more});
	await run('qemu-img', ['amend', '--object', `secret,id=old,data=${otherKey}`, '--object', `secret,id=new,data=${key}`, '-o', 'encrypt.state=active,encrypt.new-secret=new,encrypt.iter-time=10', `json:${node(head, {backing: null})}`]);
	await define(secret);
	const held = await digestHeadsOf(on);
	await succeeds(t, domain, create(on, 's1', '--disk-only'));
	t.deepEqual(await digestHeadsOf(on), held);
	await expectStarts(t, domain);
});

test.serial('a record that does not tell the format of a volume: once it does, as advised, the snapshot is reverted to', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const held = await markOffline(domain, 1);
	const pool = `${domain.name}-pool`;
	await virsh('pool-create-as', pool, 'dir', '--target', domain.folder);
	t.teardown(async () => attemptVirsh('pool-destroy', pool));
	await defineXml(domainXml(domain).replaceAll(/<disk type='file'([^>]*)>([\s\S]*?)<source file='[^']*\/([^'/]+)'\/>/g, `<disk type='volume'$1>$2<source pool='${pool}' volume='$3'/>`));
	await succeeds(t, domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1']);
	const record = await virsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', 's1');
	const from = record.indexOf('<domain');
	await redefine({domain}, record.slice(0, from) + record.slice(from).replace(/(<driver name='qemu') type='qcow2'/, '$1'));
	const back = ['revert', '--discard', '--yes', '--json', '--', domain.name, 's1'];
	await refused(t, domain, back, 'Record it in the snapshot\'s <domain>: <driver type=\'…\'/>.');
	await redefine({domain}, record);
	await succeeds(t, domain, back);
	t.deepEqual(await digestHeads(domain), held);
});
