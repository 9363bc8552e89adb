/** The beginnings of streams were recorded from memory files of libvirt 9.0 (gzip, bzip2, xz) and 11.3 (the others; zstd and lzop from their programs). */
import {Buffer} from 'node:buffer';
import test from 'ava';
import {memoryFormatOf, streamProblem} from '../../../source/model/domain/memory-format.ts';

const ordinary = '5145564d00000003070000000e70632d69343430'
	+ '66782d31302e300100000002037261'
	+ '6d000000000000000400000000040820';
const mapped = '5145564d00000003070000000e70632d6934343066782d31302e30051a'
	+ '636f6e66696775726174696f6e2f6361706162696c6974696573000000010000'
	+ '00010a6d61707065642d72616d0100000002037261';
const streams: Array<[number, string]> = [
	[0, ordinary],
	[1, '1f8b0800000000000003ec5d0f7814d5b5bf33fb6ff6'],
	[2, '425a683931415926535 9d1796b040298fc7fffff'.replace(' ', '')],
	[3, 'fd377a585a000004e6d6b44602002101140000'],
	[4, '894c5a4f000d0a1a0a1040208009400201'],
	[5, '28b52ffd0458350400027a3a20'],
	[6, mapped],
];

const check = (kind: number, stream: string) => streamProblem(memoryFormatOf(kind)!, Buffer.from(stream, 'hex'));

test('each kind of memory file fits its own stream and no other', t => {
	for (const [kind] of streams) {
		for (const [of, stream] of streams) {
			t.is(check(kind, stream) === undefined, kind === of, `kind ${kind}, stream of ${of}`);
		}
	}
});

test('an ordinary stream that is called sparse is told from a damaged file: its header can be corrected', t => {
	t.like(check(6, ordinary), {isMislabeled: true});
	t.like(check(6, '00000000'), {isMislabeled: false});
	t.like(check(0, mapped), {isMislabeled: false});
});

test('a stream that was cut off within its first bytes fits nothing, and numbers that libvirt never gave are no kind', t => {
	for (const [kind, stream] of streams) {
		t.truthy(check(kind, stream.slice(0, 2)));
		t.truthy(check(kind, ''));
	}

	for (const kind of [7, 255, -1, 1.5]) {
		t.is(memoryFormatOf(kind), undefined);
	}
});
