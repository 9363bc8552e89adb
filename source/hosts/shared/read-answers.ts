/**
What programs print, read the same way whoever asks.
*/
import type {Failure} from '../../model/failure.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import {versionNumber} from '../../model/text/format.ts';

export function stderrOf(failure: Failure): string {
	return failure.kind === 'tool-failed' ? failure.cause.stderr : '';
}

/** What virsh said, without its own `error: `; for failures of other kinds their usual words. */
export function reasonOf(failure: Failure): string {
	return failure.kind === 'tool-failed' ? stderrOf(failure).replaceAll(/^error: /gm, '').trim() : describeFailure(failure).message;
}

/** "9.0.0" as 9,000,000; 0 where it is not understood. */
export function parseVersion(text: string | undefined): number {
	const [, major, minor, release] = /(?<!\d)(\d{1,4})\.(\d{1,4})\.(\d{1,4})/.exec(text ?? '') ?? [];
	return major === undefined ? 0 : versionNumber(Number(major), Number(minor), Number(release));
}

/** `od -An -v -tx1` as bytes. */
export function parseHexDump(text: string): Uint8Array {
	return Uint8Array.from((text.match(/[\da-f]{2}/g) ?? []).map(byte => Number.parseInt(byte, 16)));
}
