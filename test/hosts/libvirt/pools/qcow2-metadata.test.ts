/** The bytes of an image that QEMU 7.2 made: backed by another, with two states inside and two bitmaps. What it says is what qemu-img info says of it. */
import {Buffer} from 'node:buffer';
import {gunzipSync} from 'node:zlib';
import test from 'ava';
import {parseBitmaps, parseHeader, parseTags} from '../../../../source/hosts/libvirt/pools/qcow2-metadata.ts';

const bytes = gunzipSync(Buffer.from('H4sIAAAAAAACAwt08/zNwMDAzAABK4CYF4g5wTxGBhhgglBsyFxGhDgfAw4AUsMCxAUwgUeVWqeAFGthcn65EZCh3KpRCqQkEGaBgQOEEoMLJCUWpyocXqkH0zcKqAlYRoNgpAJGOGRAIhlHA2YUjIJRMApGwSgYBaNgOAMOSKeOkYEzmzt4iYKm3Qc0BRIYvTooMEzLLCouUShJTEdWwAMzjw1knuK7pBvEmmdUnJqcn5cyGiV0BVywWGBm5IEkhkSFpMyS3MSC0bAZBaNgFIyC4QyEYOU/E/byXwRZHjxOmwQdhAUANWj3OkAWAAA=', 'base64'));

test('the header tells sizes, and the name and format of the backing file as they are written', t => {
	const {tags, bitmaps, ...header} = parseHeader(bytes)!;
	t.deepEqual(header, {
		version: 3, backingName: 'base é.qcow2', backingFormat: 'qcow2', dataFileName: undefined, clusterSizeBytes: 512, virtualSizeBytes: 65_536, isEncrypted: false, hasSubclusters: false, refcountBits: 16,
	});
	t.is(tags.count, 2);
	t.is(bitmaps.count, 2);
});

test('states and bitmaps inside are read from the tables that the header names', t => {
	const {tags, bitmaps} = parseHeader(bytes)!;
	t.deepEqual(parseTags(bytes.subarray(tags.offset), tags.count), [{name: 'first tag', memoryBytes: 0, createdAt: 1_795_904_420}, {name: 'second', memoryBytes: 0, createdAt: 1_795_904_420}]);
	t.deepEqual(parseBitmaps(bytes.subarray(bitmaps.offset), bitmaps.count), [{name: 'a bitmap', granularityBytes: 4096, flags: ['auto']}, {name: 'b2', granularityBytes: 4096, flags: ['auto']}]);
});

test('bytes that end too soon, or are of something else, are not guessed at', t => {
	t.is(parseHeader(bytes.subarray(0, 100)), undefined);
	t.is(parseHeader(Buffer.alloc(512)), undefined);
	const {tags, bitmaps} = parseHeader(bytes)!;
	t.is(parseTags(bytes.subarray(tags.offset, tags.offset + 50), tags.count), undefined);
	t.is(parseBitmaps(bytes.subarray(bitmaps.offset, bitmaps.offset + 30), bitmaps.count), undefined);
	const far = Buffer.from(bytes);
	far.writeBigUInt64BE(1_000_000n, 8);
	t.is(parseHeader(far), undefined);
});
