/**
The part of the demo estate that is in trouble: what a person must see, and what a plan must refuse.
*/
import type {DomainStory} from './domain-story.ts';
import {images} from './tell.ts';

export const troubles: DomainStory[] = [
	// A broken chain: the base image was moved away.
	[
		{name: 'mail', description: 'Postfix + Dovecot. Was shut off for the storage move, does not start any more!', disks: [{gib: 20, used: 0.4}, {gib: 400, used: 0.66}]},
		[
			{snapshot: 'before-dovecot', hoursAgo: 340, description: 'Dovecot 2.3', gib: 8},
			{snapshot: 'spam-filter', hoursAgo: 100, description: 'rspamd trained', gib: 3},
		],
		world => {
			world.files.delete(`${images}/mail-vdb.qcow2`);
		},
	],
	// The memory file of a snapshot is gone.
	[
		{name: 'ldap', description: 'OpenLDAP, replica of the head office', state: 'running', disks: [{gib: 10, used: 0.25}]},
		[{snapshot: 'schema-2', hoursAgo: 800, kind: 'memory', description: 'with memory', gib: 0.4}],
		world => {
			world.files.delete(`${images}/ldap-schema-2.mem`);
		},
	],
	// A name as hostile as libvirt allows: quotes, a shell substitution, a C1 control and a direction override.
	[
		{
			name: 'test -x "it\'s" $(touch x) \u009B31m;ok', fileStem: 'it\'s $(touch x) ;ok', disks: [{gib: 8}],
			description: 'Joke of an intern.\tTabs,\nnewlines, \u009B2J and \u202Egnp.exe',
		},
		[
			{snapshot: '--help; echo "pwned"', hoursAgo: 33, description: '<b>&amp;</b> \u009B5m blink', gib: 0.1},
			{snapshot: '007', hoursAgo: 30, gib: 0.1},
			{snapshot: ' blanks and \u{1F4A5} ', hoursAgo: 29, gib: 0.1},
		],
	],
	// One disk is left out of the snapshots, on purpose.
	[
		{
			name: 'git', title: 'Forgejo', state: 'running', disks: [{gib: 30, used: 0.3}, {gib: 300, used: 0.2}],
			description: 'vdb is scratch space for CI artifacts and takes no part in snapshots',
		},
		[
			{snapshot: 'v9', hoursAgo: 510, description: 'before Forgejo 10', without: 'vdb', gib: 2.6},
			{snapshot: 'v10', hoursAgo: 170, without: 'vdb', gib: 1.1},
		],
	],
	[
		{
			name: 'archive', state: 'running', folder: '/data/vm/archive', disks: [{gib: 2000, used: 0.54}], backup: {done: 811.2, total: 1102},
			description: 'Document archive. A backup is running',
		},
		[{snapshot: 'before-reindex', hoursAgo: 300, gib: 40}],
	],
	// QEMU was killed after the first checkpoint: its bitmaps were never written to the images.
	[
		{name: 'log', title: 'Syslog sink', description: 'Went down with the power on Sunday', state: 'running', folder: '/data/vm/log', disks: [{gib: 20}, {gib: 800, used: 0.8}]},
		[
			{checkpoint: 'weekly-46', hoursAgo: 320, description: 'full backup, before the power failure'},
			{checkpoint: 'weekly-47', hoursAgo: 120, parent: 'weekly-46'},
		],
		world => {
			for (const image of world.files.values()) {
				image.bitmaps = image.bitmaps.filter(name => name !== 'weekly-46');
			}
		},
	],
	[
		{name: 'jira', description: 'Hibernated since the licence ran out', memoryMiB: 8192, disks: [{gib: 50, used: 0.4}], hasManagedSave: true},
		[{snapshot: 'v9.12', hoursAgo: 1900, gib: 4.2}],
	],
];
