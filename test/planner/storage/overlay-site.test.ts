/** Where a new overlay goes. */
import test from 'ava';
import {planContext} from '../../../source/planner/plan-context.ts';
import {overlayStem} from '../../../source/planner/storage/overlay-site.ts';
import {image} from '../../helpers/images.ts';
import {inventory} from '../../helpers/inventory.ts';

const device = '/dev/vg/web';

/** On the device are an overlay of the domain's, and one of somebody else's that comes first by its name. */
function contextWith(head: string) {
	const deviceImage = image(device, undefined, {format: 'raw'});
	const images = [
		{...deviceImage, file: {...deviceImage.file!, isRegular: false}},
		image('/a/other.s1', device, {backingFormat: 'raw'}),
		image('/srv/overlays/web.vda.s1', device, {backingFormat: 'raw'}),
		image('/d/vda.qcow2'),
	];
	const world = inventory({heads: {vda: head}, snapshots: [], images});
	return planContext(world, {id: 'p', now: new Date(0), workPath: '/w/p'});
}

test('beside an image file, whatever folder was named', t => {
	t.is(overlayStem(contextWith('/d/vda.qcow2'), {target: 'vda', basePath: '/d/vda.qcow2'}, '/else'), '/d/vda');
});

test('for a device in the folder that was named, else where this domain has an overlay on it, else nowhere', t => {
	const {name} = contextWith(device).inventory.details.domain;
	const based = {target: 'vda', basePath: device};
	t.is(overlayStem(contextWith(device), based, '/else'), `/else/${name}.vda`);
	t.is(overlayStem(contextWith('/srv/overlays/web.vda.s1'), based), `/srv/overlays/${name}.vda`);
	t.is(overlayStem(contextWith(device), based), undefined);
});
