import test from 'ava';
import type {FindingKind} from '../../../source/model/domain/finding.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {unknownImage} from '../../../source/tools/files/qemu-img.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';
import {findingsOf, domainCheck, seriousKinds} from '../../helpers/domain-check.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {diagnoseDetails} from '../../../source/engine/doctor/diagnose-details.ts';

/** One disk: s1 → s2, the head on the overlay of s2. */
function twoSnapshots(more: Partial<Scene> = {}): Inventory {
	return inventory({
		heads: {vda: '/d/vda.s2'},
		current: 's2',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1')],
		...more,
	});
}

function at(modifiedAt: number, path: string, backing?: string): Image {
	const made = image(path, backing);
	return {...made, file: {...made.file!, modifiedAt: `${modifiedAt}.5`}};
}

const s1At = 1_790_000_000;
const newer = 9_009_000;

test('a chain as libvirt makes it gives nothing, on old and new versions', t => {
	t.deepEqual(findingsOf(threeSnapshots()), []);
	t.deepEqual(findingsOf(threeSnapshots({libvirtVersion: newer})), []);
});

test('a lost backing file is one finding, whoever needs it, and the file of its name that fits is offered', t => {
	const lost = unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing'});
	const broken = image('/d/vda.s1', '/d/vda.qcow2', {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}]});
	const scene = twoSnapshots({images: [broken, image('/d/vda.s2', '/d/vda.s1'), lost]});
	const found = findingsOf(scene, {surroundings: {found: new Map([['/d/vda.qcow2', [image('/e/vda.qcow2')]]])}});
	const [finding, ...more] = found.filter(({kind}) => kind === 'backing-missing' || kind === 'image-missing');
	t.is(more.length, 0);
	t.deepEqual(finding?.request, {
		kind: 'rebase', uuid, links: [{path: '/d/vda.s1', backingPath: '/e/vda.qcow2', backingFormat: 'qcow2'}], moved: [{from: '/d/vda.qcow2', to: '/e/vda.qcow2'}],
	});
	t.deepEqual(seriousKinds(found), ['backing-missing']);
	t.regex(finding!.meaning, /^"s1", "s2" cannot be reverted to\. /);
});

const doubtful: Array<[string, Image[], Partial<Scene>?]> = [
	['of another size', [image('/e/vda.qcow2', undefined, {virtualSizeBytes: 2048})]],
	['written to after the snapshot', [at(s1At + 3600, '/e/vda.qcow2')]],
	['that is one of two', [image('/e/vda.qcow2'), image('/f/vda.qcow2')]],
	['that stands on the broken overlay itself', [image('/e/vda.qcow2', '/d/vda.s1')]],
	['that another domain needs', [image('/e/vda.qcow2')], {
		foreignPins: [{path: '/e/vda.qcow2', hold: 'content', domainUuid: 'other', label: 'snapshot s1 of db', snapshot: 's1', target: 'vda'}],
	}],
];
for (const [what, candidates, more] of doubtful) {
	test(`a file of the lost one's name is not offered: one ${what}`, t => {
		const lost = unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing'});
		const broken = image('/d/vda.s1', '/d/vda.qcow2', {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}]});
		const scene = twoSnapshots({images: [broken, image('/d/vda.s2', '/d/vda.s1'), lost, ...candidates], ...more});
		const finding = findingsOf(scene, {surroundings: {found: new Map([['/d/vda.qcow2', candidates]])}}).find(({kind}) => kind === 'backing-missing');
		t.is(finding?.request, undefined);
		t.truthy(finding?.remedy);
	});
}

/** s1 → s2, and the lowest image is not there. */
function withoutBase(more: Partial<Scene> = {}, absentFolder?: string): Inventory {
	const lost = unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing', ...(absentFolder !== undefined && {absentFolder})});
	const broken = image('/d/vda.s1', '/d/vda.qcow2', {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}]});
	return twoSnapshots({images: [broken, image('/d/vda.s2', '/d/vda.s1'), lost], ...more});
}

