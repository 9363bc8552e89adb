/**
The SHA-256 of a file of the host.
*/
import {createHash} from 'node:crypto';
import {createReadStream} from 'node:fs';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

/** Large files take their time: 200 MB/s is slow. */
const hashTimeoutMs = 24 * 3_600_000;

/** Large enough that reading does not take longer than the sum itself. */
const pieceBytes = 1_048_576;

/** As sha256sum prints it, in less than half of its time: OpenSSL has the processor's own instructions for it. */
async function sumHere(path: string, signal?: AbortSignal): Promise<string | undefined> {
	try {
		const hash = createHash('sha256');
		for await (const piece of createReadStream(path, {highWaterMark: pieceBytes, signal})) {
			hash.update(piece as Uint8Array);
		}

		return `${hash.digest('hex')} *\n`;
	} catch {
		return undefined;
	}
}

/** In hexadecimal. `signal`: aborted, it is given up. */
export async function sha256Of(runner: Runner, path: string, signal?: AbortSignal): Promise<Result<string>> {
	const hash = await runner({argv: ['sha256sum', '-b', '--', path], where: 'host', timeoutMs: hashTimeoutMs, signal, inProcess: async () => sumHere(path, signal)});
	if (!hash.ok) {
		return hash;
	}

	// A name with a backslash or a line end has a backslash before its sum.
	const [, sha256] = /^\\?([\da-f]{64}) /.exec(hash.value.stdout) ?? [];
	return sha256 === undefined ? fail({kind: 'host-not-understood', what: `What sha256sum says about ${path}`, reason: 'it is no checksum'}) : succeed(sha256);
}
