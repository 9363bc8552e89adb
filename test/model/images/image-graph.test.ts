import test from 'ava';
import fc from 'fast-check';
import {abandonHead} from '../../../source/model/images/abandon-head.ts';
import {
	buildImageGraph, chainOf, contentHoldersOf, holdersOf, isContentHeld,
} from '../../../source/model/images/image-graph.ts';
import {image, pin} from '../../helpers/images.ts';

const chain = [image('/base'), image('/s1', '/base'), image('/s2', '/s1')];

test('an image is held by every pin that reaches it through overlays', t => {
	const graph = buildImageGraph(chain, [pin('/s2', 'head'), pin('/s1', 'content')]);
	t.deepEqual(holdersOf(graph, '/base').map(holder => holder.path).sort(), ['/s1', '/s2']);
	t.deepEqual(holdersOf(graph, '/s2').map(holder => holder.path), ['/s2']);
});

test('a head and an internal snapshot do not forbid to write to their own image, an overlay above does', t => {
	const graph = buildImageGraph([...chain, image('/lone')], [pin('/s2', 'head'), pin('/s2', 'existence'), pin('/lone', 'existence')]);
	t.deepEqual(contentHoldersOf(graph, '/s2'), []);
	t.deepEqual(contentHoldersOf(graph, '/lone'), []);
	t.is(contentHoldersOf(graph, '/s1').length, 2);
	t.deepEqual(['/s1', '/s2', '/lone', '/base'].map(path => isContentHeld(graph, path)), [true, false, false, true]);
});

test('two paths to one file are one image', t => {
	const base = image('/base');
	const graph = buildImageGraph([base, {...base, path: '/link'}, image('/top', '/link')], [pin('/top', 'head')]);
	t.is(holdersOf(graph, '/base').length, 1);
});

test('a chain in a circle ends', t => {
	t.deepEqual(chainOf(buildImageGraph([image('/a', '/b'), image('/b', '/a')], []), '/a'), ['/a', '/b']);
});

test('leaving a head gives up its overlays down to the first image that is needed', t => {
	const graph = buildImageGraph([...chain, image('/hand-made', '/s2')], [pin('/s1', 'content')]);
	t.deepEqual(abandonHead(graph, '/hand-made').removable, ['/hand-made', '/s2']);
});

test('a head that stands on nothing that is kept stays, with its whole chain', t => {
	const result = abandonHead(buildImageGraph(chain, []), '/s2');
	t.deepEqual(result.removable, []);
	t.is(result.staying[0]!.reason, 'stands-alone');
});

test('an image with internal snapshots inside is not given up', t => {
	const graph = buildImageGraph([image('/base'), image('/top', '/base', {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})], [pin('/base', 'content')]);
	t.is(abandonHead(graph, '/top').staying[0]!.reason, 'has-internal-snapshots');
	t.deepEqual(abandonHead(graph, '/top').removable, []);
});

test('an image on which an unknown overlay stands is not given up', t => {
	const graph = buildImageGraph([...chain, image('/stranger', '/s2')], [pin('/s1', 'content')]);
	t.is(abandonHead(graph, '/s2').staying[0]!.reason, 'in-use-elsewhere');
});

test('the external data file of an image is held by whoever holds the image', t => {
	const graph = buildImageGraph([image('/base', undefined, {dataFilePath: '/store.raw'}), image('/s1', '/base')], [pin('/s1', 'content')]);
	t.deepEqual(contentHoldersOf(graph, '/store.raw').map(holder => holder.path), ['/s1']);
	t.deepEqual(chainOf(graph, '/s1'), ['/s1', '/base'], 'it is no layer');
});

test('whatever the graph looks like, nothing that a pin reaches is given up', t => {
	const forests = fc.record({parents: fc.array(fc.nat(), {minLength: 2, maxLength: 25}), pinned: fc.array(fc.nat(), {maxLength: 6}), head: fc.nat()});
	t.notThrows(() => {
		fc.assert(fc.property(forests, ({parents, pinned, head}) => {
			const images = parents.map((parent, index) => image(`/${index}`, index === 0 || parent % 4 === 0 ? undefined : `/${parent % index}`));
			const pins = pinned.map(index => pin(`/${index % images.length}`, 'content'));
			const graph = buildImageGraph(images, pins);
			const {removable} = abandonHead(graph, `/${head % images.length}`);
			const reached = new Set(pins.flatMap(({path}) => chainOf(graph, path)));
			const gone = new Set(removable);
			return removable.every(path => !reached.has(path))
				&& images.every(({path, backingPath}) => backingPath === undefined || !gone.has(backingPath) || gone.has(path));
		}), {numRuns: 2000});
	});
});
