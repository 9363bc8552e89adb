/**
The estate of the demo host: a shop's machines as one finds them, with branches, memory snapshots, checkpoints, and some trouble. All dates are
told as hours before now.
*/
import {addChores} from './estate-chores.ts';
import {addGolden, addPlainDomains} from './estate-plain.ts';
import {addTroubles} from './estate-troubles.ts';
import {
	addDomain, checkpoint, goBack, snapshot,
} from './scene.ts';
import {addFile, addFolder, type DemoWorld} from './world.ts';

const gibibyte = 1024 ** 3;

export function buildEstate(world: DemoWorld): void {
	world.fileSystems.push(
		{mount: '/', id: 'f5fd79e81c20445c', freeBytes: 412 * gibibyte, totalBytes: 1800 * gibibyte},
		{mount: '/data', id: '9c41a07be2d3f811', freeBytes: 138 * gibibyte, totalBytes: 3600 * gibibyte},
	);
	addFolder(world, '/var/lib/libvirt/images');
	addFolder(world, '/var/lib/libvirt/images/iso');
	addFile(world, {
		path: '/var/lib/libvirt/images/iso/debian-12.7.0-amd64-netinst.iso', format: 'raw', virtualSizeBytes: 661_651_456, allocatedBytes: 661_651_456, mode: 0o644,
	});
	addWeb(world);
	addDatabase(world);
	addBuild(world);
	addLegacy(world);
	addClones(world);
	addChores(world);
	addTroubles(world);
	addGolden(world);
	addPlainDomains(world);
}

/** A web server with a fork: the upgrade was tried twice, on two branches, and the old line went on. */
function addWeb(world: DemoWorld): void {
	const web = addDomain(world, {
		name: 'web',
		title: 'Shop front',
		description: 'nginx + php-fpm for shop.example. vda: system, vdb: /srv. Owner: Ines',
		state: 'running',
		agent: 'answers',
		memoryMiB: 4096,
		cpus: 4,
		disks: [{gib: 40, used: 0.35}, {gib: 200, used: 0.42}],
	});
	snapshot(world, web, 's1', {hoursAgo: 960, description: 'clean install, hardened, before any content', gib: 3.1});
	snapshot(world, web, 's2', {hoursAgo: 500, description: 'shop 4.1 live', gib: 6.4});
	snapshot(world, web, 's3', {hoursAgo: 220, description: 'after the TLS renewal, all green', gib: 1.2});
	goBack(world, web, 's1', {hoursAgo: 160, gib: 0.9});
	snapshot(world, web, 'before-upgrade', {hoursAgo: 158, description: 'PHP 8.2 still in place. Do NOT delete before the audit', gib: 2.2});
	snapshot(world, web, 'after-upgrade', {hoursAgo: 150, description: 'PHP 8.4: checkout is slow, see ticket 4711', gib: 0.6});
	goBack(world, web, 's1', {hoursAgo: 72, gib: 0.4});
	snapshot(world, web, 'hotfix', {hoursAgo: 70, description: 'only the security patch on the clean install', gib: 0.3});
	goBack(world, web, 's3', {hoursAgo: 26, gib: 1.8});
}

/** A database that is snapshotted with its memory, and backed up incrementally from checkpoints. */
function addDatabase(world: DemoWorld): void {
	const database = addDomain(world, {
		name: 'db',
		title: 'PostgreSQL primary',
		description: 'PostgreSQL 15 for shop and ERP. Snapshots WITH memory only, ask Tomasz first',
		state: 'running',
		agent: 'answers',
		memoryMiB: 16_384,
		cpus: 8,
		folder: '/data/vm/db',
		disks: [{gib: 60, used: 0.2}, {gib: 500, used: 0.61}],
	});
	snapshot(world, database, 'before-migration', {hoursAgo: 410, kind: 'memory', description: 'schema 118, memory included', gib: 9.5});
	snapshot(world, database, 'after-migration', {hoursAgo: 406, kind: 'memory', description: 'schema 119, first night without errors', gib: 31});
	snapshot(world, database, 'tuning', {hoursAgo: 90, description: 'shared_buffers 4 GB; disks only', gib: 12});
	checkpoint(world, database, 'daily-1', {hoursAgo: 62, description: 'full backup of Monday'});
	checkpoint(world, database, 'daily-2', {hoursAgo: 38, parent: 'daily-1'});
	checkpoint(world, database, 'daily-3', {hoursAgo: 14, parent: 'daily-2'});
}

function addBuild(world: DemoWorld): void {
	const build = addDomain(world, {
		name: 'build',
		description: 'Package builder. Paused while the mirror is being synced',
		state: 'paused',
		memoryMiB: 8192,
		cpus: 8,
		disks: [{gib: 80, used: 0.5}],
		isoPath: '/var/lib/libvirt/images/iso/debian-12.7.0-amd64-netinst.iso',
	});
	snapshot(world, build, 'toolchain-13', {hoursAgo: 700, description: 'gcc 13, ccache warm', gib: 5.5});
	snapshot(world, build, 'toolchain-14', {hoursAgo: 120, kind: 'memory', description: 'gcc 14, in the middle of a build', gib: 2.4});
}

/** Internal snapshots, as virt-manager made them for years. */
function addLegacy(world: DemoWorld): void {
	const legacy = addDomain(world, {
		name: 'legacy', title: 'Old ERP', description: 'CentOS 7, frozen until the ERP is gone. Internal snapshots only', memoryMiB: 4096, disks: [{gib: 60, used: 0.7}],
	});
	snapshot(world, legacy, 'installed', {hoursAgo: 20_000, kind: 'internal', description: 'as delivered by the vendor'});
	snapshot(world, legacy, 'year-end-2024', {hoursAgo: 9000, kind: 'internal', description: 'closed books'});
	snapshot(world, legacy, 'year-end-2025', {hoursAgo: 1500, kind: 'internal', description: 'closed books'});
	snapshot(world, legacy, 'before-export', {hoursAgo: 200, kind: 'internal'});
	const image = [...world.files.values()].find(file => file.tags.length > 0);
	image!.modifiedAtMs = world.now().getTime() - 3_600_000 * 30;
}

/** Two linked clones of one read-only template. */
function addClones(world: DemoWorld): void {
	const templatePath = '/var/lib/libvirt/images/templates/debian-12.qcow2';
	addFolder(world, '/var/lib/libvirt/images/templates');
	addFile(world, {
		path: templatePath, virtualSizeBytes: 20 * gibibyte, allocatedBytes: 1_879_048_192, mode: 0o444, modifiedAtMs: world.now().getTime() - 3_600_000 * 3000,
	});
	const first = addDomain(world, {
		name: 'clone-a', description: 'Linked clone of templates/debian-12', state: 'running', disks: [{gib: 20, used: 0.04, onPath: templatePath}],
	});
	addDomain(world, {name: 'clone-b', description: 'Linked clone of templates/debian-12', disks: [{gib: 20, used: 0.02, onPath: templatePath}]});
	snapshot(world, first, 'fresh', {hoursAgo: 48, description: 'right after cloning', gib: 0.5});
}
