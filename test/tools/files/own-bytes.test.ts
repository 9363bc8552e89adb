import test from 'ava';
import {parseOwnBytes, readOwnBytes} from '../../../source/tools/files/own-bytes.ts';
import type {RunRequest, Runner} from '../../../source/tools/run/run.ts';

const extent = (length: number, more: Record<string, unknown>) => ({start: 0, length, depth: 0, ...more});

test('what a layer holds is its own data and its own zeros, and nothing of what is below it', t => {
	t.is(parseOwnBytes(JSON.stringify([
		extent(1024, {present: false, zero: true, data: false}),
		extent(512, {present: true, zero: true, data: false}),
		extent(64, {present: true, zero: false, data: true}),
		extent(4096, {depth: 1, present: true, zero: false, data: true}),
	])), 576);
	t.is(parseOwnBytes('[]'), 0);
});

test('a QEMU that does not say what is present is believed where it tells of data', t => {
	t.is(parseOwnBytes(JSON.stringify([extent(1024, {zero: true, data: false}), extent(64, {zero: false, data: true})])), 64);
});

test('an answer that cannot be read is no figure', t => {
	for (const answer of ['', 'null', '{}', '{"depth":0}']) {
		t.is(parseOwnBytes(answer), undefined, answer);
	}
});

test('the layer is opened alone, whatever its name looks like, on a device as well', async t => {
	const asked: RunRequest[] = [];
	const runner: Runner = async request => {
		asked.push(request);
		return {ok: true, value: {stdout: '[]', stderr: '', durationMs: 1}};
	};

	await readOwnBytes(runner, {path: '/d/-a,b:"c"', file: undefined});
	await readOwnBytes(runner, {path: '/dev/vg/o', file: {sizeBytes: 0, modifiedAt: '0', inode: '1', uid: 0, gid: 0, mode: 0o660, isRegular: false}});
	t.deepEqual(asked.map(({argv}) => argv), [
		['qemu-img', 'map', '-U', '--output=json', String.raw`json:{"driver":"qcow2","backing":null,"file":{"driver":"file","filename":"/d/-a,b:\"c\""}}`],
		['qemu-img', 'map', '-U', '--output=json', 'json:{"driver":"qcow2","backing":null,"file":{"driver":"host_device","filename":"/dev/vg/o"}}'],
	]);
});
