import test from 'ava';
import {chainOf, chainSpec, linksByFile} from '../../../source/model/backup/chain.ts';
import type {Manifest} from '../../../source/model/backup/manifest.ts';
import {makePoint, makePoints} from '../../helpers/backup-points.ts';

test('a chain leads from the file down to a full one', t => {
	const points = makePoints(3);
	const chain = chainOf(linksByFile(points), 'p3.vda.qcow2');
	t.deepEqual(chain.ok && chain.value.map(({point}) => point), ['p3', 'p2', 'p1']);
});

test('a chain that leads back, or to a file without a manifest, is none', t => {
	const loop: Manifest[] = [makePoint('p1', 'p2'), makePoint('p2', 'p1')];
	t.false(chainOf(linksByFile(loop), 'p1.vda.qcow2').ok);
	t.false(chainOf(linksByFile(makePoints(3).slice(1)), 'p3.vda.qcow2').ok);
});

test('qemu-img is told each layer and its format, and that there is nothing below the last; names are no syntax', t => {
	const spec = chainSpec('/b', ['a",b.qcow2', 'base.qcow2']);
	t.true(spec.startsWith('json:'));
	t.deepEqual(JSON.parse(spec.slice(5)), {
		driver: 'qcow2', file: {driver: 'file', filename: '/b/a",b.qcow2'}, backing: {driver: 'qcow2', file: {driver: 'file', filename: '/b/base.qcow2'}, backing: null},
	});
});

test('a chain of a thousand is no recursion', t => {
	const points = makePoints(1000);
	const chain = chainOf(linksByFile(points), 'p1000.vda.qcow2');
	t.is(chain.ok ? chain.value.length : 0, 1000);
});
