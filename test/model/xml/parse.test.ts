import test from 'ava';
import fc from 'fast-check';
import {unwrap} from '../../helpers/unwrap.ts';
import {parseAmount, parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {parseCheckpointXml} from '../../../source/model/xml/parse-checkpoint.ts';
import {redactXml} from '../../../source/model/xml/redact.ts';
import {escapeAttribute, escapeText} from '../../../source/model/xml/change-xml.ts';
import {checkpointXml, domainXml, snapshotXml} from './samples.ts';

const plain = {readonly: false, shareable: false, snapshotMode: undefined, hasMirror: false, isEncrypted: false, hasSlices: false};

test('a domain is read with its disks, memory, machine and NVRAM', t => {
	const below = {layers: [{path: '/images/web.qcow2', format: 'qcow2', isEncrypted: false}], isWhole: true};
	t.deepEqual(unwrap(parseDomainXml(domainXml)), {
		name: 'web',
		uuid: '2f2d2ab8-6a3c-4a7a-9a35-0c2a62a0b001',
		memoryBytes: 67_108_864,
		machine: 'pc-i440fx-7.2',
		arch: 'x86_64',
		nvramPath: '/var/lib/libvirt/qemu/nvram/web_VARS.fd',
		bootFiles: [{what: 'NVRAM template', path: '/usr/share/OVMF/OVMF_VARS.fd'}],
		disks: [
			{target: 'vda', device: 'disk', sourceType: 'file', sourcePath: '/images/web.s1', format: 'qcow2', ...plain, recordedChain: below, keepsOwner: true},
			{target: 'vdb', device: 'disk', sourceType: 'block', sourcePath: '/dev/vg/web', format: undefined, ...plain, hasSlices: true, isOptional: true},
			{target: 'sda', device: 'cdrom', sourceType: 'file', sourcePath: '/iso/install.iso', format: 'raw', ...plain, readonly: true, recordedChain: {layers: [], isWhole: true}},
		],
	});
});

test('encryption and slices of a disk are seen where libvirt writes them', t => {
	const disk = (inside: string, below = '') => `<disk type='file'><source file='/i/a'>${inside}</source>${below}<target dev='vda'/></disk>`;
	const encryption = '<encryption format=\'luks\'><secret type=\'passphrase\' usage=\'k\'/></encryption>';
	const disks = [
		disk(encryption),
		disk('', encryption),
		disk('<slices><slice type=\'storage\' offset=\'0\' size=\'512\'/></slices>'),
		disk('', `<backingStore type='file'><format type='qcow2'/><source file='/i/b'>${encryption}</source></backingStore>`),
	];
	const read = unwrap(parseDomainXml(`<domain><name>a</name><devices>${disks.join('')}</devices></domain>`)).disks;
	t.deepEqual(read.map(({isEncrypted, hasSlices}) => [isEncrypted, hasSlices]), [[true, false], [true, false], [false, true], [false, false]]);
});

for (const name of ['007', '1e3', 'true', '0x10', ' a b ', '😀 ☃', '$(touch x); `id`', '-x', '__proto__', 'a\nb', '<&>"\'']) {
	test(`a name stays the string that it is: ${JSON.stringify(name)}`, t => {
		t.is(unwrap(parseDomainXml(domainXml.replace('<name>web</name>', () => `<name>${escapeText(name)}</name>`))).name, name);
		t.is(unwrap(parseSnapshotXml(snapshotXml.replace('<name>s2</name>', () => `<name>${escapeText(name)}</name>`))).name, name);
		t.is(unwrap(parseDomainXml(domainXml.replace('/images/web.s1', () => escapeAttribute(name)))).disks[0]!.sourcePath, name);
	});
}

test('the firmware variables are found wherever libvirt keeps them', t => {
	const read = (os: string) => {
		const {nvramPath, hasVarstore, nvramElsewhere} = unwrap(parseDomainXml(`<domain><name>d</name><os><type>hvm</type>${os}</os></domain>`));
		return [nvramPath, hasVarstore, nvramElsewhere];
	};

	t.deepEqual(read('<nvram template="/t">/n/a.fd</nvram>'), ['/n/a.fd', undefined, undefined]);
	t.deepEqual(read('<nvram type="file"><source file="/n/a.fd"/></nvram>'), ['/n/a.fd', undefined, undefined]);
	t.deepEqual(read('<nvram type="block" format="raw"><source dev="/dev/loop0"/></nvram>'), ['/dev/loop0', undefined, 'on a block device']);
	t.deepEqual(read('<nvram type="network" format="raw"><source protocol="nbd" name="vars"><host name="h" port="1"/></source></nvram>'), [undefined, undefined, 'on the network (nbd)']);
	t.deepEqual(read('<varstore template="/t.json" path="/v/a.json"/>'), ['/v/a.json', true, undefined]);
	t.deepEqual(read(''), [undefined, undefined, undefined]);
});

test('amounts of memory are understood in each unit of libvirt', t => {
	t.is(parseAmount('64', undefined), 65_536);
	t.is(parseAmount('64', 'KiB'), 65_536);
	t.is(parseAmount('64', 'KB'), 64_000);
	t.is(parseAmount('64', 'k'), 65_536);
	t.is(parseAmount('2', 'G'), 2_147_483_648);
	t.is(parseAmount('2', 'GB'), 2_000_000_000);
	t.is(parseAmount('7', 'bytes'), 7);
	t.is(parseAmount('7', 'b'), 7);
	t.is(parseAmount('7', 'parsec'), undefined);
	t.is(parseAmount('', 'KiB'), undefined);
});

test('an inactiveDomain is a domain, too', t => {
	const {inactiveDomainXml} = unwrap(parseSnapshotXml(snapshotXml));
	t.is(unwrap(parseDomainXml(inactiveDomainXml!)).name, 'web');
});

test('a document that was cut off anywhere is not taken for a whole one', t => {
	for (let length = 0; length < snapshotXml.trimEnd().length; length += 7) {
		t.false(parseSnapshotXml(snapshotXml.slice(0, length)).ok);
		t.false(parseDomainXml(domainXml.slice(0, Math.min(length, domainXml.trimEnd().length - 1))).ok);
	}
});

test('something else than the document asked for is refused with a reason', t => {
	const result = parseDomainXml('error: failed to connect');
	t.like(result, {ok: false, failure: {kind: 'unreadable'}});
	t.false(parseSnapshotXml(domainXml).ok);
	t.false(parseDomainXml('<domain><uuid>x</uuid></domain>').ok);
});

test('a deep chain of backing stores is read', t => {
	const deep = `${'<backingStore type=\'file\'>'.repeat(300)}${'</backingStore>'.repeat(300)}`;
	t.is(unwrap(parseDomainXml(domainXml.replace('<backingStore/>', deep))).disks.length, 3);
});

test('a snapshot is read, and its stored domains are cut out byte for byte', t => {
	const snapshot = unwrap(parseSnapshotXml(snapshotXml, {isCurrent: true}));
	t.like(snapshot, {
		name: 's2',
		description: 'before the upgrade & after lunch',
		state: 'disk-snapshot',
		parent: 's1',
		createdAt: 1_795_222_800,
		isCurrent: true,
		memory: {mode: 'no'},
		disks: [{target: 'vda', mode: 'external', overlayPath: '/images/web.s2'}, {target: 'vdb', mode: 'no', overlayPath: undefined}],
		revertDisks: [{target: 'vda', mode: 'external', overlayPath: '/images/web.1795222900'}],
	});
	t.is(snapshot.domainXml, domainXml.trimEnd());
	t.true(snapshot.inactiveDomainXml!.startsWith('<inactiveDomain type=\'qemu\''));
	t.true(snapshot.inactiveDomainXml!.endsWith('</inactiveDomain>'));
	t.is(snapshot.domain!.disks[0]!.sourcePath, '/images/web.s1');
	t.is(snapshot.xml, snapshotXml);
});

test('a closing tag in a comment or in metadata does not end the stored domain early', t => {
	const tricky = domainXml.replace('<emulator>', '<!-- </domain> --><emulator>');
	const snapshot = unwrap(parseSnapshotXml(snapshotXml.replace(domainXml.trimEnd(), () => tricky.trimEnd())));
	t.is(snapshot.domainXml, tricky.trimEnd());
});

for (const [memory, state, expected] of [
	['', 'shutoff', {mode: 'no'}],
	['', 'disk-snapshot', {mode: 'no'}],
	['', 'running', {mode: 'internal'}],
	['<memory snapshot=\'internal\'/>', 'running', {mode: 'internal'}],
	['<memory snapshot=\'external\' file=\'/m/a&amp;b.mem\'/>', 'running', {mode: 'external', path: '/m/a&b.mem'}],
	['<memory file=\'/m/a.mem\'/>', 'running', {mode: 'external', path: '/m/a.mem'}],
] as const) {
	test(`memory ${memory === '' ? 'left out' : memory} with state ${state} means ${expected.mode}`, t => {
		const xml = snapshotXml.replace('<memory snapshot=\'no\'/>', memory).replace('disk-snapshot', state);
		t.deepEqual(unwrap(parseSnapshotXml(xml)).memory, expected);
	});
}

test('a very old record with nothing but a UUID has no domain', t => {
	const snapshot = unwrap(parseSnapshotXml('<domainsnapshot><name>old</name><state>shutoff</state><domain><uuid>x</uuid></domain></domainsnapshot>'));
	t.is(snapshot.domain, undefined);
	t.is(snapshot.domainXml, undefined);
});

test('a checkpoint is read with the bitmap of each disk', t => {
	t.like(unwrap(parseCheckpointXml(checkpointXml)), {
		name: 'c2',
		parent: 'c1',
		createdAt: 1_795_222_801,
		disks: [{target: 'vda', bitmap: 'c2'}, {target: 'sda', bitmap: undefined}],
	});
});

test('passwords are masked for showing, and nothing else is', t => {
	const shown = redactXml(domainXml);
	t.false(shown.includes('s3cret'));
	t.is(shown, domainXml.replace('\'s3cret&amp;\'', '"********"'));
});

test('no text makes a reader throw', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.string({unit: 'grapheme', maxLength: 60}), fc.constantFrom('<domain>', '<domainsnapshot>', '<domain><name>a</name>'), (text, start) => {
			parseDomainXml(`${start}${text}</domain>`);
			parseSnapshotXml(`${start}${text}</domainsnapshot>`);
			parseCheckpointXml(`<domaincheckpoint>${text}</domaincheckpoint>`);
		}));
	});
});
