import test from 'ava';
import {writtenSince} from '../../../source/model/domain/written-since.ts';
import {rowFacts, totalOf} from '../../../source/app/browse/row-facts.ts';
import {image} from '../../helpers/images.ts';
import {inventory} from '../../helpers/inventory.ts';

const mebibyte = 2 ** 20;
const images = [
	image('/d/vda.qcow2', undefined, {allocatedBytes: 9 * mebibyte}),
	image('/d/vda.s1', '/d/vda.qcow2', {allocatedBytes: mebibyte}),
	image('/d/vdb.qcow2', undefined, {allocatedBytes: 5 * mebibyte}),
];

test('only overlays on what the current snapshot froze tell what was written since', t => {
	const world = (heads: Record<string, string>, current: string | undefined) => inventory({
		heads, current, snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}], images,
	}).details;
	const leftOut = world({vda: '/d/vda.s1', vdb: '/d/vdb.qcow2'}, 's1');
	t.deepEqual([...writtenSince(leftOut)], [['vda', mebibyte]]);
	t.is(totalOf(rowFacts(leftOut).written), mebibyte);
	t.is(totalOf(rowFacts(leftOut).heads), 6 * mebibyte);
	t.is(writtenSince(world({vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'}, 's1')).size, 0, 'inside the images, or merged by somebody');
	t.is(writtenSince(world({vda: '/d/vda.s1'}, undefined)).size, 0, 'no snapshot is current');
});
