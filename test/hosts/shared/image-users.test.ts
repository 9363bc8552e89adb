import path from 'node:path';
import test from 'ava';
import {certain, doubtful} from '../../../source/model/images/image-users.ts';
import {openDemo} from '../../helpers/demo.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {addFile} from '../../../source/hosts/demo/simulator/world.ts';
import {element} from '../../../source/hosts/demo/simulator/xml-node.ts';

/** The demo host, and an image in it that nobody uses. */
function openScene() {
	const demo = openDemo();
	const unused = path.posix.join(path.posix.dirname([...demo.world.files.values()].find(({format}) => format === 'qcow2')!.path), 'unused.qcow2');
	addFile(demo.world, {path: unused});
	return {demo, unused, host: demo.host};
}

test('an image that nobody names has no users', async t => {
	const {host, unused} = openScene();
	t.deepEqual(unwrap(await host.readImageUsers(unused)), []);
});

test('an overlay that names its backing file in QEMU\'s JSON or by protocol stands on it', async t => {
	for (const name of ['json:{"driver":"qcow2","file":{"driver":"file","filename":"UNUSED"}}', 'file:UNUSED', './unused.qcow2']) {
		const {demo, host, unused} = openScene();
		addFile(demo.world, {path: `${unused}.above`, backing: {name: name.replace('UNUSED', unused), format: 'qcow2'}});
		t.deepEqual(unwrap(await host.readImageUsers(unused)), [certain(`the image ${unused}.above, which is backed by it`)]);
	}
});

test('an overlay beside it whose backing name is not understood may stand on it; one that stands on a URL does not', async t => {
	const {demo, host, unused} = openScene();
	addFile(demo.world, {path: `${unused}.odd`, backing: {name: 'json:{"driver":"qcow2","file":"node0"}', format: 'qcow2'}});
	addFile(demo.world, {path: `${unused}.far`, backing: {name: 'nbd://host/export', format: 'raw'}});
	t.deepEqual(unwrap(await host.readImageUsers(unused)), [doubtful(`the image ${unused}.odd, which is backed by json:{"driver":"qcow2","file":"node0"}`)]);
});

test('a snapshot record that cannot be read may hold it', async t => {
	const {demo, host, unused} = openScene();
	[...demo.world.domains.values()][0]!.snapshots.set('torn', element('domainsnapshot', {}, []));
	const users = unwrap(await host.readImageUsers(unused));
	t.is(users.length, 1);
	t.regex(users[0]!.label, /^perhaps the snapshot torn of .*, which cannot be read: /);
});
