/**
virsh's snapshot commands and block jobs on the demo host: what they leave behind, and how they refuse, as libvirt 9.0 was seen to.
*/
import test from 'ava';
import type {CommandFile} from '../../../source/model/plan/plan.ts';
import {openDemo, type Demo} from '../../helpers/demo.ts';

const images = '/var/lib/libvirt/images';
const xmlPath = '/state/files/wanted.xml';
const radius = `${images}/radius-vda.qcow2`;

function file(text: string): CommandFile {
	return {path: xmlPath, text};
}

function createArgv(domain: string, ...flags: string[]): string[] {
	return ['virsh', '-q', 'snapshot-create', '--domain', domain, '--xmlfile', xmlPath, ...flags];
}

const moment = (inside: string) => `<domainsnapshot>${inside}</domainsnapshot>`;

for (const [domain, xml, flags, complaint] of [
	['legacy', moment('<name>a/b</name>'), [], 'invalid snapshot name \'a/b\': name can\'t contain \'/\''],
	['legacy', moment('<name>.x</name>'), [], 'invalid snapshot name \'.x\': name can\'t start with \'.\''],
	['legacy', moment('<name>x</name><memory snapshot="external" file="/tmp/m"/>'), [], 'XML error: memory state cannot be saved with offline or disk-only snapshot'],
	['legacy', moment('<name>x</name><disks><disk name="vdz" snapshot="external"/></disks>'), ['--disk-only'], 'unsupported configuration: no disk named \'vdz\''],
	['legacy', moment('<name>x</name><disks><disk name="vda" snapshot="no"/></disks>'), ['--disk-only'], 'unsupported configuration: nothing selected for snapshot'],
	['legacy', moment('<name>installed</name>'), [], 'operation failed: domain moment installed already exists'],
	['legacy', '<domainsnapshot><name>x', [], '(domain_snapshot):1: Extra content at the end of the document'],
	['wiki', moment('<name>q</name>'), ['--disk-only', '--quiesce'], 'argument unsupported: QEMU guest agent is not configured'],
	['mon', moment('<name>q</name>'), ['--disk-only', '--quiesce'], 'Guest agent is not responding: QEMU guest agent is not connected'],
	['wiki', moment('<name>x</name><memory snapshot="no"/>'), [], 'Operation not supported: internal snapshot of a running VM must include the memory state'],
	['wiki', moment('<name>x</name><memory snapshot="internal"/><disks><disk name="vda" snapshot="external"/></disks>'), [], 'unsupported configuration: disk \'vda\' must use snapshot mode \'internal\''],
	[
		'wiki',
		moment('<name>x</name><memory snapshot="external" file="/m"/><disks><disk name="vda" snapshot="internal"/></disks>'),
		[],
		'unsupported configuration: mixing internal and external targets for a snapshot is not yet supported',
	],
	[
		'wiki',
		moment(`<name>x</name><disks><disk name="vda" snapshot="external"><source file="${radius}"/></disk></disks>`),
		['--disk-only'],
		`unsupported configuration: external snapshot file for disk vda already exists and is not a block device: ${radius}`,
	],
	['wiki', moment('<name>x</name><disks><disk name="vda"><source file="/nope/x"/></disk></disks>'), ['--disk-only'], 'failed to create image file \'/nope/x\': No such file or directory'],
	[
		'wiki',
		moment('<name>x</name><disks><disk name="vda"><source file="/nope/x"/></disk></disks>'),
		['--disk-only', '--reuse-external'],
		'missing existing file for disk vda: /nope/x: No such file or directory',
	],
	['wiki', moment('<name>x</name>'), ['--live'], 'Operation not supported: live snapshot creation is supported only during full system snapshots'],
	['vpn', moment('<name>x</name>'), [], 'operation failed: domain moment x already exists'],
] as Array<[string, string, string[], string]>) {
	test(`${domain} refuses ${xml} ${flags.join(' ')}`, async t => {
		const demo = openDemo();
		if (domain === 'vpn') {
			await demo.virsh('snapshot-create-as', 'vpn', 'x', '--disk-only');
			[...demo.world.domains.values()].find(({name}) => name === 'vpn')!.currentSnapshot = undefined;
		}

		const files = [...demo.world.files.keys()];
		t.is(await demo.failure(createArgv(domain, ...flags), [file(xml)]), `error: ${complaint}\n`);
		t.deepEqual([...demo.world.files.keys()], files);
	});
}