test('what is missing has one answer for each cause: open in QEMU, its folder gone, renamed, or really missing', t => {
	const told = (scene: Inventory, more: Parameters<typeof findingsOf>[1] = {}) => findingsOf(scene, more).filter(({kind}) => kind === 'backing-missing' || kind === 'image-missing');
	const backup = /backup/;
	const [base] = told(withoutBase({state: 'running'}));
	t.regex(base!.text, /running QEMU still has it open \(vda\)/);
	t.regex(base!.remedy!, /Do not shut the domain down\..*cp --sparse=always "\$\(find \/proc\/\[0-9]\*\/fd -lname '\/d\/vda\.qcow2 \(deleted\)' \| head -n 1\)" \/d\/vda\.qcow2/);
	t.notRegex(base!.remedy!, backup);
	const [head] = told(inventory({heads: {vda: '/d/a'}, snapshots: [], state: 'running', images: [unknownImage('/d/a', 'qcow2', {kind: 'missing'})]}));
	t.regex(head!.remedy!, /virsh blockcopy web vda \/d\/a\.saved --format qcow2 --wait --verbose --pivot --transient-job/);
	t.notRegex(head!.remedy!, backup);
	const [folder] = told(withoutBase({}, '/d'));
	t.regex(folder!.text, /there is no folder \/d\./);
	t.notRegex(folder!.remedy!, backup);
	const [renamed] = told(withoutBase(), {surroundings: {others: [image('/d/old.qcow2')]}});
	t.regex(renamed!.remedy!, /mv -n -- \/d\/old\.qcow2 \/d\/vda\.qcow2/);
	t.regex(told(withoutBase())[0]!.remedy!, backup);
	t.regex(told(withoutBase(), {surroundings: {others: [image('/d/old.qcow2', undefined, {virtualSizeBytes: 1})]}})[0]!.remedy!, backup);
});

test('a refusal for a missing image has the same answers, once for each cause', t => {
	const refusals = (scene: Inventory) => {
		const planned = planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's2', currentState: {kind: 'discard'}, endState: undefined}, scene, {id: 'p1', now, workPath: '/w'});
		return planned.ok || planned.failure.kind !== 'refused' ? [] : planned.failure.blockers.filter(({text}) => text.includes('/d/vda.qcow2')).map(({text, remedy}) => `${text} ${remedy!}`);
	};

	const cases: Array<[Inventory, RegExp]> = [
		[withoutBase({state: 'running'}), /still has it open .*Do not shut the domain down/], [withoutBase({}, '/d'), /no folder \/d\. Mount/], [withoutBase(), /vsnap-tui doctor web looks for it/],
	];
	for (const [scene, expected] of cases) {
		const found = refusals(scene);
		t.is(found.length, 1, found.join('\n'));
		t.regex(found[0]!, expected);
	}
});

test('below an image that does not open nothing is judged: no merge by hand, no wrong current snapshot, no broken checkpoint, no leftovers', t => {
	const damaged = image('/d/vda.s2', undefined, {problems: [{kind: 'unreadable', reason: 'Image is corrupt'}]});
	const scene = twoSnapshots({
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), damaged],
		checkpoints: [{name: 'c1', description: undefined, parent: undefined, createdAt: 1, disks: [{target: 'vda', bitmap: 'c1'}], xml: ''}],
	});
	t.deepEqual(seriousKinds(findingsOf(scene)), ['image-unreadable']);
});

test('an unrecorded format is mended by what the records say, and left to the person where they are silent', t => {
	const problems: Image['problems'] = [{kind: 'backing-format-not-recorded'}];
	const images = [image('/d/base', undefined), image('/d/vda.qcow2', '/d/base', {problems}), image('/d/vda.s1', '/d/vda.qcow2', {problems}), image('/d/vda.s2', '/d/vda.s1')];
	const found = findingsOf(twoSnapshots({images})).filter(({kind}) => kind === 'backing-format');
	t.deepEqual(new Map(found.map(({images, request}) => [images?.[0], request?.kind])), new Map([['/d/vda.s1', 'rebase'], ['/d/vda.qcow2', undefined]]));
});

