/**
The part of the demo estate that somebody should tidy up: long chains to merge, leftovers, records that are wrong, and a base image that was moved.
*/
import {addDomain, snapshot} from './scene.ts';
import {makeOverlay} from './snapshots.ts';
import {addFile, addFolder, type DemoWorld} from './world.ts';

const hourMs = 3_600_000;
const images = '/var/lib/libvirt/images';

export function addChores(world: DemoWorld): void {
	addChains(world);
	addInsideRunning(world);
	addLeftover(world);
	addMovedBase(world);
	addWrongRecord(world);
	addNamelessFormat(world);
}

/** Snapshots that nobody needs any more, with much written since: one domain runs, the other is off. */
function addChains(world: DemoWorld): void {
	const nextcloud = addDomain(world, {
		name: 'nextcloud', state: 'running', memoryMiB: 4096, folder: '/data/vm/nextcloud', disks: [{gib: 30}, {gib: 1000, used: 0.4}],
	});
	snapshot(world, nextcloud, 'before-29', {hoursAgo: 900, description: 'Nextcloud 28, can go', gib: 22});
	snapshot(world, nextcloud, 'before-30', {hoursAgo: 300, description: 'Nextcloud 29', gib: 3});
	snapshot(world, nextcloud, 'before-patches', {hoursAgo: 27, description: 'monthly updates', gib: 0.3});
	const staging = addDomain(world, {
		name: 'staging-db', description: 'Copy of db, masked. Started on demand', memoryMiB: 8192, folder: '/data/vm/staging', disks: [{gib: 60}, {gib: 500, used: 0.1}],
	});
	snapshot(world, staging, 'masked-september', {hoursAgo: 1700, description: 'copy of September', gib: 31});
	snapshot(world, staging, 'masked-october', {hoursAgo: 700, description: 'copy of October', gib: 4});
}

/** Internal snapshots with memory, of a domain that runs on. */
function addInsideRunning(world: DemoWorld): void {
	const radius = addDomain(world, {name: 'radius', state: 'running', memoryMiB: 1024, disks: [{gib: 10}]});
	snapshot(world, radius, 'eap-tls', {hoursAgo: 700, kind: 'internal', description: 'with memory, inside the image'});
	snapshot(world, radius, 'before-ca', {hoursAgo: 200, kind: 'internal', description: 'before the new CA'});
}

/** An overlay that was made by hand on a frozen image, and forgotten. */
function addLeftover(world: DemoWorld): void {
	const wiki = addDomain(world, {name: 'wiki', state: 'running', disks: [{gib: 30, used: 0.4}]});
	snapshot(world, wiki, 'before-patches', {hoursAgo: 36, description: 'monthly updates', gib: 0.3});
	makeOverlay(world, {
		path: `${images}/wiki-vda.try-2`, basePath: `${images}/wiki-vda.qcow2`, atMs: world.now().getTime() - 12 * hourMs, allocatedBytes: 2_900_361_216,
	});
}

/** Somebody tidied the folder, and the base went along. */
function addMovedBase(world: DemoWorld): void {
	const fedora = addDomain(world, {name: 'test-fedora', disks: [{gib: 25}]});
	snapshot(world, fedora, 'before-43', {hoursAgo: 700, description: 'Fedora 42', gib: 6});
	const base = world.files.get(`${images}/test-fedora-vda.qcow2`)!;
	world.files.delete(base.path);
	addFolder(world, `${images}/old`);
	addFile(world, {...base, path: `${images}/old/test-fedora-vda.qcow2`});
}

/** Somebody took `virsh snapshot-current NAME` for a revert: the record says one thing, the disks another. */
function addWrongRecord(world: DemoWorld): void {
	const print = addDomain(world, {name: 'print', description: 'CUPS. Nobody dares to touch it', state: 'running', memoryMiB: 1024, disks: [{gib: 12}]});
	snapshot(world, print, 'cups-2.3', {hoursAgo: 1800, gib: 0.8});
	snapshot(world, print, 'cups-2.4', {hoursAgo: 400, gib: 0.4});
	print.currentSnapshot = 'cups-2.3';
}

/** An overlay that was made without the format of its backing file, as old qemu-img did; libvirt does not start from it. */
function addNamelessFormat(world: DemoWorld): void {
	const term = addDomain(world, {name: 'win-term', description: 'Remote desktops of the warehouse', memoryMiB: 16_384, disks: [{gib: 120, used: 0.6}]});
	snapshot(world, term, 'before-patches', {hoursAgo: 38, description: 'monthly updates', gib: 0.3});
	world.files.get(`${images}/win-term-vda.before-patches`)!.backing!.format = undefined;
}
