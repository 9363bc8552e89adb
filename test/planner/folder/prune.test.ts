/**
What stays and what goes, and in which order: nothing goes before what is built on it is whole.
*/
import test from 'ava';
import {parsePruning} from '../../../source/model/backup/pruning.ts';
import type {BackupFolder} from '../../../source/model/domain/inventory.ts';
import {planPrune, pointsToKeep, type Keep} from '../../../source/planner/folder/prune.ts';
import {makePoint, makePoints} from '../../helpers/backup-points.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const folderOf = (points = makePoints(4), more: Partial<BackupFolder> = {}): BackupFolder => ({
	path: '/b', folder: {path: '/b', isWritable: true, freeBytes: 1e12, device: '1', names: new Set(points.flatMap(({point, disks}) => [`${point}.json`, ...disks.map(({file}) => file)]))}, points, unreadable: [], ...more,
});
const keep = (newest?: number, since?: string): Keep => ({newest, since: since === undefined ? undefined : new Date(since)});
const plan = (backups: BackupFolder, kept = keep(2), allocated = new Map<string, number>()) => planPrune({backups, allocated, keep: kept, uri: 'u', id: 'i', workPath: '/w'});
const linesOf = (planned: ReturnType<typeof plan>) => planned.ok ? planned.value.steps.map(({command}) => command.argv.join(' ')) : [];
const blockersOf = (planned: ReturnType<typeof plan>) => !planned.ok && planned.failure.kind === 'refused' ? planned.failure.blockers.map(({kind}) => kind) : [];

test('the newest stay, and what is young enough; the very newest always', t => {
	const names = (kept: Keep) => pointsToKeep(makePoints(4), kept).map(({point}) => point);
	t.deepEqual(names(keep(2)), ['p3', 'p4']);
	t.deepEqual(names(keep(9)), ['p1', 'p2', 'p3', 'p4']);
	t.deepEqual(names(keep(undefined, '2026-01-02')), ['p2', 'p3', 'p4']);
	t.deepEqual(names(keep(undefined, '2030-01-01')), ['p4']);
});

test('the oldest that stays is verified, copied, compared and measured before the folder says what is under way, and only then something is replaced or removed', t => {
	const lines = linesOf(plan(folderOf()));
	const at = (pattern: RegExp) => lines.findIndex(line => pattern.test(line));
	const order = [/verify --at p3/, /convert/, /compare/, /seal --ready p3\.vda\.qcow2/, /mv .*\/b\/prune\.json$/, /mv .*p3\.vda\.qcow2$/, /mv .*p3\.json$/, /rm -- \/b\/p1\.json/, /rm -- \/b\/p2\.json/, /rm -- \/b\/p1\.vda/, /rm -- \/b\/prune\.json/];
	const places = order.map(pattern => at(pattern));
	t.false(places.includes(-1), lines.join('\n'));
	t.deepEqual(places, [...places].sort((a, b) => a - b));
	t.false(lines.some(line => /rm .*p[34]\./.test(line)));
	const planned = plan(folderOf());
	const final = planned.ok ? planned.value.steps.findIndex(({undo}) => undo === null) : -1;
	t.is(final, at(/mv .*\/b\/prune\.json$/));
});

test('from a full backup on nothing is copied', t => {
	const lines = linesOf(plan(folderOf([...makePoints(2), makePoint('q1', null, 8), makePoint('q2', 'q1', 9)])));
	t.false(lines.some(line => line.includes('convert')));
	t.true(lines.includes('rm -- /b/p2.vda.qcow2'));
});

test('each of two branches that lose what they are built on becomes whole', t => {
	const lines = linesOf(plan(folderOf([makePoint('p1', null, 1), makePoint('a', 'p1', 2), makePoint('b', 'p1', 3)])));
	t.deepEqual(lines.filter(line => line.includes('convert')).map(line => line.split(' ').at(-1)), ['/b/a.vda.qcow2.partial', '/b/b.vda.qcow2.partial']);
});

