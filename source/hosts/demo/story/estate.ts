/**
The estate of the demo host: a shop's machines as one finds them, with branches, memory snapshots, checkpoints, and some trouble.
*/
import {addFile, addFolder, type DemoWorld} from '../simulator/world.ts';
import {tellBackups} from './backups.ts';
import {chores} from './chores.ts';
import type {DomainStory} from './domain-story.ts';
import {golden, plainDomains} from './plain.ts';
import {gibibyte, hourMs, images, tell} from './tell.ts';
import {troubles} from './troubles.ts';

type LoggedBackup = {domain: {uuid: string; name: string}; folder: string; atMs: number};

const isoPath = `${images}/iso/debian-12.7.0-amd64-netinst.iso`;
const templatePath = `${images}/templates/debian-12.qcow2`;

const shop: DomainStory[] = [
	// A web server with a fork: the upgrade was tried twice, on two branches, and the old line went on.
	[
		{
			name: 'web', title: 'Shop front', state: 'running', agent: 'answers', memoryMiB: 4096, cpus: 4, disks: [{gib: 40, used: 0.35}, {gib: 200, used: 0.42}],
			description: 'nginx + php-fpm for shop.example. vda: system, vdb: /srv. Owner: Ines',
		},
		[
			{snapshot: 's1', hoursAgo: 960, description: 'clean install, hardened, before any content', gib: 3.1},
			{snapshot: 's2', hoursAgo: 500, description: 'shop 4.1 live', gib: 6.4},
			{snapshot: 's3', hoursAgo: 220, description: 'after the TLS renewal, all green', gib: 1.2},
			{backTo: 's1', hoursAgo: 160, gib: 0.9},
			{snapshot: 'before-upgrade', hoursAgo: 158, description: 'PHP 8.2 still in place. Do NOT delete before the audit', gib: 2.2},
			{snapshot: 'after-upgrade', hoursAgo: 150, description: 'PHP 8.4: checkout is slow, see ticket 4711', gib: 0.6},
			{backTo: 's1', hoursAgo: 72, gib: 0.4},
			{snapshot: 'hotfix', hoursAgo: 70, description: 'only the security patch on the clean install', gib: 0.3},
			{backTo: 's3', hoursAgo: 26, gib: 1.8},
		],
	],
	// A database that is snapshotted with its memory, and backed up incrementally from checkpoints.
	[
		{
			name: 'db', title: 'PostgreSQL primary', state: 'running', agent: 'answers', memoryMiB: 16_384, cpus: 8, disks: [{gib: 60, used: 0.2}, {gib: 500, used: 0.61}],
			folder: '/data/vm/db', description: 'PostgreSQL 15 for shop and ERP. Snapshots WITH memory only, ask Tomasz first',
		},
		[
			{snapshot: 'before-migration', hoursAgo: 410, kind: 'memory', description: 'schema 118, memory included', gib: 9.5},
			{snapshot: 'after-migration', hoursAgo: 406, kind: 'memory', description: 'schema 119, first night without errors', gib: 31},
			{snapshot: 'tuning', hoursAgo: 90, description: 'shared_buffers 4 GB; disks only', gib: 12},
			{checkpoint: 'daily-1', hoursAgo: 62, description: 'full backup of Monday'},
			{checkpoint: 'daily-2', hoursAgo: 38, parent: 'daily-1'},
			{checkpoint: 'daily-3', hoursAgo: 14, parent: 'daily-2'},
		],
	],
	[
		{name: 'build', description: 'Package builder. Paused while the mirror is being synced', state: 'paused', memoryMiB: 8192, cpus: 8, disks: [{gib: 80, used: 0.5}], isoPath},
		[
			{snapshot: 'toolchain-13', hoursAgo: 700, description: 'gcc 13, ccache warm', gib: 5.5},
			{snapshot: 'toolchain-14', hoursAgo: 120, kind: 'memory', description: 'gcc 14, in the middle of a build', gib: 2.4},
		],
	],
	// Internal snapshots, as virt-manager made them for years.
	[
		{name: 'legacy', title: 'Old ERP', description: 'CentOS 7, frozen until the ERP is gone. Internal snapshots only', memoryMiB: 4096, disks: [{gib: 60, used: 0.7}]},
		[
			{snapshot: 'installed', hoursAgo: 20_000, kind: 'internal', description: 'as delivered by the vendor'},
			{snapshot: 'year-end-2024', hoursAgo: 9000, kind: 'internal', description: 'closed books'},
			{snapshot: 'year-end-2025', hoursAgo: 1500, kind: 'internal', description: 'closed books'},
			{snapshot: 'before-export', hoursAgo: 200, kind: 'internal'},
		],
		world => {
			world.files.get(`${images}/legacy-vda.qcow2`)!.modifiedAtMs = world.now().getTime() - 30 * hourMs;
		},
	],
	// Two linked clones of one read-only template.
	[
		{name: 'clone-a', description: 'Linked clone of templates/debian-12', state: 'running', disks: [{gib: 20, used: 0.04, onPath: templatePath}]},
		[{snapshot: 'fresh', hoursAgo: 48, description: 'right after cloning', gib: 0.5}],
	],
	[{name: 'clone-b', description: 'Linked clone of templates/debian-12', disks: [{gib: 20, used: 0.02, onPath: templatePath}]}],
];

/** Gives what the log of actions tells of it. */
export function buildEstate(world: DemoWorld): LoggedBackup {
	world.fileSystems.push(
		{mount: '/', id: 'f5fd79e81c20445c', freeBytes: 412 * gibibyte},
		{mount: '/data', id: '9c41a07be2d3f811', freeBytes: 638 * gibibyte},
		{mount: '/backup', id: '51d0c2b97fe80a36', freeBytes: 5300 * gibibyte},
	);
	addFolder(world, `${images}/iso`);
	addFile(world, {path: isoPath, format: 'raw', virtualSizeBytes: 661_651_456, allocatedBytes: 661_651_456});
	addFolder(world, `${images}/templates`);
	addFile(world, {
		path: templatePath, virtualSizeBytes: 20 * gibibyte, allocatedBytes: 1_879_048_192, mode: 0o444, modifiedAtMs: world.now().getTime() - 3000 * hourMs,
	});
	for (const story of [...shop, ...chores, ...troubles, golden, ...plainDomains]) {
		tell(world, story);
	}

	// A folder for each machine that somebody has set up for backups, most of them still empty.
	for (const name of ['web', 'git', 'log', 'chat']) {
		addFolder(world, `/backup/${name}`);
	}

	const domain = [...world.domains.values()].find(({name}) => name === 'db')!;
	return {domain, ...tellBackups(world, domain)};
}
