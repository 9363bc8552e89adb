import test from 'ava';
import type {CommandFile} from '../../../source/model/plan/plan.ts';
import {openDemo} from '../../helpers/demo.ts';

const folder = '/var/lib/libvirt/images';
const xmlPath = '/state/files/definition.xml';
const recordPath = '/state/files/record.xml';

test('the commands of an external revert leave a domain that runs on its new overlays', async t => {
	const demo = openDemo();
	const before = await demo.virsh('dumpxml', '--domain', 'web', '--inactive', '--security-info');
	const record = await demo.virsh('snapshot-dumpxml', '--domain', 'web', '--snapshotname', 'hotfix', '--security-info');
	const frozen = new Map([...record.slice(0, record.indexOf('</domain>')).matchAll(/<source file='([^']+(vd[ab])[^']*)'\/>\s*<backingStore type/g)].map(match => [match[2]!, match[1]!]));
	const old = (await demo.virsh('domblklist', '--domain', 'web')).split('\n').flatMap(line => /^ \w+ +(\S.*)$/.exec(line)?.[1] ?? []);
	t.deepEqual([frozen.size, old.length], [2, 2]);

	await demo.virsh('destroy', '--domain', 'web', '--graceful');
	for (const target of ['vda', 'vdb']) {
		const path = `${folder}/web-${target}.new`;
		await demo.run(['dd', 'if=/dev/null', `of=${path}`, 'conv=excl', 'status=none']);
		await demo.run(['chown', '64055:64055', '--', path]);
		await demo.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', frozen.get(target)!, path]);
		const [top] = JSON.parse(await demo.run(['qemu-img', 'info', '--backing-chain', '--output=json', '-f', 'qcow2', path])) as Array<Record<string, unknown>>;
		t.is(top!['full-backing-filename'], frozen.get(target));
		t.is(await demo.run(['stat', '--printf=%u %a', '--', path]), '64055 600');
	}

	await demo.run(['sync', '--', `${folder}/web-vda.new`, folder]);
	const bare = before.replaceAll(/\s*<backingStore[\s\S]*?<target/g, '\n<target');
	const defined = bare.replaceAll(/<source file='[^']*web-(vd[ab])[^']*'/g, `<source file="${folder}/web-$1.new"`);
	await demo.run(['virsh', '-q', 'define', '--file', xmlPath], [file(xmlPath, defined)]);
	t.is(await demo.virsh('domblklist', '--domain', 'web', '--inactive'), ` vda   ${folder}/web-vda.new\n vdb   ${folder}/web-vdb.new\n`);
	await demo.run(['virsh', '-q', 'snapshot-create', '--domain', 'web', '--xmlfile', recordPath, '--redefine', '--current'], [file(recordPath, record)]);
	t.is(await demo.virsh('snapshot-current', '--domain', 'web', '--name'), 'hotfix');
	t.is(await demo.virsh('snapshot-dumpxml', '--domain', 'web', '--snapshotname', 'hotfix', '--security-info'), record);
	await demo.virsh('start', '--domain', 'web');
	for (const path of old) {
		await demo.run(['rm', '--', path]);
	}

	t.is(await demo.virsh('domstate', '--domain', 'web'), 'running\n');
	t.regex(await demo.virsh('dumpxml', '--domain', 'web'), /web-vdb\.new/);
});

test('a memory file is resumed on the disks of the XML that is given with it', async t => {
	const demo = openDemo();
	const memoryPath = '/var/lib/libvirt/images/build-toolchain-14.mem';
	const saved = await demo.virsh('save-image-dumpxml', '--file', memoryPath, '--security-info');
	await demo.virsh('destroy', 'build');
	await demo.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', `${folder}/build-vda.toolchain-13`, `${folder}/build-vda.new`]);
	const xml = saved.replace(/<source file='[^']*build-vda\.toolchain-13'\/>/, `<source file='${folder}/build-vda.new'/>`).replaceAll(/\s*<backingStore[\s\S]*?<target/g, '\n<target');
	await demo.run(['virsh', '-q', 'restore', '--file', memoryPath, '--xml', xmlPath, '--paused'], [file(xmlPath, xml)]);
	t.is(await demo.virsh('domstate', 'build'), 'paused\n');
	t.regex(await demo.virsh('domblklist', 'build'), /build-vda\.new/);
});

test('checkpoints stand against a redefine until they are forgotten, and can come back', async t => {
	const demo = openDemo();
	const record = file(recordPath, await demo.virsh('snapshot-dumpxml', 'db', 'after-migration'));
	const redefine = ['virsh', '-q', 'snapshot-create', '--domain', 'db', '--xmlfile', recordPath, '--redefine', '--current'];
	t.is(await demo.failure(redefine, [record]), 'error: Operation not supported: cannot perform block operations while checkpoint exists\n');
	const checkpoint = await demo.virsh('checkpoint-dumpxml', 'db', 'daily-1');
	for (const name of ['daily-3', 'daily-2', 'daily-1']) {
		await demo.virsh('checkpoint-delete', '--domain', 'db', '--checkpointname', name, '--metadata');
	}

	await demo.run(redefine, [record]);
	await demo.run(['virsh', '-q', 'checkpoint-create', '--domain', 'db', '--xmlfile', xmlPath, '--redefine'], [file(xmlPath, checkpoint)]);
	t.is(await demo.virsh('checkpoint-list', '--domain', 'db', '--name'), 'daily-1\n');
	t.is(await demo.virsh('snapshot-current', 'db', '--name'), 'after-migration');
});

test('a new record hangs under its parent, and forgetting it gives its children to the parent', async t => {
	const demo = openDemo();
	const record = await demo.virsh('snapshot-dumpxml', 'web', 's3');
	const kept = record.replace('<name>s3</name>', '<name>kept</name>').replace('<name>s2</name>', '<name>s3</name>');
	await demo.run(['virsh', '-q', 'snapshot-create', '--domain', 'web', '--xmlfile', recordPath, '--redefine'], [file(recordPath, kept)]);
	await demo.virsh('snapshot-delete', '--domain', 'web', '--snapshotname', 's3', '--metadata');
	t.regex(await demo.virsh('snapshot-dumpxml', 'web', 'kept'), /<parent>\s*<name>s2<\/name>/);
	t.is(await demo.virsh('snapshot-current', 'web', '--name'), 's2');
});

test('a record with an unknown parent or another domain\'s UUID is refused', async t => {
	const demo = openDemo();
	const record = await demo.virsh('snapshot-dumpxml', 'web', 's3');
	const redefine = (domain: string) => ['virsh', '-q', 'snapshot-create', '--domain', domain, '--xmlfile', recordPath, '--redefine'];
	t.is(await demo.failure(redefine('web'), [file(recordPath, record.replace('<name>s2</name>', '<name>gone</name>'))]), 'error: invalid argument: parent gone for snapshot s3 not found\n');
	t.regex(await demo.failure(redefine('wiki'), [file(recordPath, record)]), /must use uuid/);
});

test('an internal snapshot is applied by libvirt itself', async t => {
	const demo = openDemo();
	await demo.virsh('snapshot-revert', '--domain', 'legacy', '--snapshotname', 'installed', '--running');
	t.is(await demo.virsh('snapshot-current', 'legacy', '--name'), 'installed');
	t.is(await demo.virsh('domstate', 'legacy'), 'running\n');
});

function file(path: string, text: string): CommandFile {
	return {path, text};
}