for (const [words, complaint] of [
	[['blockcommit', 'wiki', 'vdz', '--active', '--pivot', '--wait'], 'invalid argument: disk \'vdz\' not found in domain'],
	[['blockcommit', 'wiki', 'vda', '--base', '/nope', '--wait'], `invalid argument: could not find image '/nope' beneath '${images}/wiki-vda.before-patches' in chain for 'vda'`],
	[['blockcommit', 'wiki', 'vda', '--top', '/it\'s', '--wait'], 'invalid argument: could not find image \'/it\'s\' in chain for \'vda\''],
	[['blockcommit', 'wiki', 'vda', '--wait'], 'invalid argument: commit of \'vda\' active layer requires active flag'],
	[['blockpull', 'wiki', 'vda', '--base', '/nope', '--wait'], `invalid argument: could not find image '/nope' beneath '${images}/wiki-vda.before-patches' in chain for 'vda'`],
	[['blockjob', 'wiki', 'vda', '--abort'], 'invalid argument: disk vda does not have an active block job'],
	[['blockjob', 'legacy', 'vda', '--raw'], 'Requested operation is not valid: domain is not running'],
	[['domjobabort', 'wiki'], 'Requested operation is not valid: no job is active on the domain'],
	[['domtime', 'wiki'], 'argument unsupported: QEMU guest agent is not configured'],
	[['domtime', 'legacy'], 'Requested operation is not valid: domain is not running'],
	[['domfsthaw', 'wiki'], 'Unable to thaw filesystems\nerror: argument unsupported: QEMU guest agent is not configured'],
	[['snapshot-delete', 'web', 'it\'s "gone"', '--metadata'], 'Domain snapshot not found: no domain snapshot with matching name \'it\'s "gone"\''],
	[['snapshot-delete', 'web', '-x'], 'Domain snapshot not found: no domain snapshot with matching name \'-x\''],
] as Array<[string[], string]>) {
	test(`virsh ${words.join(' ')} fails as virsh does`, async t => {
		t.is(await openDemo().failure(['virsh', '-q', ...words]), `error: ${complaint}\n`);
	});
}

async function recordOf(demo: Demo, domain: string, name: string): Promise<string> {
	return demo.virsh('snapshot-dumpxml', '--domain', domain, '--snapshotname', name);
}

test('a snapshot with memory inside is recorded as libvirt records it, and its state lies in the image', async t => {
	const demo = openDemo();
	await demo.run(createArgv('radius'), [file(moment('<name>in &lt;it&gt;</name><description>a "b"</description>'))]);
	const xml = await recordOf(demo, 'radius', 'in <it>');
	t.regex(xml, /<state>running<\/state>\s+<parent>\s+<name>before-ca<\/name>\s+<\/parent>\s+<creationTime>\d+<\/creationTime>\s+<memory snapshot='internal'\/>\s+<disks>\s+<disk name='vda' snapshot='internal'\/>/);
	t.regex(xml, /<inactiveDomain [\s\S]*<cookie>/);
	const info = JSON.parse(await demo.run(['qemu-img', 'info', '-U', '--output=json', '--', radius])) as {snapshots: Array<{name: string; 'vm-state-size': number}>};
	t.deepEqual(info.snapshots.map(({name}) => name), ['eap-tls', 'before-ca', 'in <it>']);
	t.true(info.snapshots.every(snapshot => snapshot['vm-state-size'] > 0));
});

