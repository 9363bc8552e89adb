/** The page of a restore: the folder is asked for, or that of the last backup is proposed. */
import test from 'ava';
import {uuidOf} from '../../helpers/fake-services.ts';
import {fieldAt, noteOf, press, requestOf} from '../../helpers/press.ts';
import {atWeb, keys} from '../../helpers/screen-harness.ts';

test('a restore begins at its folder, keeps the current state, and takes the newest backup', async t => {
	const brain = await press(await atWeb(), 'F');
	t.is(fieldAt(brain), 'folder');
	await press(brain, 'srv', keys.enter);
	t.is(noteOf(brain), 'Give the absolute path of a folder on the host, starting with "/".');
	t.is(requestOf(brain), undefined);
	await press(brain, '\u0015', '/srv/web01', keys.enter);
	t.deepEqual(requestOf(brain), {
		kind: 'restore', uuid: uuidOf(1), from: '/srv/web01', at: undefined, isVerified: true, currentState: {kind: 'keep', name: 'kept-20261121-0200'}, endState: 'running',
	});
	await press(brain, keys.tab, keys.tab, '20261120-010203', keys.tab, keys.left);
	t.like(requestOf(brain), {at: '20261120-010203', isVerified: false});
});

test('the folder of the last backup is proposed', async t => {
	const brain = await atWeb();
	brain.world.backedUpTo = [{domain: {uuid: uuidOf(1), name: 'web01'}, folder: '/backup/web01'}];
	brain.send({kind: 'started'});
	await brain.answer();
	await press(brain, 'F');
	t.is(fieldAt(brain), undefined);
	t.like(requestOf(brain), {from: '/backup/web01'});
});

test('as a new domain, or to a folder: what is asked of the domain itself is not asked then', async t => {
	const brain = await atWeb();
	brain.world.backedUpTo = [{domain: {uuid: uuidOf(1), name: 'web01'}, folder: '/backup/web01'}];
	brain.send({kind: 'started'});
	await brain.answer();
	await press(brain, 'F', keys.tab, keys.tab, keys.tab, keys.tab);
	t.is(fieldAt(brain), 'place');
	await press(brain, keys.right);
	t.like(requestOf(brain), {elsewhere: {kind: 'new', name: 'web01-restored', path: undefined}});
	await press(brain, keys.tab, '\u0015', keys.enter);
	t.is(noteOf(brain), 'Give the new domain a name.');
	await press(brain, 'a/b', keys.enter);
	t.is(noteOf(brain), 'The name of a domain has no "/".');
	await press(brain, '\u0015', 'copy', keys.tab, 'here', keys.enter);
	t.regex(noteOf(brain) ?? '', /absolute path/);
	await press(brain, '\u0015', '/srv/copy', keys.enter);
	t.like(requestOf(brain), {elsewhere: {kind: 'new', name: 'copy', path: '/srv/copy'}});
	await press(brain, keys.tab);
	t.is(fieldAt(brain), 'folder', 'neither the current state nor the power is asked');
	await press(brain, keys.tab, keys.tab, keys.tab, keys.right, keys.tab);
	t.is(fieldAt(brain), 'images-to');
	await press(brain, '/srv/images', keys.enter);
	t.like(requestOf(brain), {elsewhere: {kind: 'folder', path: '/srv/images'}});
	await press(brain, keys.tab, keys.tab, keys.tab, keys.tab, keys.left, keys.left);
	t.false('elsewhere' in requestOf(brain)!);
	t.like(requestOf(brain), {currentState: {kind: 'keep', name: 'kept-20261121-0200'}});
});
