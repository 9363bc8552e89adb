/**
The guided actions on checkpoints, and the backup: which key means which of them where, what they ask, and where they lead back to.
*/
import test from 'ava';
import {fieldAt, noteOf, press} from '../../helpers/press.ts';
import {uuidOf} from '../../helpers/fake-services.ts';
import {createBrain, keys, atWeb, type Brain} from '../../helpers/screen-harness.ts';

async function atCheckpoints(facts: Parameters<typeof createBrain>[0] = {}): Promise<Brain> {
	const brain = createBrain({start: {domain: 'db01'}, ...facts});
	brain.send({kind: 'started'});
	await brain.answer();
	return press(brain, '2');
}

const requestOf = ({state: {scene}}: Brain) => scene.kind === 'journey' ? scene.journey.request : undefined;

test('c and d are about checkpoints in their view, and about snapshots in the others', async t => {
	const kindAfter = async (brain: Brain, key: string) => requestOf(await press(brain, key))?.kind;
	t.is(await kindAfter(await atCheckpoints(), 'c'), 'create-checkpoint');
	t.is(await kindAfter(await atCheckpoints(), 'd'), 'delete-checkpoint');
	t.is(await kindAfter(await press(await atCheckpoints(), '1'), 'c'), 'create');
	t.is(await kindAfter(await press(await atCheckpoints(), '1', keys.up), 'd'), 'delete');
	t.is(await kindAfter(await press(await atCheckpoints(), '3'), 'c'), 'create');
});

test('a deletion asks for its scope, names what goes, and leads back to the checkpoints', async t => {
	const brain = await press(await atCheckpoints(), 'd', keys.tab, keys.down, keys.down, keys.down);
	t.like(requestOf(brain), {kind: 'delete-checkpoint', checkpoint: 'full', scope: 'with-children', isMetadataOnly: false});
	await press(brain, keys.enter, ...'db01', keys.enter);
	brain.send({kind: 'run-ended', planId: `plan-of-${uuidOf(2)}`, outcome: {kind: 'done'}});
	t.is(brain.state.scene.kind, 'ended');
	await press(brain, keys.enter);
	t.is(brain.state.view, 'checkpoints');
});

test('of a checkpoint that none comes after, only it and its record can be deleted', async t => {
	const brain = await press(await atCheckpoints(), keys.down, 'd', keys.tab, keys.down, keys.right);
	t.is(noteOf(brain), 'Not possible: only those after it: none comes after it.');
});

test('from the list of domains a deletion first leads to the checkpoints', async t => {
	const brain = await press(await atCheckpoints(), keys.tab, 'd');
	t.is(brain.state.scene.kind, 'browse');
	t.is(brain.state.notice, 'Choose the checkpoint to delete, then press d.');
	t.deepEqual([brain.state.pane, brain.state.view, brain.state.cursors.checkpoints.id], ['tree', 'checkpoints', 'incremental-1']);
});

test('a domain without checkpoints has none to delete', async t => {
	const brain = await press(await atWeb(), '2', 'd');
	t.is(brain.state.notice, 'Delete a checkpoint: the domain has no checkpoints.');
});

test('the folder of the last backup of a domain is proposed, else one beside that of another domain', async t => {
	const brain = await atWeb();
	brain.world.backedUpTo = [{domain: {uuid: uuidOf(2), name: 'db01'}, folder: '/backup/db01'}];
	brain.send({kind: 'started'});
	await brain.answer();
	t.is((requestOf(await press(brain, 'B')) as {to: string}).to, '/backup/web01');
	brain.world.backedUpTo = [{domain: {uuid: uuidOf(1), name: 'web01'}, folder: '/srv/a'}, {domain: {uuid: uuidOf(1), name: 'web01'}, folder: '/srv/b'}, ...brain.world.backedUpTo];
	await press(brain, keys.escape);
	brain.send({kind: 'started'});
	await brain.answer();
	t.is((requestOf(await press(brain, 'B')) as {to: string}).to, '/srv/b');
});

test('a folder has to be absolute before a backup is planned', async t => {
	const brain = await press(await atWeb(), 'B', ...'srv', keys.enter);
	t.is(noteOf(brain), 'Give the absolute path of a folder on the host, starting with "/".');
	t.is(fieldAt(brain), 'folder');
	await press(brain, '\u0015', ...'/srv', keys.enter);
	t.like(requestOf(brain), {to: '/srv', since: {kind: 'latest'}});
});

test('a backup of everything, without a checkpoint', async t => {
	const brain = await press(await atWeb(), 'B', ...'/srv', keys.tab, keys.tab, ' ', keys.tab, ' ');
	t.like(requestOf(brain), {to: '/srv', since: {kind: 'full'}, checkpoint: undefined});
	await press(brain, keys.right);
	t.false('checkpoint' in requestOf(brain)!, 'its name is that of the moment of the plan');
});