test('a snapshot of the disks of a running domain switches both definitions, and names the old image below', async t => {
	const demo = openDemo();
	await demo.run(createArgv('dhcp', '--disk-only', '--atomic'), [file(moment(`<name>d</name><memory snapshot="no"/><disks><disk name="vda" snapshot="external"><source file="${images}/it's new"/></disk></disks>`))]);
	t.regex(await recordOf(demo, 'dhcp', 'd'), /<state>disk-snapshot<\/state>[\s\S]*<memory snapshot='no'\/>/);
	for (const flags of [[], ['--inactive']]) {
		t.regex(await demo.virsh('dumpxml', 'dhcp', ...flags), /it&apos;s new'\/>\s+<backingStore type='file'>\s+<format type='qcow2'\/>\s+<source file='[^']*dhcp-vda\.qcow2'/);
	}

	t.is(await demo.virsh('domstate', 'dhcp'), 'running\n');
});

test('prepared overlays are used as they are, a halted domain is off, and without metadata nothing is recorded', async t => {
	const demo = openDemo();
	const overlay = `${images}/dhcp-vda.made`;
	await demo.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'dhcp-vda.qcow2', overlay]);
	await demo.run(createArgv('dhcp', '--disk-only', '--reuse-external', '--halt', '--no-metadata'), [file(moment(`<name>x/y</name><disks><disk name="vda"><source file="${overlay}"/></disk></disks>`))]);
	t.is(demo.world.files.get(overlay)!.backing!.name, 'dhcp-vda.qcow2');
	t.is(await demo.virsh('domblklist', 'dhcp'), ` vda   ${overlay}\n`);
	t.is(await demo.virsh('domstate', 'dhcp'), 'shut off\n');
	t.is(await demo.virsh('snapshot-list', 'dhcp', '--name'), '');
});

