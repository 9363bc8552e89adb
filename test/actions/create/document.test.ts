/** A <domainsnapshot> that a person gives: what it asks for, and what is wrong in it. */
import test from 'ava';
import {readSnapshotDocument, parseSnapshotDocument} from '../../../source/actions/create/document.ts';
import {specOf} from '../../../source/actions/registry.ts';
import type {DomainDetails} from '../../../source/model/domain/inventory.ts';

function request(xml: string) {
	const read = parseSnapshotDocument(xml);
	return read.ok ? read.value : read.failure;
}

function message(inner: string): string {
	const read = parseSnapshotDocument(`<domainsnapshot>${inner}</domainsnapshot>`);
	return read.ok || read.failure.kind !== 'usage' ? '' : `${read.failure.message} ${read.failure.hint ?? ''}`;
}

test('name, description, memory and disks are read, with every character of the name', t => {
	t.deepEqual(request(`<?xml version='1.0'?>
<domainsnapshot>
  <name> 007 &amp; é</name>
  <description>before
the change</description>
  <memory file='/m/x.mem'/>
  <disks>
    <disk name='vda' snapshot='external'><driver type='qcow2'/><source file='/d/a &lt;b'/></disk>
    <disk name='vdb' snapshot='no'/>
    <disk name='/d/vdc.qcow2'><source file='/d/c'/></disk>
    <disk name='vdd'/>
    <disk name='vde' snapshot='manual'/>
  </disks>
</domainsnapshot>`), {
		name: ' 007 & é',
		description: 'before\nthe change',
		memory: {mode: 'external', path: '/m/x.mem'},
		disks: [
			{target: 'vda', mode: 'external', path: '/d/a <b'},
			{target: 'vdb', mode: 'no'},
			{target: '/d/vdc.qcow2', mode: 'external', path: '/d/c'},
			{target: 'vdd', mode: undefined},
			{target: 'vde', mode: 'manual'},
		],
		branch: undefined,
	});
});

test('an empty document asks for everything by default, and what libvirt ignores is ignored', t => {
	const empty = {name: undefined, description: undefined, memory: undefined, disks: [], branch: undefined};
	t.deepEqual(request('<domainsnapshot></domainsnapshot>'), empty);
	t.deepEqual(request('<domainsnapshot><name/><state>running</state><parent><name>p</name></parent><unknown/><domain><name>x</name></domain></domainsnapshot>'), empty);
});

test('what is no word of libvirt is refused with the words that are', t => {
	t.regex(message('<disks><disk name="vda" snapshot="default"/></disks>'), /vda.*"default".*no, internal, external, manual/);
	t.regex(message('<memory snapshot="manual"/>'), /"manual".*no, internal, external/);
	t.regex(message('<memory snapshot="internal" file="/m"/>'), /internal/);
	t.regex(message('<disks><disk snapshot="no"/></disks>'), /no name/);
	t.regex(message('<disks><disk name="vda"><driver type="qed"/></disk></disks>'), /qed.*qcow2/);
	t.regex(message('<disks><disk name="vda" type="network"><source protocol="rbd" name="p/i"/></disk></disks>'), /type "network"/);
	t.regex(message('<branch/>'), /empty/);
});

test('another document, or one that is cut off, is refused as wrong usage', t => {
	t.like(request('<domain/>'), {kind: 'usage'});
	t.like(request('<domainsnapshot><name>x</name>'), {kind: 'usage'});
	t.like(request(''), {kind: 'usage'});
});

function branch(xml: string, known: string[]) {
	const given = readSnapshotDocument(xml, {kind: 'create'}, new Set(known));
	if (!given.ok) {
		throw new Error('no branch');
	}

	const details = {domain: {state: 'shutoff'}, snapshots: known.map(name => ({name})), unreadable: [], unreadableOthers: []} as unknown as DomainDetails;
	return specOf(given.value).complete(given.value, 'u', {details, nowMs: 0}).request;
}

test('<branch> makes it a branch from the snapshot that it names, which loses nothing', t => {
	t.deepEqual(branch('<domainsnapshot><name>b1</name><branch>s1</branch></domainsnapshot>', ['s1', 's2']), {
		kind: 'branch', uuid: 'u', snapshot: 's1', name: 'b1', currentState: {kind: 'keep', name: 'before-b1'}, endState: 'shutoff',
	});
	t.like(branch('<domainsnapshot><branch>s1</branch></domainsnapshot>', ['s1']), {snapshot: 's1', name: 's1-branch'});
});

