/**
How much of the guest's disk one qcow2 layer holds by itself. The layer is opened without its backing file, so nothing below it is read, and a running QEMU
below it is not disturbed.
*/
import type {Image} from '../../model/images/image.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

const readTimeoutMs = 60_000;

/** One piece of `qemu-img map --output=json`. `present` came with QEMU 6.1. */
type Extent = {length?: number; depth?: number; present?: boolean; data?: boolean};

/** Zeros that the layer holds count as well: they hide what is below them. */
function isOwn({depth, present, data}: Extent): boolean {
	return depth === 0 && (present ?? data ?? true);
}

/** Bytes of the guest's disk that are read from this layer, whatever is below it. Undefined: it cannot be told. */
export function parseOwnBytes(stdout: string): number | undefined {
	try {
		const extents = JSON.parse(stdout) as Extent[];
		return extents.filter(extent => isOwn(extent)).reduce((sum, {length = 0}) => sum + length, 0);
	} catch {
		return undefined;
	}
}

/** Undefined where the image cannot be opened. Fails only where the host cannot be asked. */
export async function readOwnBytes(runner: Runner, {path, file}: Pick<Image, 'path' | 'file'>): Promise<Result<number | undefined>> {
	const alone = `json:${JSON.stringify({driver: 'qcow2', backing: null, file: {driver: file?.isRegular === false ? 'host_device' : 'file', filename: path}})}`;
	const answer = await runner({argv: ['qemu-img', 'map', '-U', '--output=json', alone], where: 'host', timeoutMs: readTimeoutMs});
	if (answer.ok) {
		return succeed(parseOwnBytes(answer.value.stdout));
	}

	return answer.failure.kind === 'tool-failed' ? succeed(undefined) : answer;
}