test('forgetting a record makes libvirt 9.0 write the ones below it wrongly: they name the image of the one that went', async t => {
	const demo = openDemo();
	t.regex(await recordOf(demo, 'nextcloud', 'before-30'), /<source file='[^']*nextcloud-vda\.before-29'\/>/);
	await demo.virsh('snapshot-delete', 'nextcloud', 'before-29', '--metadata');
	const xml = await recordOf(demo, 'nextcloud', 'before-30');
	t.notRegex(xml, /<parent>|before-29/);
	t.regex(xml.slice(xml.indexOf('<domain ')), /<source file='[^']*nextcloud-vda\.qcow2'\/>\s+<target/);
	const last = await recordOf(demo, 'nextcloud', 'before-patches');
	t.regex(last, /<parent>\s+<name>before-30<\/name>/);
	t.regex(last.slice(last.indexOf('<domain ')), /nextcloud-vda\.before-30'\/>\s+<backingStore type='file'>\s+<format type='qcow2'\/>\s+<source file='[^']*nextcloud-vda\.qcow2'/);
});

test('a delete with the children takes all of them, and internal states go out of the images', async t => {
	const demo = openDemo();
	await demo.virsh('snapshot-delete', 'legacy', 'year-end-2024', '--children-only');
	t.is(await demo.virsh('snapshot-list', 'legacy', '--name'), 'installed\nyear-end-2024\n');
	t.deepEqual(demo.world.files.get(`${images}/legacy-vda.qcow2`)!.tags.map(({tag}) => tag), ['installed', 'year-end-2024']);
	await demo.virsh('snapshot-delete', 'web', 's1', '--children', '--metadata');
	t.is(await demo.virsh('snapshot-list', 'web', '--name'), '');
	t.is(await demo.failure(['virsh', '-q', 'snapshot-current', 'web', '--name']), 'error: domain \'web\' has no current snapshot\n');
});

test('committing the head moves the domain onto the base, and leaves files and records', async t => {
	const demo = openDemo();
	const before = await recordOf(demo, 'wiki', 'before-patches');
	await demo.virsh('blockcommit', '--domain', 'wiki', '--path', 'vda', '--base', `${images}/wiki-vda.qcow2`, '--active', '--pivot', '--wait');
	for (const flags of [[], ['--inactive']]) {
		t.is(await demo.virsh('domblklist', 'wiki', ...flags), ` vda   ${images}/wiki-vda.qcow2\n`);
	}

	t.true(demo.world.files.has(`${images}/wiki-vda.before-patches`));
	t.is(await recordOf(demo, 'wiki', 'before-patches'), before);
});

test('pulling everything leaves an image that stands alone', async t => {
	const demo = openDemo();
	await demo.virsh('blockpull', '--domain', 'clone-a', '--path', 'vda', '--wait');
	const [info, ...below] = JSON.parse(await demo.run(['qemu-img', 'info', '-U', '--backing-chain', '--output=json', '--', `${images}/clone-a-vda.fresh`])) as Array<Record<string, unknown>>;
	t.is(info!['backing-filename'], undefined);
	t.deepEqual(below, []);
	t.regex(await demo.virsh('dumpxml', 'clone-a'), /clone-a-vda\.fresh'\/>\s+<backingStore\/>/);
	t.notRegex(await demo.virsh('dumpxml', 'clone-a', '--inactive'), /backingStore/);
});

test('a redefined record needs a name, a time and a state, and cannot turn from offline to online', async t => {
	const demo = openDemo();
	const xml = await recordOf(demo, 'legacy', 'installed');
	for (const [changed, complaint] of [
		[xml.replace(/<name>installed<\/name>/, ''), 'XML error: a redefined snapshot must have a name'],
		[xml.replace(/<creationTime>\d+<\/creationTime>/, ''), 'XML error: missing creationTime from existing snapshot'],
		[xml.replace(/<state>shutoff<\/state>/, ''), 'XML error: missing state from existing snapshot'],
		[xml.replace(/<state>shutoff<\/state>/, '<state>running</state>'), 'invalid argument: cannot change between online and offline snapshot state in snapshot installed'],
		[xml.replace(/<state>/, '<parent><name>before-export</name></parent><state>'), 'invalid argument: parent before-export would create cycle to installed'],
	] as Array<[string, string]>) {
		t.is(await demo.failure(createArgv('legacy', '--redefine'), [file(changed)]), `error: ${complaint}\n`);
	}
});

test('qemu-img refuses what the real one refuses, and reads the same after what it does', async t => {
	const demo = openDemo();
	const head = `${images}/staging-web-vda.before-patches`;
	const base = `${images}/staging-web-vda.qcow2`;
	t.is(await demo.failure(['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', '-b', '/nope', head]), `qemu-img: Did not find '/nope' in the backing chain of '${head}'\n`);
	t.is(await demo.failure(['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', base]), 'qemu-img: Image does not have a backing file\n');
	t.is(await demo.failure(['qemu-img', 'rebase', '-f', 'qcow2', '-F', 'qcow2', '-b', '/nope', head]), 'qemu-img: Could not open new backing file \'/nope\': Could not open \'/nope\': No such file or directory\n');
	t.is(await demo.failure(['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', '/nope']), 'qemu-img: Could not open \'/nope\': Could not open \'/nope\': No such file or directory\n');
	t.regex(await demo.failure(['qemu-img', 'rebase', '-f', 'qcow2', '-b', '', `${images}/wiki-vda.before-patches`]), /Failed to get "write" lock\nIs another process using the image/);
	t.is(
		await demo.failure(['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', '-b', `${images}/wiki-vda.qcow2`, `${images}/wiki-vda.try-2`]),
		`qemu-img: Failed to get "write" lock\nIs another process using the image [${images}/wiki-vda.qcow2]?\n`,
	);
	const own = [...demo.world.files.get(head)!.writes];
	await demo.run(['qemu-img', 'commit', '-q', '-f', 'qcow2', '-d', '-b', base, head]);
	t.deepEqual(demo.world.files.get(head)!.writes, own);
	t.deepEqual(demo.world.files.get(base)!.writes.slice(-own.length), own);
	await demo.run(['qemu-img', 'commit', '-q', '-f', 'qcow2', head]);
	t.deepEqual(demo.world.files.get(head)!.writes, []);
	await demo.run(['touch', '-c', '-d', '@1700000000.25', '--', base, `${images}/nope`]);
	t.regex(await demo.run(['stat', '--printf', '%.9Y', '--', base]), /^170{8}\.250/);
});