test('an overlay beside what it is named after has no record; one on a template, or on what another domain needs, needs none', t => {
	const kindsOf = (base: string, more: Partial<Scene> = {}) => findingsOf(inventory({
		heads: {vda: '/d/vda.night'}, current: undefined, snapshots: [], images: [image(base), image('/d/vda.night', base)], ...more,
	})).map(({kind}) => kind);
	t.deepEqual(kindsOf('/d/vda.qcow2'), ['unrecorded-layer']);
	t.deepEqual(kindsOf('/templates/debian.qcow2'), []);
	t.deepEqual(kindsOf('/d/vda.qcow2', {foreignPins: [{path: '/d/vda.qcow2', hold: 'content', domainUuid: 'other', label: 'snapshot s1 of db', snapshot: 's1', target: 'vda'}]}), []);
});

test('an overlay of any name on what was a disk of the domain before has no record; one of another name on another image of the folder may be a clone', t => {
	const ofAnyName = findingsOf(twoSnapshots({
		heads: {vda: '/d/backup-tmp'},
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1'), image('/d/backup-tmp', '/d/vda.s2')],
	})).filter(({kind}) => kind === 'unrecorded-layer');
	t.deepEqual(ofAnyName.map(({severity, request, otherWay}) => [severity, request?.kind, otherWay?.request.kind]), [['warning', 'repair-records', 'fold']]);
	const clone = (more: Partial<Scene> = {}, mode = 0o600) => findingsOf(inventory({
		heads: {vda: '/d/web'}, current: undefined, snapshots: [], images: [image('/d/debian', undefined, {file: {...image('/d/debian').file!, mode}}), image('/d/web', '/d/debian')], ...more,
	})).filter(({kind}) => kind === 'unrecorded-layer');
	t.deepEqual(clone().map(({severity, request, otherWay}) => [severity, request, otherWay]), [['info', undefined, undefined]]);
	t.regex(clone()[0]!.remedy!, /virsh blockcommit web vda --shallow --active --pivot/);
	t.deepEqual(clone({}, 0o444), []);
});

test('an internal snapshot in an image that a snapshot froze is found too', t => {
	const scene = twoSnapshots({images: [image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'clean', memoryBytes: 0}, {tag: 's2', memoryBytes: 0}]}), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.s1')]});
	const [finding, ...others] = findingsOf(scene).filter(({kind}) => kind === 'unrecorded-tag');
	t.deepEqual(others, []);
	t.regex(finding!.text, /"clean" \(vda\), "s2" \(vda, beside another snapshot of that name\)/);
});

test('memory inside the images is offered for a record where every disk holds it; else it is told why not', t => {
	const tagged = (memoryBytes: number) => ({internalSnapshots: [{tag: 'hmp', memoryBytes}]});
	const found = (ofVdb: Partial<Image>) => findingsOf(inventory({
		state: 'running', heads: {vda: '/d/vda', vdb: '/d/vdb'}, snapshots: [], images: [image('/d/vda', undefined, tagged(1000)), image('/d/vdb', undefined, ofVdb)],
	})).map(({text, request}) => [text, request?.kind]);
	t.deepEqual(found(tagged(0)), [['Only the images hold the internal snapshot "hmp" (vda, vdb, with memory).', 'repair-records']]);
	t.deepEqual(found({}), [['Only the images hold the internal snapshot "hmp" (vda, with memory, and not on every disk).', undefined]]);
});

test('two domains that write to one image are a problem, unless both share the disk', t => {
	const other = {path: '/d/vda.s2', hold: 'head', domainUuid: 'other', label: 'head of db', snapshot: undefined, target: 'vda', isIdle: true} as const;
	const found = findingsOf(twoSnapshots({foreignPins: [other]})).filter(({kind}) => kind === 'two-writers');
	t.deepEqual(found.map(({severity}) => severity), ['problem']);
	t.regex(found[0]!.text, /head of web, head of db/);
	const shared = twoSnapshots({foreignPins: [{...other, isShared: true}]});
	shared.details.domain.definition.disks[0]!.shareable = true;
	t.deepEqual(findingsOf(shared).filter(({kind}) => kind === 'two-writers'), []);
});

