/**
A manifest from outside: what is taken, and what leads elsewhere or is none.
*/
import test from 'ava';
import {formatManifest, parseManifest, type Manifest} from '../../../source/model/backup/manifest.ts';

const sha256 = 'a'.repeat(64);
const manifest: Manifest = {
	format: 'vsnap-tui-backup',
	version: 1,
	point: '20261128-063000',
	createdAt: '2026-11-28T06:30:00.000Z',
	parent: '20261127-063000',
	since: 'c1',
	checkpoint: 'c2',
	consistency: 'crash-consistent',
	description: null,
	domain: {name: 'web', uuid: '3b2bb9a2-4b3f-4f2f-8d1e-0d5d8a3c9b11', definition: '<domain/>'},
	disks: [{disk: 'vda', kind: 'incremental', file: '20261128-063000.vda.qcow2', virtualSizeBytes: 1024, backing: '20261127-063000.vda.qcow2', sizeBytes: 512, sha256}],
	extras: [{kind: 'nvram', file: '20261128-063000.nvram', path: '/var/lib/libvirt/qemu/nvram/web.fd', sizeBytes: 5, sha256, owner: {uid: 64_055, gid: 64_055, mode: 0o600}}],
};
const name = '20261128-063000.json';
const [disk] = manifest.disks as [Manifest['disks'][number]];
const [extra] = manifest.extras as [Manifest['extras'][number]];

test('what is written is read again', t => {
	t.deepEqual(parseManifest(formatManifest(manifest), name), {ok: true, value: manifest});
});

const withDisk = (change: Record<string, unknown>) => ({disks: [{...disk, ...change}]});

const hostile: Record<string, Record<string, unknown>> = {
	'a file above the folder': withDisk({file: '../20261128-063000.vda.qcow2'}),
	'a file of another point': withDisk({file: '20261127-063000.vda.qcow2'}),
	'a file with an absolute path': withDisk({file: '/etc/passwd'}),
	'a file with a NUL': withDisk({file: '20261128-063000.\0'}),
	'a name longer than one can be': withDisk({file: `20261128-063000.${'x'.repeat(300)}`}),
	'a manifest as a disk': withDisk({file: '20261128-063000.vda.json'}),
	'a backing file above the folder': withDisk({backing: '../base.qcow2'}),
	'a backing file with an absolute path': withDisk({backing: '/dev/sda'}),
	'a backing file that is a list': withDisk({backing: ['20261127-063000.vda.qcow2']}),
	'a backing file that is the folder above': withDisk({backing: '..'}),
	'a full disk with a backing file': withDisk({kind: 'full'}),
	'an incremental disk without one': withDisk({backing: null}),
	'a kind of disk that is none': withDisk({kind: 'partial'}),
	'a disk whose name is a path': withDisk({disk: '../vda'}),
	'a size below zero': withDisk({sizeBytes: -1}),
	'a size beyond all numbers': withDisk({virtualSizeBytes: 1e300}),
	'a size that is text': withDisk({sizeBytes: '512'}),
	'a checksum that is none': withDisk({sha256: 'b'}),
	'a disk without a checksum': withDisk({sha256: undefined}),
	'one disk twice': {disks: [disk, {...disk, file: '20261128-063000.x'}]},
	'one file twice': {disks: [disk, {...disk, disk: 'vdb'}]},
	'an extra of another point': {extras: [{...extra, file: 'nvram'}]},
	'an owner that is no number': {extras: [{...extra, owner: {uid: 'root', gid: 0, mode: 0o600}}]},
	'an owner that is null': {extras: [{...extra, owner: null}]},
	'a mode that lets a file run': {extras: [{...extra, owner: {uid: 0, gid: 0, mode: 0o4755}}]},
	'an extra of no kind': {extras: [{...extra, kind: 'passwd'}]},
	'disks that are no list': {disks: {}},
	'disks that hold null': {disks: [null]},
	'another point than its name': {point: '20261127-063000'},
	'a point that is a path': {point: '../x'},
	'a parent that is a number': {parent: 5},
	'a UUID that is a path': {domain: {...manifest.domain, uuid: '../../etc'}},
	'a domain without a definition': {domain: {name: 'web', uuid: manifest.domain.uuid}},
	'a time that is none': {createdAt: 'yesterday'},
	'a consistency that is none': {consistency: 'good'},
	'another version': {version: 2},
	'a version that no text can be made of': {version: {toString: 1, valueOf: null}},
	'another format': {format: 'tar'},
};

for (const [title, change] of Object.entries(hostile)) {
	test(`refused: ${title}`, t => {
		const parsed = parseManifest(JSON.stringify({...manifest, ...change}), name);
		t.false(parsed.ok);
		t.is(!parsed.ok && parsed.failure.kind, 'unreadable');
	});
}

for (const text of ['', 'null', '[]', '5', '"x"', '{', '{"format":"vsnap-tui-backup"}', '{"format":"vsnap-tui-backup","version":1}', '['.repeat(100_000)]) {
	test(`refused: ${text.slice(0, 60)}`, t => {
		t.false(parseManifest(text, name).ok);
	});
}
