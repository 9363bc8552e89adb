/**
What the net needs besides a random host for the actions whose plans depend on more than snapshots: an image that was moved, checkpoints with their bitmaps, and a folder of backups.
*/
import {posix} from 'node:path';
import type {Manifest} from '../../source/model/backup/manifest.ts';
import type {BackupFolder, Inventory} from '../../source/model/domain/inventory.ts';
import type {Action} from '../../source/model/plan/request.ts';
import {parseCheckpointXml} from '../../source/model/xml/parse-checkpoint.ts';
import {unknownImage} from '../../source/tools/files/qemu-img.ts';
import type {Keep} from '../../source/planner/folder/prune.ts';
import {makePoint} from './backup-points.ts';
import {checkpointXml} from './checkpoint-scene.ts';
import {unwrap} from './unwrap.ts';

export type NetScene = {world: Inventory; actions: Action[]};

const headsIn = ({details: {domain}}: Inventory) => domain.definition.disks.flatMap(({target, sourcePath}) => sourcePath === undefined ? [] : [{target, path: sourcePath}]);

/** The first image that has overlays is in another folder now. */
export function movedImage(world: Inventory, domain: Action['domain']): NetScene[] {
	const {details} = world;
	const from = details.images.find(({backingPath}) => backingPath !== undefined)?.backingPath;
	const moved = details.images.find(({path}) => path === from);
	if (from === undefined || moved === undefined) {
		return [];
	}

	const to = posix.join('/e', posix.basename(from));
	const overlays = details.images.filter(({backingPath}) => backingPath === from);
	const images = details.images.map(image => image.path === from
		? unknownImage(from, 'qcow2', {kind: 'missing'})
		: (overlays.includes(image) ? {...image, problems: [{kind: 'backing-missing' as const, backingPath: from}]} : image));
	return [{
		world: {...world, details: {...details, images: [...images, {...moved, path: to}]}},
		actions: [{
			kind: 'rebase', domain, links: overlays.map(({path}) => ({path, backingPath: to, backingFormat: 'qcow2'})), moved: [{from, to}],
		}],
	}];
}

/** c1 ← c2 on all heads; of the bitmaps of a third one there is no record. */
export function withCheckpoints(world: Inventory, domain: Action['domain']): NetScene {
	const {details, bare} = world;
	const heads = headsIn(world);
	const disks = heads.map(({target}) => target);
	const xmlOf = (index: number) => checkpointXml(`c${index}`, {createdAt: 1_790_000_000 + index, disks, ...(index > 1 && {parent: `c${index - 1}`})});
	const bitmaps = ['c1', 'c2', 'c3'].map(name => ({name, isUsable: true, granularityBytes: 65_536}));
	return {
		world: {
			...world,
			details: {
				...details,
				checkpoints: [1, 2].map(index => ({...unwrap(parseCheckpointXml(xmlOf(index))), isMeasured: true as const})),
				images: details.images.map(image => heads.some(({path}) => path === image.path) ? {...image, bitmaps} : image),
			},
			...(bare && {bare: {...bare, nodes: new Map([...bare.nodes].map(([target, node]) => [target, {...node, bitmaps: bitmaps.map(({name}) => ({name, isRecording: true, isBusy: false, isPersistent: true, isInconsistent: false, granularityBytes: 65_536, countBytes: 0}))}]))}}),
		},
		actions: [
			{kind: 'create-checkpoint', domain, checkpoint: 'new', description: 'before the audit', disks: []},
			{kind: 'create-checkpoint', domain, checkpoint: 'new', description: undefined, disks: [{target: disks[0]!, isIncluded: true, bitmap: 'b'}]},
			...(['one', 'with-children', 'children-only'] as const).flatMap((scope): Action[] => [true, false].map(isMetadataOnly => ({
				kind: 'delete-checkpoint', domain, checkpoint: 'c1', scope, isMetadataOnly,
			}))),
			{kind: 'redefine-checkpoint', domain, xml: xmlOf(3)},
		],
	};
}

/** Three points of a folder, a day apart: the second is built on the first. */
export function backupsOf(world: Inventory): BackupFolder {
	const disks = headsIn(world);
	const points = [makePoint('p1', null, 1), makePoint('p2', 'p1', 2), makePoint('p3', null, 3)].map((point): Manifest => ({
		...point,
		checkpoint: `c${point.point.slice(1)}`,
		domain: {name: world.details.domain.name, uuid: world.details.domain.uuid, definition: world.definitionXml},
		disks: disks.map(({target}) => ({
			...point.disks[0]!, disk: target, file: `${point.point}.${target}.qcow2`, backing: point.parent && `${point.parent}.${target}.qcow2`, virtualSizeBytes: 1024 ** 2,
		})),
	}));
	const names = new Set(points.flatMap(({point, disks: saved}) => [`${point}.json`, ...saved.map(({file}) => file)]));
	return {
		path: '/b', folder: {path: '/b', isWritable: true, freeBytes: 1024 ** 4, device: '2', names}, points, unreadable: [],
	};
}

/** Backups with and without checkpoints, and each point restored. */
export function withBackups(world: Inventory, domain: Action['domain']): NetScene {
	const backup: Action = {
		kind: 'backup', domain, to: '/b', since: {kind: 'latest'}, checkpoint: 'new', description: undefined, disks: [], isQuiesced: false, rateBytes: undefined,
	};
	const restore: Action = {
		kind: 'restore', domain, from: '/b', at: undefined, isVerified: true, currentState: {kind: 'keep', name: 'kept'}, endState: 'running',
	};
	return {
		world: {...world, backups: backupsOf(world)},
		actions: [
			backup,
			{...backup, since: {kind: 'full'}, isQuiesced: true, rateBytes: 1_000_000},
			{...backup, since: {kind: 'checkpoint', name: 'c2'}, checkpoint: undefined},
			restore,
			{...restore, at: 'p2', isVerified: false, currentState: {kind: 'discard'}, endState: 'shutoff'},
		],
	};
}

export const keeps: Keep[] = [{newest: 1, since: undefined}, {newest: 2, since: undefined}, {newest: undefined, since: new Date('2026-01-03')}];