test('a disk that the current snapshot left out, on an overlay of what a kept state froze, does not make the kept state current', t => {
	const scene = inventory({
		heads: {vda: '/d/vda.new', vdb: '/d/vdb.new'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.new'}, modes: {vdb: 'no'}},
			{name: 'k1', parent: 's1', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'}, overlays: {}},
		],
		images: [
			image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.new', '/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/vdb.new', '/d/vdb.qcow2'),
		],
	});
	t.deepEqual(findingsOf(scene).filter(({kind}) => kind === 'current-record'), []);
});

test('snapshots of different disks: the later one is where the domain comes from, whatever the record says', t => {
	const scene = (current: string) => inventory({
		heads: {vda: '/d/vda.s1', vdb: '/d/vdb.s2'},
		current,
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, overlays: {vda: '/d/vda.s1'}, modes: {vdb: 'no'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'}, overlays: {vdb: '/d/vdb.s2'}, modes: {vda: 'no'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/vdb.s2', '/d/vdb.qcow2')],
	});
	t.deepEqual(findingsOf(scene('s2')).filter(({kind}) => kind === 'current-record'), []);
	t.regex(findingsOf(scene('s1')).find(({kind}) => kind === 'current-record')!.text, /"s2"/);
});

test('a recorded time that cannot be true says nothing of when an image was frozen', t => {
	const written = [at(s1At + 3600, '/d/vda.qcow2'), at(s1At + 3600, '/d/vda.s1', '/d/vda.qcow2'), at(s1At + 90_000, '/d/vda.s2', '/d/vda.s1')];
	const found = (times: Record<string, number>) => {
		const scene = twoSnapshots({images: written});
		scene.details.snapshots = scene.details.snapshots.map(snapshot => ({...snapshot, createdAt: times[snapshot.name]!}));
		return findingsOf(scene).filter(({kind}) => kind === 'base-changed').flatMap(({images}) => images![0]!).sort();
	};

	t.deepEqual(found({s1: s1At, s2: s1At + 1}), ['/d/vda.qcow2', '/d/vda.s1']);
	t.deepEqual(found({s1: Date.UTC(2000, 0, 1) / 1000, s2: s1At + 3600}), [], 'a clock that began anew');
	t.deepEqual(found({s1: s1At + 7200, s2: s1At}), [], 'younger than its child: either may be wrong');
});

test('an image that was merged into by hand is told once, as a state that is gone, and not as one that may have changed', t => {
	const merged = twoSnapshots({images: [at(s1At + 3600, '/d/vda.qcow2'), at(s1At + 7200, '/d/vda.s2', '/d/vda.qcow2'), unknownImage('/d/vda.s1', 'qcow2', {kind: 'missing'})]});
	const found = findingsOf(merged).filter(({images, text}) => images?.[0] === '/d/vda.qcow2' || text.includes('/d/vda.qcow2 was'));
	t.deepEqual(found.map(({kind}) => kind), ['not-revertible']);
	t.regex(found[0]!.text, /^"s1" cannot be reverted to: .*the state of the snapshot is gone/);
});

test('snapshots that cannot be reverted to for one reason are one finding', t => {
	const scene = twoSnapshots();
	for (const {domain} of scene.details.snapshots) {
		domain!.bootFiles = [{what: 'kernel', path: '/boot/gone'}];
	}

	scene.details.missing = {files: new Set(['/boot/gone']), secrets: new Set(), valueless: new Set()};
	const [finding, ...others] = findingsOf(scene).filter(({kind}) => kind === 'not-revertible');
	t.deepEqual(others, []);
	t.regex(finding!.text, /^"s1", "s2" cannot be reverted to: .*\/boot\/gone/);
	t.is(finding!.meaning, 'Their state cannot be restored.');
});

