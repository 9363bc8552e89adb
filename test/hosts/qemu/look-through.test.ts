import test from 'ava';
import {lookThrough} from '../../../source/hosts/qemu/look-through.ts';

const image = {driver: 'qcow2', file: {driver: 'file', filename: '/d/a.s1'}};
const json = (options: unknown) => `json:${JSON.stringify(options)}`;

test('the image below filters is found, however many there are', t => {
	const throttled = {driver: 'throttle', 'throttle-group': 'g', file: image};
	t.deepEqual(lookThrough(json(throttled), 'throttle'), {name: '/d/a.s1', format: 'qcow2'});
	t.deepEqual(lookThrough(json({driver: 'copy-before-write', target: 'scratch', file: {driver: 'copy-on-read', file: image}}), 'copy-before-write'), {name: '/d/a.s1', format: 'qcow2'});
	t.deepEqual(lookThrough(json({driver: 'throttle', file: {driver: 'blkdebug', image}}), 'throttle'), {name: '/d/a.s1', format: 'qcow2'});
	t.deepEqual(lookThrough(json({driver: 'throttle', file: {driver: 'file', filename: '/d/raw'}}), 'throttle'), {name: '/d/raw', format: 'raw'});
});

test('a filter below the format is looked through, too', t => {
	t.deepEqual(lookThrough('blkdebug::/d/c.qcow2', 'qcow2'), {name: '/d/c.qcow2', format: 'qcow2'});
	t.deepEqual(lookThrough('blkdebug:/etc/rules:/d/c.qcow2', 'qcow2'), {name: '/d/c.qcow2', format: 'qcow2'});
	t.deepEqual(lookThrough(json({driver: 'qcow2', file: {driver: 'blkdebug', image: {driver: 'file', filename: '/d/c'}}}), 'qcow2'), {name: '/d/c', format: 'qcow2'});
});

test('a disk without a filter stays as it is, and what cannot be told is not guessed', t => {
	t.deepEqual(lookThrough('/d/a', 'qcow2'), {name: '/d/a', format: 'qcow2'});
	t.deepEqual(lookThrough('/d/a', 'copy-before-write'), {name: '/d/a', format: undefined});
	t.is(lookThrough('json:{', 'throttle'), undefined);
	t.is(lookThrough(`json:${'{"driver":"throttle","file":'.repeat(30_000)}{}${'}'.repeat(30_000)}`, 'throttle'), undefined);
	t.deepEqual(lookThrough(`${'blkdebug::'.repeat(20_000)}/d/a`, 'qcow2'), {name: '/d/a', format: 'qcow2'});
	t.is(lookThrough(json({driver: 'throttle', file: {driver: 'unheard-of', file: image}}), 'throttle'), undefined);
});
