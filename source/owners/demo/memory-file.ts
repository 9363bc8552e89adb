/**
The bytes of a saved memory file: libvirt's header of 92 bytes, the domain's XML, and then QEMU's stream, which the demo leaves out.
*/
import {Buffer} from 'node:buffer';
import type {DemoFile} from './world.ts';
import {formatXml} from './xml-node.ts';

const headerBytes = 92;
/** QEMU's migration stream begins like this: "QEVM" and its version. */
const streamStart = Buffer.from([0x51, 0x45, 0x56, 0x4D, 0, 0, 0, 3]);

/** Empty for anything that is no memory file. */
export function readMemoryBytes(file: DemoFile): Buffer {
	if (!file.memory) {
		return Buffer.alloc(0);
	}

	const xml = Buffer.from(`${formatXml(file.memory)}\0`);
	const header = Buffer.alloc(headerBytes);
	header.write('LibvirtQemudSave', 0, 'latin1');
	header.writeUInt32LE(2, 16);
	header.writeUInt32LE(xml.length, 20);
	header.writeUInt32LE(1, 24);
	return Buffer.concat([header, xml, streamStart]);
}
