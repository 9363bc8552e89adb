import {Buffer} from 'node:buffer';
import test from 'ava';
import {readMemoryFile} from '../../../../source/hosts/libvirt/read/read-memory.ts';
import {createVirsh} from '../../../../source/hosts/libvirt/virsh.ts';
import {fakeRunner, fixture} from '../fixture.ts';

const headerBytes = 92;
const dump = (bytes: Uint8Array) => [...bytes].map(byte => ` ${byte.toString(16).padStart(2, '0')}`).join('');

/** A host with one memory file of this kind. `exitCode`: how the run of its decompressor ends; 127: the shell at the other end did not find it. */
async function read(kind: number, stream: string, exitCode = 0) {
	const header = Buffer.alloc(headerBytes);
	header.write('LibvirtQemudSave');
	header.writeUInt32LE(2, 16);
	header.writeUInt32LE(100, 20);
	header.writeUInt32LE(kind, 28);
	const path = '/d/it\'s.mem';
	const runner = fakeRunner(argv => {
		const [name] = argv;
		switch (name) {
			case 'stat': {
				return {stdout: `${path}\0${'9999'}\0${'1790000000.5'}\0${'1:2'}\0${'0'}\0${'0'}\0${'600'}\0regular file\0${'1'}\0`};
			}

			case 'od': {
				const from = Number(argv[argv.indexOf('-j') + 1]);
				return {stdout: dump(from === 0 ? header : Buffer.from(stream, 'hex'))};
			}

			case 'virsh': {
				return {stdout: fixture('libvirt-9.0/save-image.xml')};
			}

			default: {
				return {exitCode};
			}
		}
	});
	const facts = await readMemoryFile({runner, virsh: createVirsh({runner, uri: 'x', isReadOnly: false}), path, secrets: []});
	return {facts, programs: runner.requests.map(({argv}) => argv[0])};
}

test('the program that libvirt reads a compressed stream with has to be there, and is named with its package', async t => {
	const {facts} = await read(4, '894c5a4f000d0a1a', 127);
	t.like(facts, {kind: 'bad', reason: 'it is compressed with lzop, which cannot be run on the host'});
	t.regex(facts.kind === 'bad' ? facts.remedy ?? '' : '', /^Install it there \(Debian and Ubuntu: lzop\)/);
});

test('a program that runs is there, whatever it ends with, and an ordinary stream needs none', async t => {
	for (const exitCode of [0, 1, 2]) {
		const {facts} = await read(2, '425a6839', exitCode);
		t.like(facts, {kind: 'good', format: {name: 'bzip2'}});
	}

	const {programs} = await read(0, '5145564d00000003');
	t.deepEqual([...new Set(programs)], ['stat', 'od', 'virsh']);
});

test('the remedy for an ordinary stream that is called sparse names the byte, and the file so that a shell takes it', async t => {
	const {facts} = await read(6, '5145564d00000003');
	t.regex(facts.kind === 'bad' ? facts.remedy ?? '' : '', /printf '\\0' \| dd of='\/d\/it'\\''s\.mem' bs=1 seek=28 conv=notrunc/);
});
