import test from 'ava';
import {formatBlockdev, parseBlockdev} from '../../../source/model/qemu/block-options.ts';
import {unwrap} from '../../helpers/unwrap.ts';

test('both forms are one tree of options, and are written as they were', t => {
	for (const text of ['driver=qcow2,node-name=n,file.driver=file,file.filename=/a,,b', '{"driver":"qcow2","file":{"driver":"file","filename":"/a,b"}}']) {
		const node = unwrap(parseBlockdev(text));
		t.like(node.options, {driver: 'qcow2', file: {driver: 'file', filename: '/a,b'}});
		t.is(formatBlockdev(node), text);
	}
});

test('names that every object has change no other object', t => {
	for (const text of ['driver=raw,__proto__.isReadOnly=on', 'constructor.prototype.isReadOnly=on', 'toString.x=1']) {
		t.false(parseBlockdev(text).ok, text);
	}

	const other: Record<string, unknown> = {};
	t.is(other.isReadOnly, undefined);
});

test('options that are nested without an end are not understood', t => {
	t.false(parseBlockdev(`${'{"file":'.repeat(50_000)}{}${'}'.repeat(50_000)}`).ok);
	t.false(parseBlockdev(`driver=raw,${'file.'.repeat(50_000)}driver=file`).ok);
});
