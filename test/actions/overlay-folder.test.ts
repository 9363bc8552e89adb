/** The folder for overlays of disks on no file: how it is typed, and when the page asks for it. */
import test from 'ava';
import {overlayFolderFields, readOverlayFolder} from '../../source/actions/overlay-folder.ts';
import type {PlacesOverlays} from '../../source/model/plan/request.ts';
import {inventory} from '../helpers/inventory.ts';
import {unwrap} from '../helpers/unwrap.ts';

test('the folder for overlays is an absolute path', t => {
	t.deepEqual(unwrap(readOverlayFolder({overlayFolder: '/srv/overlays//'})), {overlayFolder: '/srv/overlays'});
	t.deepEqual(unwrap(readOverlayFolder({})), {});
	for (const overlayFolder of ['overlays', '/srv/../etc', '', './a']) {
		t.like(readOverlayFolder({overlayFolder}), {ok: false, failure: {kind: 'usage'}}, overlayFolder);
	}
});

test('the page asks for it where a disk is on a block device', t => {
	const {details} = inventory({heads: {vda: '/d/vda'}, snapshots: [], images: []});
	const fieldsOf = (of: typeof details) => overlayFolderFields<PlacesOverlays>({}, of, {isExtra: false}, request => ({request: request as never}));
	t.deepEqual(fieldsOf(details), []);
	const onDevice = structuredClone(details);
	Object.assign(onDevice.domain.definition.disks[0]!, {sourceType: 'block', sourcePath: '/dev/vg/web'});
	const [field] = fieldsOf(onDevice);
	t.is(field?.question, 'The folder for new overlays of vda');
	t.deepEqual(field?.change('/srv/o'), {request: {overlayFolder: '/srv/o'}} as never);
	t.deepEqual(field?.change(''), {request: {}} as never);
});
