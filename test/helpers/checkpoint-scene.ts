/** A domain with two disks in /d and checkpoints over them, whose bitmaps are in their images, for the planners of checkpoints. */
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Checkpoint} from '../../source/model/domain/snapshot.ts';
import type {Image} from '../../source/model/images/image.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import type {Result} from '../../source/model/result.ts';
import {parseCheckpointXml} from '../../source/model/xml/parse-checkpoint.ts';
import {image} from './images.ts';
import {inventory, now, uuid, type Scene} from './inventory.ts';
import {unwrap} from './unwrap.ts';

export const onWeb = {domain: {uuid, name: 'web'}};
export const given = {id: 'plan-1', now, workPath: '/w'};

export function checkpointXml(name: string, {parent, createdAt = 1_790_000_000, disks = ['vda', 'vdb']}: {parent?: string; createdAt?: number; disks?: string[]} = {}): string {
	return `<domaincheckpoint><name>${name}</name>${parent === undefined ? '' : `<parent><name>${parent}</name></parent>`}<creationTime>${createdAt}</creationTime>`
		+ `<disks>${disks.map(target => `<disk name='${target}' checkpoint='bitmap' bitmap='${name}'/>`).join('')}</disks></domaincheckpoint>`;
}

/** c1 ← c2 ← c3, a second apart. */
export const threeCheckpoints = (): Checkpoint[] => ['c1', 'c2', 'c3'].map((name, index) =>
	unwrap(parseCheckpointXml(checkpointXml(name, {createdAt: 1_790_000_000 + index, ...(index > 0 && {parent: `c${index}`})}))));

export function imageWith(path: string, bitmaps: string[], more: Partial<Image> = {}): Image {
	return image(path, undefined, {bitmaps: bitmaps.map(name => ({name, granularityBytes: 65_536, isUsable: true})), ...more});
}

export function withCheckpoints(more: Partial<Scene> = {}): Inventory {
	const checkpoints = more.checkpoints ?? [];
	const names = checkpoints.map(({name}) => name);
	return inventory({
		heads: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'},
		snapshots: [],
		images: [imageWith('/d/vda.qcow2', names), imageWith('/d/vdb.qcow2', names)],
		...more,
	});
}

/** Reasons and remedies in one text; empty where it is planned. */
export function refusedFor(planned: Result<Plan>): string {
	if (planned.ok) {
		return '';
	}

	return planned.failure.kind === 'refused' ? planned.failure.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join('\n') : planned.failure.kind;
}
