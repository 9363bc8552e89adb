import {Buffer} from 'node:buffer';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {parseMemoryHeader} from '../../../source/hosts/libvirt/read/read-memory.ts';
import {parseHexDump, parseVersion} from '../../../source/hosts/shared/read-answers.ts';
import {parseDomainList, parseDomainState, parseDomainStates, parseFields} from '../../../source/hosts/libvirt/read/read-host.ts';
import {checkScheme, chooseUri} from '../../../source/hosts/libvirt/uri.ts';
import {parseCheckpointXml} from '../../../source/model/xml/parse-checkpoint.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {fixture} from './fixture.ts';

const hostileName = 'labx-n -x $(touch pwn) \'q\' "d" ; é😀# ';

test('domains are listed with their names as they are', t => {
	const domains = parseDomainList(fixture('libvirt-9.0/list.txt'));
	t.is(domains.length, 5);
	t.deepEqual(domains.find(domain => domain.uuid.startsWith('11111111')), {uuid: '11111111-2222-3333-4444-555555555555', name: hostileName});
});

test('states are told by name, also by a hostile one', t => {
	const states = parseDomainStates(fixture('libvirt-9.0/domstats.txt'));
	t.deepEqual([states.get('labx-run'), states.get('labx-off'), states.get(hostileName)], ['running', 'shutoff', 'shutoff']);
});

test('versions are numbers that can be compared', t => {
	const fields = parseFields(fixture('libvirt-9.0/version.txt'));
	t.is(parseVersion(fields.get('Running against daemon')), 9_000_000);
	t.is(parseVersion(fields.get('Running hypervisor')), 7_002_022);
	t.is(parseVersion(undefined), 0);
});

test('what virsh says of a domain is understood', t => {
	const running = parseFields(fixture('libvirt-9.0/dominfo-running.txt'));
	t.is(parseDomainState(running.get('State')), 'running');
	t.is(running.get('Persistent'), 'yes');
	t.is(parseDomainState(parseFields(fixture('libvirt-9.0/dominfo-off.txt')).get('State')), 'shutoff');
});

test('a live snapshot of libvirt 9.0 names its frozen images and its overlays', t => {
	const snapshot = unwrap(parseSnapshotXml(fixture('libvirt-9.0/snapshot-live.xml')));
	t.like(snapshot, {name: 's2', parent: 's1', state: 'disk-snapshot', memory: {mode: 'no'}});
	t.deepEqual(snapshot.disks.map(disk => disk.overlayPath?.split('/').at(-1)), ['vda.s2', 'vdb.s2']);
	t.deepEqual(snapshot.domain?.disks.map(disk => disk.sourcePath?.split('/').at(-1)), ['vda.s1', 'vdb.s1']);
	t.true(unwrap(parseDomainXml(snapshot.inactiveDomainXml!)).disks.length === 2);
});

test('a memory snapshot names its memory file', t => {
	const {memory} = unwrap(parseSnapshotXml(fixture('libvirt-9.0/snapshot-memory.xml')));
	t.deepEqual(memory, {mode: 'external', path: '/var/lib/libvirt/images/labx/labx-mem/m1.mem'});
});

test('a hostile snapshot is read as it was made', t => {
	const snapshot = unwrap(parseSnapshotXml(fixture('libvirt-9.0/snapshot-hostile.xml')));
	t.is(snapshot.name, '-x $(touch pwn) \'q\' "d" ; é😀#');
	t.is(snapshot.description, snapshot.name);
	t.is(snapshot.domain?.disks[0]?.sourcePath, '/var/lib/libvirt/images/labx/labx-h/-x \'q\' *[1]?.qcow2');
});

test('a checkpoint and the XML of a memory file are read', t => {
	t.like(unwrap(parseCheckpointXml(fixture('libvirt-9.0/checkpoint.xml'))), {name: 'c1', disks: [{target: 'vda', bitmap: 'c1'}, {target: 'vdb', bitmap: 'c1'}]});
	t.is(unwrap(parseDomainXml(fixture('libvirt-9.0/save-image.xml'))).name, 'labx-mem');
});

test('a running copy shows as a mirror of its disk', t => {
	t.deepEqual(unwrap(parseDomainXml(fixture('libvirt-9.0/domain-mirror.xml'))).disks.map(disk => disk.hasMirror), [true, false]);
});

test('no backing store of a live definition is left behind', t => {
	const xml = fixture('libvirt-9.0/domain-running.xml');
	t.true(xml.includes('<backingStore'));
	t.false(unwrap(changeDomainXml(xml, {sources: new Map()})).includes('backingStore'));
});

test('the head of a memory file is understood', t => {
	t.deepEqual(parseMemoryHeader(parseHexDump(fixture('libvirt-9.0/memory-header.txt'))), {kind: 'good', xmlBytes: 67_231, format: 0, formatAt: 28});
});

test('a memory file that is unfinished, cut off, of another kind or version is bad', t => {
	const good = parseHexDump(fixture('libvirt-9.0/memory-header.txt'));
	const changed = (at: number, ...bytes: number[]) => {
		const copy = Uint8Array.from(good);
		copy.set(bytes, at);
		return parseMemoryHeader(copy).kind;
	};

	t.is(changed(12, ...Buffer.from('Part')), 'bad');
	t.is(changed(0, 0), 'bad');
	t.is(changed(16, 3), 'bad');
	t.is(parseMemoryHeader(good.subarray(0, 91)).kind, 'bad');
});

test('a memory file of a big-endian host is understood', t => {
	const bytes = parseHexDump(fixture('libvirt-9.0/memory-header.txt'));
	const view = new DataView(bytes.buffer);
	for (let offset = 16; offset < 92; offset += 4) {
		view.setUint32(offset, view.getUint32(offset, true), false);
	}

	t.deepEqual(parseMemoryHeader(bytes), {kind: 'good', xmlBytes: 67_231, format: 0, formatAt: 31});
});

test('the URI is that of the command line, then the environment, then the preferences, then virsh\'s own', t => {
	const environment = {VIRSH_DEFAULT_CONNECT_URI: 'qemu:///virsh', LIBVIRT_DEFAULT_URI: 'qemu:///libvirt'};
	t.is(unwrap(chooseUri({given: 'qemu:///given', environment, preferred: 'qemu:///preferred'})), 'qemu:///given');
	t.is(unwrap(chooseUri({given: undefined, environment, preferred: 'qemu:///preferred'})), 'qemu:///virsh');
	t.is(unwrap(chooseUri({given: undefined, environment: {...environment, VIRSH_DEFAULT_CONNECT_URI: ''}, preferred: undefined})), 'qemu:///libvirt');
	t.is(unwrap(chooseUri({given: undefined, environment: {}, preferred: 'qemu:///preferred'})), 'qemu:///preferred');
	t.is(unwrap(chooseUri({given: undefined, environment: {}, preferred: undefined})), undefined);
});

test('hosts of other hypervisors are refused politely, aliases and remote QEMU are not', t => {
	for (const uri of ['xen:///system', 'lxc:///', 'vbox:///session', 'esx://host/?no_verify=1', 'xen+ssh://host/']) {
		t.like(checkScheme(uri), {ok: false, failure: {kind: 'usage'}});
	}

	for (const uri of ['qemu:///session', 'qemu+ssh://root@host:2222/system?keyfile=/k', 'test:///default', 'my-alias']) {
		t.true(checkScheme(uri).ok);
	}
});
