/**
Points of a folder of backups, each with one disk, for tests of what is done with them.
*/
import type {Manifest} from '../../source/model/backup/manifest.ts';

/** Built on another point, or whole. */
export const makePoint = (point: string, parent: string | null, day = 1): Manifest => ({
	format: 'vsnap-tui-backup',
	version: 1,
	point,
	createdAt: new Date(Date.UTC(2026, 0, day)).toISOString(),
	parent,
	since: null,
	checkpoint: null,
	consistency: 'off',
	description: null,
	domain: {name: 'web', uuid: '3b2bb9a2-4b3f-4f2f-8d1e-0d5d8a3c9b11', definition: '<domain/>'},
	disks: [{disk: 'vda', kind: parent === null ? 'full' : 'incremental', file: `${point}.vda.qcow2`, virtualSizeBytes: 1_000_000, backing: parent === null ? null : `${parent}.vda.qcow2`, sizeBytes: 1000, sha256: 'a'.repeat(64)}],
	extras: [],
});

/** p1 is whole, each other is built on the one before, a day later. */
export const makePoints = (count: number): Manifest[] => Array.from({length: count}, (_, index) => makePoint(`p${index + 1}`, index === 0 ? null : `p${index}`, index + 1));
