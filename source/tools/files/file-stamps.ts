/**
What tells whether a file is still the one that was made, and as it was made: identity, size, time of change, and the room that it takes.
*/
import type {FileStamp} from '../../engine/ports.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

const stampFields = 7;
/** Name, device and inode, size, time of change, blocks, the size of a block, and names; each ended by NUL. */
const stampFormat = String.raw`%n\0%d:%i\0%s\0%.9Y\0%b\0%B\0%h\0`;

/** Output of `stat --printf` with the format above. */
function parseFileStamps(stdout: string): FileStamp[] {
	const fields = stdout.split('\0');
	const stamps: FileStamp[] = [];
	for (let index = 0; index + stampFields <= fields.length; index += stampFields) {
		const [path, inode, size, modifiedAt, blocks, blockBytes, nameCount] = fields.slice(index, index + stampFields) as [string, string, string, string, string, string, string];
		stamps.push({
			path, inode, sizeBytes: Number(size), modifiedAt, allocatedBytes: Number(blocks) * Number(blockBytes), ...(Number(nameCount) > 1 && {hasOtherNames: true}),
		});
	}

	return stamps;
}

/** Those that are there; a link is not followed. Fails only where the host cannot be asked. */
export async function readFileStamps(runner: Runner, paths: readonly string[]): Promise<Result<FileStamp[]>> {
	if (paths.length === 0) {
		return succeed([]);
	}

	// It ends with 1 where one of the files is missing, after it has told of all the others.
	const result = await runner({argv: ['stat', '--printf', stampFormat, '--', ...paths], where: 'host', timeoutMs: 30_000, acceptedExitCodes: [1]});
	return result.ok ? succeed(parseFileStamps(result.value.stdout)) : result;
}
