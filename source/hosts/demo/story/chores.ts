/**
The part of the demo estate that somebody should tidy up: long chains to merge, leftovers, records that are wrong, and a base image that was moved.
*/
import {makeOverlay} from '../simulator/snapshots.ts';
import {addFile, addFolder} from '../simulator/world.ts';
import type {DomainStory} from './domain-story.ts';
import {hourMs, images} from './tell.ts';

export const chores: DomainStory[] = [
	// Snapshots that nobody needs any more, with much written since: one domain runs, the other is off.
	[
		{name: 'nextcloud', state: 'running', memoryMiB: 4096, folder: '/data/vm/nextcloud', disks: [{gib: 30}, {gib: 1000, used: 0.4}]},
		[
			{snapshot: 'before-29', hoursAgo: 900, description: 'Nextcloud 28, can go', gib: 22},
			{snapshot: 'before-30', hoursAgo: 300, description: 'Nextcloud 29', gib: 3},
			{snapshot: 'before-patches', hoursAgo: 27, description: 'monthly updates', gib: 0.3},
		],
	],
	[
		{name: 'staging-db', description: 'Copy of db, masked. Started on demand', memoryMiB: 8192, folder: '/data/vm/staging', disks: [{gib: 60}, {gib: 500, used: 0.1}]},
		[
			{snapshot: 'masked-september', hoursAgo: 1700, description: 'copy of September', gib: 31},
			{snapshot: 'masked-october', hoursAgo: 700, description: 'copy of October', gib: 4},
		],
	],
	// Internal snapshots with memory, of a domain that runs on.
	[
		{name: 'radius', state: 'running', memoryMiB: 1024, disks: [{gib: 10}]},
		[
			{snapshot: 'eap-tls', hoursAgo: 700, kind: 'internal', description: 'with memory, inside the image'},
			{snapshot: 'before-ca', hoursAgo: 200, kind: 'internal', description: 'before the new CA'},
		],
	],
	// An overlay was made by hand on a frozen image, and forgotten.
	[
		{name: 'wiki', state: 'running', disks: [{gib: 30, used: 0.4}]},
		[{snapshot: 'before-patches', hoursAgo: 36, description: 'monthly updates', gib: 0.3}],
		world => {
			const atMs = world.now().getTime() - 12 * hourMs;
			makeOverlay(world, {path: `${images}/wiki-vda.try-2`, basePath: `${images}/wiki-vda.qcow2`, atMs, allocatedBytes: 2_900_361_216});
		},
	],
	// The folder was tidied, and the base went along.
	[
		{name: 'test-fedora', disks: [{gib: 25}]},
		[{snapshot: 'before-43', hoursAgo: 700, description: 'Fedora 42', gib: 6}],
		world => {
			const base = world.files.get(`${images}/test-fedora-vda.qcow2`)!;
			world.files.delete(base.path);
			addFolder(world, `${images}/old`);
			addFile(world, {...base, path: `${images}/old/test-fedora-vda.qcow2`});
		},
	],
	// `virsh snapshot-current NAME` was taken for a revert: the record says one thing, the disks another.
	[
		{name: 'print', description: 'CUPS. Nobody dares to touch it', state: 'running', memoryMiB: 1024, disks: [{gib: 12}]},
		[{snapshot: 'cups-2.3', hoursAgo: 1800, gib: 0.8}, {snapshot: 'cups-2.4', hoursAgo: 400, gib: 0.4}],
		(_, domain) => {
			domain.currentSnapshot = 'cups-2.3';
		},
	],
	// The overlay was made without the format of its backing file, as old qemu-img did; libvirt does not start from it.
	[
		{name: 'win-term', description: 'Remote desktops of the warehouse', memoryMiB: 16_384, disks: [{gib: 120, used: 0.6}]},
		[{snapshot: 'before-patches', hoursAgo: 38, description: 'monthly updates', gib: 0.3}],
		world => {
			world.files.get(`${images}/win-term-vda.before-patches`)!.backing!.format = undefined;
		},
	],
];
