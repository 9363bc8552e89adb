import test from 'ava';
import {openDemo} from '../../helpers/demo.ts';

const imagePath = '/var/lib/libvirt/images';
const headPath = `${imagePath}/clone-a-vda.fresh`;
const lowerPath = `${imagePath}/clone-a-vda.qcow2`;

test('a batch goes on after an error, and each answer is closed by its mark', async t => {
	const demo = openDemo();
	t.is(await demo.virsh('domstate nope; echo MARK1; domstate web; echo MARK2'), 'MARK1running\nMARK2');
});

test('an error of syntax stops a batch before it starts', async t => {
	const demo = openDemo();
	t.is(await demo.failure(['virsh', '-q', 'suspend web; nonsense']), 'error: unknown command: \'nonsense\'\n');
	t.is(await demo.virsh('domstate', 'web'), 'running\n');
});

const complaints: Array<[string[], string]> = [
	[['virsh', 'dumpxml', 'nope'], 'error: failed to get domain \'nope\'\n'],
	[['virsh', 'snapshot-dumpxml', 'web', 'nope'], 'error: Domain snapshot not found: no domain snapshot with matching name \'nope\'\n'],
	[['virsh', 'checkpoint-dumpxml', 'web', 'nope'], 'error: Domain checkpoint not found: no domain checkpoint with matching name \'nope\'\n'],
	[['virsh', 'start', 'web'], 'error: Domain is already active\n'],
	[['virsh', 'destroy', 'legacy'], 'error: Failed to destroy domain \'legacy\'\nerror: Requested operation is not valid: domain is not running\n'],
	[['virsh', 'domjobinfo', 'legacy'], 'error: Requested operation is not valid: domain is not running\n'],
	[['virsh', '-r', 'start', 'legacy'], 'error: Failed to start domain \'legacy\'\nerror: operation forbidden: read only access prevents virDomainCreateWithFlags\n'],
	[['virsh', '-r', 'dumpxml', 'web', '--security-info'], 'error: operation forbidden: virDomainGetXMLDesc with secure flag\n'],
	[['virsh', 'snapshot-revert', 'web', 's1'], 'error: Failed to revert snapshot s1\nerror: unsupported configuration: revert to external snapshot not supported yet\n'],
	[['virsh', 'snapshot-current', 'db', 'tuning'], 'error: Operation not supported: cannot perform block operations while checkpoint exists\n'],
	[['qemu-img', 'info', '--output=json', '-f', 'qcow2', headPath], `qemu-img: Could not open '${headPath}': Failed to get shared "write" lock\nIs another process using the image [${headPath}]?\n`],
	[['qemu-img', 'snapshot', '-a', 'x', lowerPath], `qemu-img: Could not open '${lowerPath}': Failed to get "write" lock\nIs another process using the image [${lowerPath}]?\n`],
	[['qemu-img', 'info', '-U', '--output=json', '--', '/nope'], 'qemu-img: Could not open \'/nope\': Could not open \'/nope\': No such file or directory\n'],
	[['dd', 'if=/dev/null', `of=${imagePath}/web-vda.s1`, 'conv=excl', 'status=none'], `dd: failed to open '${imagePath}/web-vda.s1': File exists\n`],
	[['rm', '--', '/nope'], 'rm: cannot remove \'/nope\': No such file or directory\n'],
	[['mkfs', '/dev/sda'], 'mkfs: the demo host does not know this command\n'],
];

for (const [argv, stderr] of complaints) {
	test(`"${argv.join(' ')}" fails in the words of the real tool`, async t => {
		t.is(await openDemo().failure(argv), stderr);
	});
}

test('an unknown program ends with 127, as a shell says', async t => {
	const result = await openDemo().runner({argv: ['frobnicate'], where: 'host'});
	t.like(result, {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 127, timedOut: false}}});
});

test('passwords are shown to --security-info only', async t => {
	const demo = openDemo();
	t.regex(await demo.virsh('dumpxml', '--domain', 'web', '--inactive', '--security-info'), /passwd='vnc-/);
	t.notRegex(await demo.virsh('dumpxml', '--domain', 'web', '--inactive'), /passwd/);
	t.notRegex(await demo.virsh('snapshot-dumpxml', 'web', 's1'), /passwd/);
});

test('a running domain shows its whole chain, closed by an empty element', async t => {
	const xml = await openDemo().virsh('dumpxml', 'clone-a');
	t.regex(xml, /clone-a-vda\.fresh'\/>\s+<backingStore type='file'>[\s\S]*clone-a-vda\.qcow2'\/>\s+<backingStore type='file'>[\s\S]*debian-12\.qcow2'\/>\s+<backingStore\/>/);
});

test('lifecycle changes are announced to those who watch events, until they stop', async t => {
	const demo = openDemo();
	const lines: string[] = [];
	const stop = demo.lines({
		argv: ['virsh', '-q', '-c', 'qemu:///system', 'event', '--all', '--loop'],
		onLine(line) {
			lines.push(line);
		},
		onEnd() {
			t.fail();
		},
	});
	await demo.virsh('suspend', 'web');
	await demo.virsh('destroy', 'web');
	stop();
	await demo.virsh('start', 'web');
	t.deepEqual(lines, ['event \'lifecycle\' for domain \'web\': Suspended Paused', 'event \'lifecycle\' for domain \'web\': Stopped Destroyed']);
});

test('a broken chain cannot be started', async t => {
	t.is(
		await openDemo().failure(['virsh', 'start', 'mail']),
		'error: Failed to start domain \'mail\'\nerror: Cannot access storage file \'/var/lib/libvirt/images/mail-vdb.qcow2\': No such file or directory\n',
	);
});

test('changing commands take the time that was asked for, reading ones none', async t => {
	const demo = openDemo({changeMs: 60});
	const suspended = await demo.runner({argv: ['virsh', '-q', 'suspend', 'web'], where: 'here', isMutating: true});
	const read = await demo.runner({argv: ['virsh', '-q', 'domstate', 'web'], where: 'here'});
	t.true(suspended.ok && suspended.value.durationMs >= 50);
	t.true(read.ok && read.value.durationMs < 50);
});

test('stat and find answer in the formats they are given', async t => {
	const demo = openDemo();
	t.regex(await demo.run(['stat', String.raw`--printf=%s\t%.9Y\t%i\t%u:%g\t%a\t%F\0`, '--', `${imagePath}/legacy-vda.qcow2`]), /^\d+\t\d+\.\d{9}\t\d+\t64055:64055\t600\tregular file\0$/);
	t.regex(await demo.run(['stat', '-f', String.raw`--printf=%a %S %i\n`, '--', '/data/vm/db']), /^\d+ 4096 9c41a07be2d3f811\n$/);
	const names = await demo.run(['find', '/data/vm/db', '-mindepth', '1', '-maxdepth', '1', '-printf', String.raw`%f\0`]);
	t.true(names.split('\0').includes('db-before-migration.mem'));
	t.is(await demo.run(['find', '/proc', '-lname', '/x']), '');
});

test('a memory file begins as libvirt writes it', async t => {
	const dump = await openDemo().run(['od', '-An', '-v', '-tx1', '-N', '92', '--', '/data/vm/db/db-before-migration.mem']);
	const bytes = dump.trim().split(/\s+/).map(byte => Number.parseInt(byte, 16));
	t.is(bytes.length, 92);
	t.is(String.fromCodePoint(...bytes.slice(0, 16)), 'LibvirtQemudSave');
	t.is(bytes[16], 2);
});
