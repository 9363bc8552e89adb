/**
A number in guest memory that shows which memory a domain runs on: a boot sector sets it to 0 and adds one at each clock tick of the BIOS (18.2 a
second). A domain that was started anew counts from 0; one that was restored goes on from the saved value.
*/
import {Buffer} from 'node:buffer';
import {rm, writeFile} from 'node:fs/promises';
import {randomBytes} from 'node:crypto';
import path from 'node:path';
import {run, virsh, waitFor} from './run.ts';
import {imagesPath} from './settings.ts';

// Sets DS to 0 and the double word at 0x7000 to 0; then: hlt, add one, again.
const program = Buffer.from('31c08ed866c706007000000000fbf466ff060070ebf8', 'hex');

export async function writeBootSector(imagePath: string, format: string): Promise<void> {
	const sector = Buffer.alloc(512);
	program.copy(sector);
	sector.writeUInt16LE(0xAA_55, 510);
	const filePath = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.boot`);
	await writeFile(filePath, sector);
	await run('qemu-io', ['-f', format, '-c', `write -q -s ${filePath} 0 512`, imagePath]);
	await rm(filePath);
}

export async function readCounter(domain: {uuid: string}): Promise<number> {
	const text = await virsh('qemu-monitor-command', '--hmp', '--domain', domain.uuid, '--cmd', 'xp /1wx 0x7000');
	const match = /: 0x(?<value>[\da-f]{8})/.exec(text);
	if (!match?.groups?.value) {
		throw new Error(`No counter in: ${text}`);
	}

	return Number.parseInt(match.groups.value, 16);
}

export async function waitForCounter(domain: {uuid: string}, atLeast: number): Promise<void> {
	await waitFor(`the memory counter reaches ${atLeast}`, async () => await readCounter(domain) >= atLeast);
}
