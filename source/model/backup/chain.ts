/**
Which files of a folder of backups a disk of a point is read from, by the manifests alone.
*/
import {posix} from 'node:path';
import {fail, succeed, type Result} from '../result.ts';
import type {BackedUpDisk, Manifest} from './manifest.ts';

/** A disk's file and whose it is. */
export type ChainLink = BackedUpDisk & {point: string};

export function linksByFile(points: readonly Manifest[]): Map<string, ChainLink> {
	return new Map(points.flatMap(({point, disks}) => disks.map(disk => [disk.file, {...disk, point}] as const)));
}

/** From the file itself down to a full one. Fails with `unreadable` where a link has no manifest, or leads back. */
export function chainOf(links: ReadonlyMap<string, ChainLink>, file: string): Result<ChainLink[]> {
	const chain: ChainLink[] = [];
	for (let next: string | null = file; next !== null; next = chain.at(-1)!.backing) {
		const link = links.get(next);
		if (link === undefined) {
			return fail({kind: 'unreadable', what: file, reason: `it is built on ${next}, which no manifest of the folder names`});
		}

		if (chain.includes(link)) {
			return fail({kind: 'unreadable', what: file, reason: `it is built on ${next}, which is built on it`});
		}

		chain.push(link);
	}

	return succeed(chain);
}

/**
For qemu-img: each layer is named here, with its format, so that no name in a header is followed. Built from the bottom up, because a chain may be long.
*/
export function chainSpec(folder: string, files: readonly string[]): string {
	let spec = 'null';
	for (const file of [...files].reverse()) {
		spec = `{"driver":"qcow2","file":{"driver":"file","filename":${JSON.stringify(posix.join(folder, file))}},"backing":${spec}}`;
	}

	return `json:${spec}`;
}