test('one that was interrupted is finished as it began, whatever is asked for', t => {
	const pruning = {format: 'vsnap-tui-prune', version: 1, replaced: [{point: 'p3', files: ['p3.vda.qcow2']}], removed: [{point: 'p1', files: ['p1.vda.qcow2']}, {point: 'p2', files: ['p2.vda.qcow2']}]} as const;
	const given = parsePruning(JSON.stringify(pruning), 'prune.json');
	t.deepEqual(given, {ok: true, value: pruning as never});
	const lines = linesOf(plan(folderOf(makePoints(4), {pruning: pruning as never}), keep(undefined)));
	t.false(lines.some(line => line.includes('convert')));
	t.true(lines.includes('mv -f -T -- /b/p3.vda.qcow2.partial /b/p3.vda.qcow2'));
	t.is(lines.at(-1), 'rm -- /b/prune.json');
});

test('nothing is finished that a point which was made meanwhile needs', t => {
	const pruning = {format: 'vsnap-tui-prune', version: 1, replaced: [{point: 'p3', files: ['p3.vda.qcow2']}], removed: [{point: 'p1', files: ['p1.vda.qcow2']}, {point: 'p2', files: ['p2.vda.qcow2']}]} as const;
	t.deepEqual(blockersOf(plan(folderOf([...makePoints(4), makePoint('x', 'p2', 9)], {pruning: pruning as never}))), ['image-needed']);
});

test('what somebody else may have left as an interrupted removal is not finished by root', t => {
	const {folder} = folderOf();
	const pruning = {format: 'vsnap-tui-prune', version: 1, replaced: [], removed: [{point: 'vda', files: ['vda.qcow2']}]} as const;
	const finish = (more: Partial<BackupFolder['folder']>) => plan(folderOf(makePoints(4), {pruning: pruning as never, folder: {...folder, ...more}}));
	t.deepEqual(blockersOf(finish({risk: {folder: '/b', who: 'user 1000', buildIn: '/', inode: '1:9', sole: undefined}})), ['not-permitted']);
	t.deepEqual(blockersOf(finish({isWritable: false})), ['not-permitted']);
	t.true(finish({}).ok);
});

test('refused: a manifest that cannot be read, several domains, no room, a folder that others write to', t => {
	const other = {...makePoint('x', null, 5), domain: {name: 'mail', uuid: '00000000-4b3f-4f2f-8d1e-0d5d8a3c9b11', definition: '<domain/>'}};
	t.deepEqual(blockersOf(plan(folderOf(makePoints(4), {unreadable: [{name: 'y.json', reason: 'it is broken'}]}))), ['image-needed']);
	t.deepEqual(blockersOf(plan(folderOf([...makePoints(4), other]))), ['not-supported']);
	const {folder} = folderOf();
	t.deepEqual(blockersOf(plan(folderOf(makePoints(4), {folder: {...folder, freeBytes: 10}}))), ['no-space']);
	t.deepEqual(blockersOf(plan(folderOf(makePoints(4), {folder: {...folder, isWritable: false}}))), ['not-permitted']);
});

for (const [title, change] of Object.entries({
	'a file above the folder': {removed: [{point: 'p1', files: ['../p1.vda']}]},
	'a file of another point': {removed: [{point: 'p1', files: ['p2.vda.qcow2']}]},
	'a manifest as a file': {removed: [{point: 'p1', files: ['p1.x.json']}]},
	'a point that is a path': {removed: [{point: '../p1', files: []}]},
	'no list': {removed: {}},
	'nothing of what goes': {removed: undefined},
})) {
	test(`no removal of old points: ${title}`, t => {
		t.false(parsePruning(JSON.stringify({format: 'vsnap-tui-prune', version: 1, replaced: [], ...change}), 'prune.json').ok);
	});
}

test('what it frees in the end, what the whole copy may need meanwhile, and what is free now are said', t => {
	const allocated = new Map([['p1.vda.qcow2', 9_000_000], ['p2.vda.qcow2', 2_000_000], ['p3.vda.qcow2', 1_000_000], ['p4.vda.qcow2', 500_000]]);
	const {space, files} = unwrap(plan(folderOf(), keep(2), allocated));
	t.is(space!.freed.atMost, 12_000_000);
	t.true(space!.meanwhileBytes > 3000 && space!.meanwhileBytes < 1_000_000);
	t.is(space!.freed.atLeast, 12_000_000 - space!.meanwhileBytes);
	t.is(space!.leftBytes, 1e12);
	t.deepEqual(files.filter(file => !file.endsWith('.partial')), ['/b/p3.vda.qcow2', '/b/p1.vda.qcow2', '/b/p2.vda.qcow2']);
	t.is(unwrap(plan(folderOf(), keep(9), allocated)).space, undefined);
});
