import {Buffer} from 'node:buffer';
import test from 'ava';
import fc from 'fast-check';
import {createFrameReader} from '../../../../source/hosts/shared/qmp/qmp-frames.ts';

function readAll(chunks: Uint8Array[], limitBytes?: number) {
	const reader = createFrameReader({...(limitBytes !== undefined && {limitBytes})});
	const frames: unknown[] = [];
	for (const chunk of chunks) {
		const read = reader.read(chunk);
		frames.push(...read.frames);
		if (read.problem) {
			return {frames, problem: read.problem};
		}
	}

	return {frames, problem: undefined, isInside: reader.isInside()};
}

function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
	const sorted = [0, ...places.map(place => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
	return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test('objects are read whole wherever their bytes are cut, with one reading or a thousand', t => {
	const object = fc.dictionary(fc.string({unit: 'grapheme'}), fc.jsonValue({stringUnit: 'grapheme'}));
	const blank = fc.constantFrom('\r\n', '\n', '', ' \t');
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.tuple(object, blank, fc.constantFrom(0, 4)), {maxLength: 6}), fc.array(fc.nat(), {maxLength: 40}), (items, places) => {
			// JSON has no -0: what comes back is compared with what JSON makes of it.
			const texts = items.map(([value, , indent]) => JSON.stringify(value, undefined, indent));
			const bytes = Buffer.from(items.map(([, end], index) => `${texts[index]}${end}`).join(''));
			const {frames, problem} = readAll(cut(bytes, places));
			return problem === undefined && JSON.stringify(frames) === JSON.stringify(texts.map(text => JSON.parse(text) as unknown));
		}));
	});
});

test('braces, quotes and backslashes inside texts end nothing', t => {
	const text = String.raw`{"a": "}{\"\\", "b{": ["\\\"}"]}`;
	t.deepEqual(readAll([Buffer.from(`${text}\r\n{"c":1}`)]).frames, [JSON.parse(text), {c: 1}]);
});

test('what is no object is a problem that tells what was seen, and objects before it count', t => {
	const {frames, problem} = readAll([Buffer.from('{"a":1}\nSSH-2.0-OpenSSH')]);
	t.deepEqual(frames, [{a: 1}]);
	t.is(problem?.seen, 'SSH-2.0-OpenSSH');
	t.is(readAll([Buffer.from('[1]')]).problem?.seen, '[1]');
	t.is(readAll([Buffer.from('{a}')]).problem?.seen, '{a}');
	t.truthy(readAll([Buffer.from([0xFF])]).problem);
});

test('an object that does not end is stopped at the limit', t => {
	t.truthy(readAll([Buffer.from('{"a":"'), Buffer.alloc(60, 'x'), Buffer.alloc(60, 'x')], 100).problem);
	t.falsy(readAll([Buffer.from('{"a":"'), Buffer.alloc(60, 'x')], 100).problem);
});

test('an object that has only begun is known as such', t => {
	t.true(readAll([Buffer.from('{"a":{"b":1}')]).isInside);
	t.false(readAll([Buffer.from('{"a":{"b":1}}\r')]).isInside);
});
