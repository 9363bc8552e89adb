import test from 'ava';
import {joinNames} from '../../../../source/hosts/libvirt/read/read-snapshot-documents.ts';

const row = (name: string) => ` ${name}   2026-11-27 17:04:19 +0000   shutoff\n`;

test('names that hold line ends are put together by the rows of the table', t => {
	const table = [String.raw`\x0a`, 'x', String.raw`x\x0ay`, String.raw`y\x0dz`].map(name => row(name)).join('');
	t.deepEqual(joinNames(['', '', 'x', 'x', 'y', 'y\rz'], table), ['\n', 'x', 'x\ny', 'y\rz']);
});

test('a backslash in a name is no line end', t => {
	t.deepEqual(joinNames([String.raw`a\x0ab`], row(String.raw`a\x5cx0ab`)), [String.raw`a\x0ab`]);
});

test('a list and a table of different moments are not put together', t => {
	t.is(joinNames(['x', 'y'], row('x')), undefined);
	t.is(joinNames(['x'], row(String.raw`x\x0ay`)), undefined);
});