test('where only the name is that of a snapshot, <branch> is what the new line is called', t => {
	t.like(branch('<domainsnapshot><name>s1</name><branch>b1</branch></domainsnapshot>', ['s1', 's2']), {snapshot: 's1', name: 'b1'});
	t.like(branch('<domainsnapshot><name>new</name><branch>gone</branch></domainsnapshot>', ['s1']), {snapshot: 'gone', name: 'new'});
});

test('a document that is no XML is refused with its line and what is wrong there', t => {
	const messageOf = (xml: string) => {
		const read = request(xml);
		return 'message' in read ? read.message : JSON.stringify(read);
	};

	t.regex(messageOf('<domainsnapshot>\n <name>two</nam>\n</domainsnapshot>'), /line 2: .*'name'/);
	t.regex(messageOf('<domainsnapshot><disks>\n<disk name="vda">\n</disks></domainsnapshot>'), /line \d: .*'disk'/);
	t.regex(messageOf(' '.repeat(60)), /empty/);
});

test('an empty document that says all by itself is taken, and what would be lost of a disk is refused by name', t => {
	t.deepEqual(parseSnapshotDocument('<domainsnapshot/>'), parseSnapshotDocument('<domainsnapshot></domainsnapshot>'));
	const disk = (inner: string) => parseSnapshotDocument(`<domainsnapshot><disks><disk name='vda' snapshot='external'>${inner}</disk></disks></domainsnapshot>`);
	for (const [inner, name] of [
		['<source file="/x"><seclabel model="dac" relabel="no"/></source>', /<seclabel>/],
		['<driver type="qcow2"><metadata_cache/></driver>', /<metadata_cache>/],
		['<driver type="qcow2" cache="none"/>', /"cache" of <driver>/],
	] as const) {
		const read = disk(inner);
		t.regex(read.ok || read.failure.kind !== 'usage' ? '' : read.failure.message, name);
	}
});

test('what virsh refuses as malformed is refused with its line, and nothing is silently read otherwise', t => {
	const refused: Array<[string, RegExp]> = [
		['<name>a&#1;b</name>', /line 1: &#1;, which XML does not know/],
		['\n<name>a&nbsp;b</name>', /line 2: &nbsp;, which XML does not know/],
		['<name>a\u0001b</name>', /line 1: a character that XML does not allow/],
		['<name>a\uFFFDb</name>', /line 1: bytes that are not UTF-8/],
		['<disks><disk name="vda" type="foo"/></disks>', /type "foo"/],
		['<disks><disk name="vda" type="block"/></disks>', /a block device without a name/],
		['<disks><disk name="vda"><driver name="tap"/></disk></disks>', /driver "tap"/],
	];
	for (const [inner, expected] of refused) {
		t.regex(message(inner), expected, inner);
	}

	t.like(request('<!DOCTYPE domainsnapshot [<!ENTITY n "a">]><domainsnapshot><name>&n;</name></domainsnapshot>'), {message: 'The <domainsnapshot>: line 1: a DOCTYPE, which is not read.'});
	t.like(request('<d:domainsnapshot xmlns:d="urn:x"><d:name>a</d:name></d:domainsnapshot>'), {message: 'The <domainsnapshot>: its elements have a prefix, which is not read.'});
	t.like(request('<?xml version="1.0" encoding="ISO-8859-1"?><domainsnapshot><name>\u00E9</name></domainsnapshot>'), {message: 'The <domainsnapshot>: line 1: the encoding ISO-8859-1, and only UTF-8 is read.'});
});

test('what virsh takes is taken: an empty source, the driver of QEMU, references in comments and CDATA, another encoding of plain text', t => {
	t.like(request('<domainsnapshot><disks><disk name="vda" snapshot="external"><driver name="qemu" type="qcow2"/><source/></disk></disks></domainsnapshot>'), {disks: [{target: 'vda', mode: 'external'}]});
	t.like(request('<?xml version="1.0" encoding="ISO-8859-1"?><!-- &x; --><domainsnapshot><name><![CDATA[a&y;b]]></name></domainsnapshot>'), {name: 'a&y;b'});
	t.like(request('<domainsnapshot><disks><disk name="vda" type="block"><source dev="/dev/x"/></disk></disks></domainsnapshot>'), {disks: [{target: 'vda', mode: 'external', path: '/dev/x', isDevice: true}]});
});
