import test from 'ava';
import {findLeftovers, type Leftovers} from '../../../source/engine/doctor/orphan-findings.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import type {Image} from '../../../source/model/images/image.ts';
import {image, pin} from '../../helpers/images.ts';

const web = {uuid: 'web', name: 'web'};
const since = 1000;

function at(modifiedAt: number, path: string, backing?: string, more: Partial<Image> = {}): Image {
	const made = image(path, backing, more);
	return {...made, file: {...made.file!, modifiedAt: String(modifiedAt)}};
}

/** A base that s1 of web froze, and the head on it. */
function leftovers(others: Image[], more: Partial<Leftovers> = {}): Leftovers {
	const known = [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2')];
	const graph = buildImageGraph([...known, ...others], [pin('/d/vda.qcow2', 'content'), pin('/d/vda.s1', 'head')]);
	return {
		others, graph, frozenBy: new Map([[graph.keyOf('/d/vda.qcow2'), [{domain: web, since}]]]), leftBy: new Map(), isBlind: false, isKnownToVirsh: true, ...more,
	};
}

function offered(given: Leftovers): string[] {
	return findLeftovers(given, undefined).flatMap(({request}) => request?.kind === 'remove-orphans' ? request.paths : []);
}

test('an overlay on a frozen image, named like libvirt and younger than the snapshot, is offered for removal', t => {
	t.deepEqual(offered(leftovers([at(2000, '/d/vda.1700000000', '/d/vda.qcow2')])), ['/d/vda.1700000000']);
});

test('leftovers go from the top down, and only if all that stands on them goes', t => {
	const below = at(2000, '/d/vda.x', '/d/vda.qcow2');
	const above = at(2001, '/d/vda.y', '/d/vda.x');
	t.deepEqual(offered(leftovers([below, above])), ['/d/vda.y', '/d/vda.x']);
	t.deepEqual(offered(leftovers([below, above, at(2002, '/d/clone', '/d/vda.x')])), ['/d/vda.y']);
});

const spared: Array<[string, Image]> = [
	['a backup that is older than the snapshot', at(500, '/d/vda.1700000000', '/d/vda.qcow2')],
	['a backup of the same second as the snapshot', at(since + 0.7, '/d/vda.inc', '/d/vda.qcow2')],
	['an incremental backup, copied there later, by the name that libvirt gives it', at(2000, '/d/vda.qcow2.1700000000', '/d/vda.qcow2')],
	['an incremental of ours, on the full one of its folder', at(2000, '/d/20261128-063000.vda.qcow2', '/d/20261127-063000.vda.qcow2')],
	['an incremental backup of the running disk', at(2000, '/d/vda.inc', '/d/vda.s1')],
	['a clone with a name of its own', at(2000, '/d/clone.qcow2', '/d/vda.qcow2')],
	['one in another folder', at(2000, '/e/vda.x', '/d/vda.qcow2')],
	['one with internal snapshots', at(2000, '/d/vda.x', '/d/vda.qcow2', {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})],
	['one whose chain does not open', at(2000, '/d/vda.x', '/d/vda.qcow2', {problems: [{kind: 'unreadable', reason: 'x'}]})],
	['an image that stands on nothing', at(2000, '/d/vda.x')],
];
for (const [what, other] of spared) {
	test(`never offered for removal: ${what}`, t => {
		const given = leftovers([other]);
		t.deepEqual(offered(given), []);
		const found = findLeftovers(given, undefined);
		t.deepEqual(found.map(({kind, severity}) => [kind, severity]), [['unused-image', 'info']]);
		t.true(found[0]!.text.includes(other.path));
	});
}

test('nothing is offered while a record cannot be read', t => {
	const given = leftovers([at(2000, '/d/vda.x', '/d/vda.qcow2')], {isBlind: true});
	t.deepEqual(offered(given), []);
	t.is(findLeftovers(given, undefined)[0]?.kind, 'orphan');
});

test('an image that a deleted snapshot left, and that nothing stands on any more, is offered', t => {
	const left = at(500, '/d/vda.left');
	t.deepEqual(offered(leftovers([left], {leftBy: new Map([['inode 1:/d/vda.left', web]])})), ['/d/vda.left']);
});

test('what the removal frees is what the files take, not the size of the disk; and nothing where a file has another name', t => {
	const image = at(2000, '/d/vda.x', '/d/vda.qcow2', {virtualSizeBytes: 2 ** 40, allocatedBytes: 3 * (2 ** 20)});
	t.regex(findLeftovers(leftovers([image]), undefined)[0]!.meaning, / Its removal frees 3\.0 MiB\.$/);
	const linked = {...image, file: {...image.file!, hasOtherNames: true as const}};
	t.regex(findLeftovers(leftovers([linked]), undefined)[0]!.meaning, / Its removal frees 0 B: \/d\/vda\.x has another name on the host, and the content stays there\.$/);
	const others = [at(2000, '/d/a', undefined, {allocatedBytes: 2 ** 20}), at(2000, '/d/b', undefined, {allocatedBytes: 2 ** 21})];
	t.regex(findLeftovers(leftovers(others), undefined)[0]!.meaning, / Their removal would free 3\.0 MiB\.$/);
});

test('what an export keeps beside an image is no image that nothing needs: it tells how the export is ended', t => {
	const uuid = '3b2bb9a2-4b3f-4f2f-8d1e-0d5d8a3c9b11';
	const found = findLeftovers(leftovers(['vda', 'vdb'].map(target => at(2000, `/d/${uuid}.${target}.export-20261128-063000`))), undefined);
	t.deepEqual(found.map(({kind, severity, images}) => [kind, severity, images?.length]), [['block-job', 'warning', 2]]);
	t.regex(found[0]!.remedy!, new RegExp(`virsh domjobabort ${uuid}\\.`));
});
