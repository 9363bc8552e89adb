/**
Memory files are proven before anybody stops a domain. Here one file of libvirt's own becomes each kind in turn: compressed as libvirt would have
compressed it, with a header that does not fit, unfinished. Where the program that libvirt reads it with is hidden: on the lab's own libvirt only.
*/
import {Buffer} from 'node:buffer';
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start} from './domains.ts';
import {expectRefused, expectReverted} from './expect.ts';
import {readCounter} from './memory-counter.ts';
import {readError, report, revert} from './program.ts';
import {attempt, readLibvirtVersion, run} from './run.ts';
import {isOwnLibvirt} from './settings.ts';
import {markLive, takeMemorySnapshot} from './snapshots.ts';

test.before(startLab);

const headerBytes = 92;

/** The file as one of another kind: the header says `kind`, and `change` makes the stream. */
async function writeAs(memoryPath: string, original: Buffer, kind: number, change: (stream: Buffer) => Promise<Buffer> | Buffer = stream => stream): Promise<void> {
	const streamStart = headerBytes + original.readUInt32LE(20);
	const head = Buffer.from(original.subarray(0, streamStart));
	head.writeUInt32LE(kind, 28);
	await writeFile(memoryPath, Buffer.concat([head, await change(original.subarray(streamStart))]));
}

/** What `program` makes of it. By files: a stream is no text. */
async function compress(folder: string, program: string, stream: Buffer): Promise<Buffer> {
	const plain = path.join(folder, 'stream');
	await writeFile(plain, stream);
	await run('sh', ['-c', '"$1" -c <"$2" >"$2.out" && rm "$2"', 'sh', program, plain]);
	const made = await readFile(`${plain}.out`);
	await run('rm', [`${plain}.out`]);
	return made;
}

/** Nobody can run the program until the test ends, or the function that comes back is called. */
async function hide(t: ExecutionContext, program: string): Promise<() => Promise<void>> {
	const place = await run('sh', ['-c', `command -v ${program}`]);
	const show = async () => {
		await attempt('umount', [place.trim()]);
	};

	t.teardown(show);
	await run('mount', ['--bind', '/dev/null', place.trim()]);
	return show;
}

test('memory that libvirt could not resume from is refused before the power goes off, and the remedies help', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await markLive(domain, 1);
	const memoryPath = await takeMemorySnapshot(domain, 'm1');
	const original = await readFile(memoryPath);
	const act = async () => revert(domain, 'm1', {flags: ['--paused']});
	const isOld = await readLibvirtVersion() < 10_004_000;
	for (const [change, reason] of [
		[async () => writeAs(memoryPath, original, 7), /its memory has the format 7, which is not known here/],
		[async () => writeAs(memoryPath, original, 3, async stream => compress(domain.folder, 'gzip', stream)), /the memory is xz, but the content is not/],
		...(isOld
			? [[async () => writeAs(memoryPath, original, 5, async stream => compress(domain.folder, 'zstd', stream)), /its memory is zstd, which needs libvirt 10\.4 or newer/] as const]
			: []),
	] as const) {
		await change();
		const result = await act();
		t.is(result.exitCode, 3, report(result));
		t.regex(result.stderr, reason);
	}

	await writeAs(memoryPath, original, 6);
	await expectRefused(t, domain, act, /sparse, but it is an ordinary stream, as written by libvirt 11\.3: no version of libvirt can resume from it/);
	// The remedy of the last one, word for word.
	const {message} = readError(await act());
	const command = /(?<command>printf .* conv=notrunc);/.exec(message)?.groups?.command;
	await run('sh', ['-c', command!]);
	t.true(original.equals(await readFile(memoryPath)));
	await writeAs(memoryPath, original, 3, async stream => compress(domain.folder, 'xz', stream));
	if (isOwnLibvirt) {
		const show = await hide(t, 'xz');
		await expectRefused(t, domain, act, /it is compressed with xz, which cannot be run on the host.*Install it there \(Debian and Ubuntu: xz-utils\)/);
		await show();
	} else {
		t.log('The decompressor of another libvirt lies in its chroot: it is not hidden here, and the file is ordinary.');
		await writeFile(memoryPath, original);
	}

	const counter = await readCounter(domain);
	await expectReverted(t, domain, await act(), {digests, current: 'm1', state: 'paused'});
	t.true(await readCounter(domain) <= counter);
});
