/** How the wishes for a new snapshot are typed. */
import test from 'ava';
import {parseDiskOptions, parseMemoryOption} from '../../../source/actions/create/arguments.ts';

test('memory is a mode, and a file where it is external', t => {
	t.deepEqual(parseMemoryOption(undefined), {ok: true, value: undefined});
	t.deepEqual(parseMemoryOption('no'), {ok: true, value: {mode: 'no'}});
	t.deepEqual(parseMemoryOption('external'), {ok: true, value: {mode: 'external'}});
	t.deepEqual(parseMemoryOption('external:/d/a:b c.mem'), {ok: true, value: {mode: 'external', path: '/d/a:b c.mem'}});
});

for (const text of ['', 'yes', 'internal:/m', 'no:/m', 'external:', 'EXTERNAL']) {
	test(`--memory ${JSON.stringify(text)} is refused with what is allowed`, t => {
		const parsed = parseMemoryOption(text);
		t.like(parsed, {ok: false, failure: {kind: 'usage', hint: 'It is one of: no, internal, external, external:FILE.'}});
	});
}

test('disks and the ways of their overlays come together by the disk', t => {
	t.deepEqual(parseDiskOptions(['vda=external:/d/x=no:y', 'vdb=no', '/d/c.qcow2=manual'], ['vda=existing', 'vdd=no-backing-file', 'vde=existing-with-data']), {
		ok: true,
		value: [
			{target: 'vda', mode: 'external', path: '/d/x=no:y', reuse: 'existing'},
			{target: 'vdb', mode: 'no'},
			{target: '/d/c.qcow2', mode: 'manual'},
			{target: 'vdd', mode: undefined, reuse: 'no-backing-file'},
			{target: 'vde', mode: undefined, reuse: 'existing-with-data'},
		],
	});
});

for (const [disks, reuses] of [
	[['vda'], []],
	[['=no'], []],
	[['vda=default'], []],
	[['vda=no:/x'], []],
	[['vda=internal:/x'], []],
	[['vda=no', 'vda=external'], []],
	[[], ['vda']],
	[[], ['=existing']],
	[[], ['vda=new']],
	[[], ['vda=existing', 'vda=existing']],
] as const) {
	test(`--disk ${disks.join(' ')} --reuse ${reuses.join(' ')} is refused`, t => {
		t.like(parseDiskOptions(disks, reuses), {ok: false, failure: {kind: 'usage'}});
	});
}
