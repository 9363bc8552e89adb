import test from 'ava';
import {
	headDisks, type Disk, type Domain, type DomainDefinition, type SnapshotMode,
} from '../../../source/model/domain/domain.ts';
import {formatsOfDomain, pinsOfDomain, topsOfDomain} from '../../../source/model/images/pins.ts';
import type {Snapshot} from '../../../source/model/domain/snapshot.ts';

function disk(target: string, sourcePath: string | undefined, more: Partial<Disk> = {}): Disk {
	return {
		target, device: 'disk', sourceType: 'file', sourcePath, format: 'qcow2', readonly: false, shareable: false, snapshotMode: undefined, hasMirror: false, isEncrypted: false, hasSlices: false,
		...more,
	};
}

function definition(disks: Disk[], nvramPath?: string): DomainDefinition {
	return {name: 'web', uuid: 'u', disks, memoryBytes: 0, machine: undefined, arch: undefined, nvramPath};
}

function domain(inactive: DomainDefinition, liveDefinition?: DomainDefinition): Domain {
	return {uuid: 'u', name: 'web', state: 'running', isPersistent: true, hasManagedSave: false, definition: inactive, liveDefinition};
}

function snapshot(name: string, disks: Array<[string, string, SnapshotMode]>, more: Partial<Snapshot> = {}): Snapshot {
	return {
		name,
		description: undefined,
		state: 'shutoff',
		parent: undefined,
		createdAt: 0,
		isCurrent: false,
		memory: {mode: 'no'},
		disks: disks.map(([target, , mode]) => ({target, mode, overlayPath: `/i/${target}.${name}`})),
		revertDisks: [],
		domain: definition(disks.map(([target, path]) => disk(target, path))),
		domainXml: '<domain/>',
		inactiveDomainXml: undefined,
		xml: '',
		...more,
	};
}

const brief = (pins: ReturnType<typeof pinsOfDomain>) => pins.map(pin => `${pin.hold} ${pin.path} (${pin.label})`);

test('a domain holds its heads, live and for the next start, each once', t => {
	t.deepEqual(brief(pinsOfDomain(domain(definition([disk('vda', '/i/a'), disk('vdb', '/i/pending')]), definition([disk('vda', '/i/a'), disk('vdb', '/i/b')])), [])), [
		'head /i/a (head of web)',
		'head /i/b (head of web)',
		'head /i/pending (head of web)',
	]);
});

test('a disk that was plugged into the running domain alone is a head, is held, and has a format', t => {
	const plugged = domain(definition([disk('vda', '/i/a')]), definition([disk('vda', '/i/a'), disk('vdc', '/i/plugged', {format: undefined})]));
	t.deepEqual(headDisks(plugged).map(({sourcePath}) => sourcePath), ['/i/a', '/i/plugged']);
	t.deepEqual(brief(pinsOfDomain(plugged, [])), ['head /i/a (head of web)', 'head /i/plugged (head of web)']);
	t.is(formatsOfDomain(plugged, []).get('/i/plugged'), 'raw');
});

test('what a domain only reads is held as content; empty drives and network disks hold nothing', t => {
	const disks = [disk('sda', '/iso/x', {device: 'cdrom', readonly: true}), disk('vdc', '/i/ro', {readonly: true}), disk('sdb', undefined, {device: 'cdrom'}), disk('vdd', 'pool/volume')];
	t.deepEqual(brief(pinsOfDomain(domain(definition(disks)), [])), ['content /iso/x (medium of web)', 'content /i/ro (medium of web)']);
});

test('of a transient disk the overlay alone is written to; the image that stays is read, running and off', t => {
	const off = definition([disk('vda', '/i/a', {transient: {overlayPath: undefined}})]);
	t.deepEqual(brief(pinsOfDomain(domain(off), [])), ['content /i/a (transient disk of web)']);
	t.deepEqual(brief(pinsOfDomain(domain(off, definition([disk('vda', '/i/a', {transient: {overlayPath: '/i/a.TRANSIENT-web'}})])), [])), [
		'head /i/a.TRANSIENT-web (transient overlay of web)', 'content /i/a (transient disk of web)',
	]);
});

test('an external snapshot holds what it froze, not its overlay, and its memory file', t => {
	const s1 = snapshot('s1', [['vda', '/i/base', 'external'], ['vdb', '/i/left-out', 'no'], ['vdc', '/i/by-hand', 'manual']], {memory: {mode: 'external', path: '/m/s1'}});
	t.deepEqual(brief(pinsOfDomain(domain(definition([])), [s1])), [
		'content /i/base (snapshot s1 of web)',
		'content /i/by-hand (snapshot s1 of web)',
		'content /m/s1 (memory of s1 of web)',
	]);
});

test('an internal snapshot needs its file to be there, and lets it be written', t => {
	t.deepEqual(brief(pinsOfDomain(domain(definition([])), [snapshot('i1', [['vda', '/i/base', 'internal']])])), ['existence /i/base (snapshot i1 of web)']);
});

test('NVRAM is held', t => {
	t.deepEqual(brief(pinsOfDomain(domain(definition([], '/nvram/web')), [])), ['existence /nvram/web (NVRAM of web)']);
});

test('a record without a domain holds nothing that anybody could name', t => {
	t.deepEqual(pinsOfDomain(domain(definition([])), [snapshot('old', [['vda', '/i/base', 'external']], {domain: undefined})]), []);
});

test('formats come from the records, and a disk without one is raw', t => {
	const formats = formatsOfDomain(domain(definition([disk('vda', '/i/a'), disk('vdb', '/dev/b', {format: undefined, sourceType: 'block'})])), [snapshot('s1', [['vda', '/i/base', 'external']])]);
	t.deepEqual([...formats], [['/i/a', 'qcow2'], ['/dev/b', 'raw'], ['/i/base', 'qcow2']]);
});

test('the heads and what the leaves froze are the tops, but not what the current snapshot froze: a head is on it', t => {
	const chain = [snapshot('s1', [['vda', '/i/base', 'external']]), snapshot('s2', [['vda', '/i/vda.s1', 'external']], {parent: 's1'}), snapshot('s3', [['vda', '/i/vda.s2', 'external']], {parent: 's2'})];
	t.deepEqual(topsOfDomain(domain(definition([disk('vda', '/i/vda.s3')])), chain, 's3'), new Set(['/i/vda.s3']));
	t.deepEqual(topsOfDomain(domain(definition([disk('vda', '/i/new')]), definition([disk('vda', '/i/live')])), chain, 's2'), new Set(['/i/live', '/i/new', '/i/vda.s2']));
});
