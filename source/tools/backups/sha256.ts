/**
The SHA-256 of a file of the host.
*/
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

/** Large files take their time: 200 MB/s is slow. */
const hashTimeoutMs = 24 * 3_600_000;

/** In hexadecimal. */
export async function sha256Of(runner: Runner, path: string): Promise<Result<string>> {
	const hash = await runner({argv: ['sha256sum', '-b', '--', path], where: 'host', timeoutMs: hashTimeoutMs});
	if (!hash.ok) {
		return hash;
	}

	// A name with a backslash or a line end has a backslash before its sum.
	const [, sha256] = /^\\?([\da-f]{64}) /.exec(hash.value.stdout) ?? [];
	return sha256 === undefined ? fail({kind: 'host-not-understood', what: `What sha256sum says about ${path}`, reason: 'it is no checksum'}) : succeed(sha256);
}
