/** A removal of old points that is under way, from a folder in which others may write. */
import test from 'ava';
import {formatPruning, parsePruning, type Pruning} from '../../../source/model/backup/pruning.ts';

const pruning: Pruning = {format: 'vsnap-tui-prune', version: 1, replaced: [{point: 'p2', files: ['p2.vda.qcow2']}], removed: [{point: 'p1', files: []}]};

test('what is written is read again', t => {
	t.deepEqual(parsePruning(formatPruning(pruning), 'prune.json'), {ok: true, value: pruning});
});

const hostile: Record<string, Record<string, unknown>> = {
	'a point without files': {replaced: [{point: 'p2'}]},
	'a point without a name': {removed: [{files: ['p1.vda.qcow2']}]},
	'nothing that is replaced': {replaced: undefined},
	'points that are null': {removed: [null]},
	'a file above the folder': {removed: [{point: 'p1', files: ['p1./../x']}]},
	'a file of another point': {removed: [{point: 'p1', files: ['p2.vda.qcow2']}]},
	'a manifest among the files': {removed: [{point: 'p1', files: ['p1.json']}]},
	'a point that is a path': {removed: [{point: '../p1', files: []}]},
	'another version': {version: [2]},
};

for (const [title, change] of Object.entries(hostile)) {
	test(`refused: ${title}`, t => {
		const parsed = parsePruning(JSON.stringify({...pruning, ...change}), 'prune.json');
		t.is(!parsed.ok && parsed.failure.kind, 'unreadable');
	});
}