const scenes: Array<[string, Inventory, FindingKind[]]> = [
	['an image frozen by s1 and written to an hour later', twoSnapshots({images: [at(s1At + 3600, '/d/vda.qcow2'), at(s1At + 7200, '/d/vda.s1', '/d/vda.qcow2'), at(s1At + 90_000, '/d/vda.s2', '/d/vda.s1')]}), ['base-changed']],
	['an image written to within moments of the snapshot', twoSnapshots({images: [at(s1At + 60, '/d/vda.qcow2'), at(s1At + 61, '/d/vda.s1', '/d/vda.qcow2'), at(s1At + 90_000, '/d/vda.s2', '/d/vda.s1')]}), []],
	['a template that is younger than what stands on it', inventory({heads: {vda: '/d/clone'}, snapshots: [], images: [at(5000, '/d/clone', '/d/template'), at(9000, '/d/template')]}), ['base-changed']],
	['a domain that writes to a frozen image', twoSnapshots({heads: {vda: '/d/vda.s1'}, current: 's1'}), ['frozen-written']],
	['another domain that writes to the base', twoSnapshots({
		foreignPins: [{path: '/d/vda.qcow2', hold: 'head', domainUuid: 'other', label: 'head of db', snapshot: undefined, target: 'vda'}],
	}), ['frozen-written']],
	['two snapshots on one image', twoSnapshots({
		current: 's2',
		heads: {vda: '/d/vda.s2'},
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s2', '/d/vda.qcow2')],
	}), ['shared-frozen']],
	['external snapshots and none of them current', (() => {
		const {details, ...rest} = twoSnapshots();
		return {...rest, details: {...details, currentSnapshot: undefined}};
	})(), ['current-record']],
	['a current snapshot that the disks do not come from, before 9.9', twoSnapshots({current: 's1'}), ['current-record']],
	['a current snapshot that the disks do not come from, since 9.9', twoSnapshots({current: 's1', libvirtVersion: newer}), ['current-record', 'native-revert']],
	['a record with children that names an old overlay, before 9.9', inventory({
		heads: {vda: '/d/vda.new'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.new', '/d/vda.qcow2')],
	}), []],
	['the same since 9.9: libvirt would unlink what s2 keeps (R1)', inventory({
		heads: {vda: '/d/vda.new'},
		current: 's1',
		libvirtVersion: newer,
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.new', '/d/vda.qcow2')],
	}), ['native-revert', 'current-record']],
	['a parent without a record', twoSnapshots({
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 'gone', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
	}), ['parent-missing']],
];
for (const [what, scene, kinds] of scenes) {
	test(`the doctor sees ${what}`, t => {
		t.deepEqual(seriousKinds(findingsOf(scene)), kinds);
	});
}

function deep(count: number, libvirtVersion: number): Inventory {
	const name = (index: number) => `/d/vda.${index}`;
	return inventory({
		heads: {vda: name(count)}, snapshots: [], libvirtVersion, images: Array.from({length: count}, (_, index) => image(name(index + 1), index === 0 ? undefined : name(index))),
	});
}

for (const [count, version, severity] of [[25, 10_008_000, undefined], [26, 10_008_000, 'problem'], [26, 11_011_000, undefined], [30, 9_000_000, undefined], [31, 9_000_000, 'warning'], [201, 9_000_000, 'problem']] as const) {
	test(`a chain of ${count} images on libvirt ${version}: ${severity ?? 'nothing to say'}`, t => {
		const found = findingsOf(deep(count, version)).filter(({kind}) => kind === 'deep-chain');
		t.deepEqual(found.map(finding => finding.severity), severity === undefined ? [] : [severity]);
		t.true(found.every(({text}) => text.includes(String(count))));
	});
}

test('a frozen image that our own action wrote to at that time is not suspicious', t => {
	const scene = twoSnapshots({images: [at(s1At + 3600, '/d/vda.qcow2'), at(s1At + 7200, '/d/vda.s1', '/d/vda.qcow2'), at(s1At + 90_000, '/d/vda.s2', '/d/vda.s1')]});
	const entry = (seconds: number) => ({
		at: new Date(seconds * 1000).toISOString(), user: 'root', from: undefined, uri: 'qemu:///system', domain: {uuid, name: 'web'}, action: 'merge', outcome: 'done' as const, detail: undefined, durationMs: 20_000,
	});
	t.deepEqual(seriousKinds(findingsOf(scene, {audit: [entry(s1At + 3610)]})), []);
	t.deepEqual(seriousKinds(findingsOf(scene, {audit: [entry(s1At + 9000)]})), ['base-changed']);
});

test('checkpoints are good where their bitmaps go down from the head without a gap', t => {
	const bitmap = (isUsable: boolean) => ({bitmaps: [{name: 'c1', isUsable, granularityBytes: 65_536}]});
	const checkpoint = {name: 'c1', description: undefined, parent: undefined, createdAt: s1At, disks: [{target: 'vda', bitmap: 'c1'}], xml: '<domaincheckpoint/>'};
	const kindsWith = (...layers: Array<Partial<Image>>) => seriousKinds(findingsOf(twoSnapshots({
		checkpoints: [checkpoint],
		images: [image('/d/vda.s2', '/d/vda.s1', layers[0]), image('/d/vda.s1', '/d/vda.qcow2', layers[1]), image('/d/vda.qcow2', undefined, layers[2])],
	})));
	t.deepEqual(kindsWith(bitmap(true)), []);
	t.deepEqual(kindsWith(bitmap(true), bitmap(true)), []);
	t.deepEqual(kindsWith(bitmap(false)), ['checkpoint-broken']);
	const both = findingsOf(twoSnapshots({checkpoints: [checkpoint, {...checkpoint, name: 'c 2', parent: 'c1'}]}));
	t.deepEqual(both.map(({text}) => text), ['The checkpoints "c1", "c 2" have no good bitmap on vda.']);
	t.like(both[0]!.request, {kind: 'delete-checkpoint', checkpoint: 'c1', others: ['c 2'], isMetadataOnly: false});
	t.deepEqual(kindsWith({}, bitmap(true)), ['checkpoint-broken']);
	t.deepEqual(kindsWith(bitmap(true), {}, bitmap(true)), ['checkpoint-broken']);
});

test('bitmaps that no checkpoint names are found, with a plan that removes them, but not in the file of a running head', t => {
	const bitmaps = [{name: 'old', isUsable: true, granularityBytes: 65_536}];
	const findings = (more: Partial<Parameters<typeof twoSnapshots>[0]> = {}) => findingsOf(twoSnapshots({
		images: [image('/d/vda.s2', '/d/vda.s1', {bitmaps}), image('/d/vda.s1', '/d/vda.qcow2', {bitmaps}), image('/d/vda.qcow2')], ...more,
	})).filter(({kind}) => kind === 'orphan-bitmap');
	t.deepEqual(findings().map(({request}) => request), [{
		kind: 'remove-orphans', uuid, paths: [], bitmaps: [{path: '/d/vda.s2', name: 'old'}, {path: '/d/vda.s1', name: 'old'}],
	}]);
	t.deepEqual(findings({state: 'running'}).map(({images}) => images), [['/d/vda.s1']]);
});

test('on a fork before 9.9 it is told, as a note, what a delete by virsh would harm', t => {
	const [finding] = findingsOf(inventory({
		heads: {vda: '/d/vda.new'},
		current: 's1',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.new', '/d/vda.qcow2')],
	}));
	t.is(finding?.kind, 'native-delete');
	t.is(finding?.severity, 'info');
	t.regex(finding?.text ?? '', /"s1" .*snapshot s2 of web/);
});

test('an action that was interrupted, a managed save and a transient domain are told', t => {
	const scene = twoSnapshots();
	scene.details.domain.hasManagedSave = true;
	scene.details.domain.isPersistent = false;
	const plan = {plannedAt: '2026-11-21', action: {kind: 'repair-records', domain: {uuid, name: 'web'}}};
	const found = diagnoseDetails(domainCheck(scene, {unfinished: [{plan, records: []}] as never}));
	t.deepEqual(seriousKinds(found).sort(), ['managed-save', 'transient', 'unfinished-action']);
});

test('of a half-done action nothing is told as somebody else\'s doing, nor anything that cannot be repaired before it has ended', t => {
	const scene = twoSnapshots({current: 's1'});
	const plan = {plannedAt: '2026-11-21', action: {kind: 'repair-records', domain: {uuid, name: 'web'}}};
	t.not(findingsOf(scene).length, 0);
	t.deepEqual(diagnoseDetails(domainCheck(scene, {unfinished: [{plan, records: []}] as never})).map(({kind}) => kind), ['unfinished-action']);
});

test('a command in an advice can be pasted into a shell, whatever the file is called', t => {
	const overlay = '/d/vda $(touch x)';
	const found = findingsOf(inventory({
		heads: {vda: overlay},
		snapshots: [],
		images: [image(overlay, '/d/base', {problems: [{kind: 'backing-missing', backingPath: '/d/base'}]}), unknownImage('/d/base', undefined, {kind: 'missing'})],
	}));
	t.true(found.find(({kind}) => kind === 'backing-missing')?.remedy?.includes(` '${overlay}'`));
});
