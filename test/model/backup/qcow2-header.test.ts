import {Buffer} from 'node:buffer';
import test from 'ava';
import {headerBytes, parseQcow2Header} from '../../../source/model/backup/qcow2-header.ts';

function header(change: (bytes: Buffer) => void = () => undefined): Buffer {
	const bytes = Buffer.alloc(headerBytes);
	bytes.writeUInt32BE(0x51_46_49_FB, 0);
	bytes.writeUInt32BE(3, 4);
	bytes.writeBigUInt64BE(4096n, 24);
	change(bytes);
	return bytes;
}

test('a header tells the size, and that there is nothing besides', t => {
	t.deepEqual(parseQcow2Header(header(), 'x'), {ok: true, value: {virtualSizeBytes: 4096, backing: undefined, hasDataFile: false, isEncrypted: false}});
});

test('a backing file, a data file and an encryption are told', t => {
	const parsed = parseQcow2Header(header(bytes => {
		bytes.writeBigUInt64BE(512n, 8);
		bytes.writeUInt32BE(11, 16);
		bytes.writeUInt32BE(2, 32);
		bytes.writeBigUInt64BE(4n, 72);
	}), 'x');
	t.deepEqual(parsed, {ok: true, value: {virtualSizeBytes: 4096, backing: {offset: 512, length: 11}, hasDataFile: true, isEncrypted: true}});
});

test('what is no header is refused', t => {
	for (const bytes of [
		Buffer.alloc(0),
		Buffer.alloc(headerBytes),
		header().subarray(0, 72),
		header(bytes => bytes.writeUInt32BE(4, 4)),
		header(bytes => {
			bytes.writeBigUInt64BE(512n, 8);
			bytes.writeUInt32BE(4_000_000_000, 16);
		}),
		header(bytes => {
			bytes.writeBigUInt64BE(2n ** 63n, 8);
			bytes.writeUInt32BE(5, 16);
		}),
	]) {
		t.false(parseQcow2Header(bytes, 'x').ok);
	}
});
