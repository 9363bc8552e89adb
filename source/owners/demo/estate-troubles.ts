/**
The part of the demo estate that is in trouble: what a person must see, and what a plan must refuse.
*/
import {createJob} from './copying.ts';
import {addDomain, snapshot} from './scene.ts';
import type {DemoWorld} from './world.ts';

const gibibyte = 1024 ** 3;

export function addTroubles(world: DemoWorld): void {
	addMail(world);
	addLdap(world);
	addHostileName(world);
	addGit(world);
	const archive = addDomain(world, {
		name: 'archive', description: 'Document archive. A backup is running', state: 'running', folder: '/data/vm/archive', disks: [{gib: 2000, used: 0.54}], job: {...createJob('Backup', 1102 * gibibyte), doneBytes: 811.2 * gibibyte},
	});
	snapshot(world, archive, 'before-reindex', {hoursAgo: 300, gib: 40});
	const jira = addDomain(world, {
		name: 'jira', description: 'Hibernated since the licence ran out', memoryMiB: 8192, disks: [{gib: 50, used: 0.4}], hasManagedSave: true,
	});
	snapshot(world, jira, 'v9.12', {hoursAgo: 1900, gib: 4.2});
}

/** A broken chain: somebody moved the base image away. */
function addMail(world: DemoWorld): void {
	const mail = addDomain(world, {
		name: 'mail',
		description: 'Postfix + Dovecot. Was shut off for the storage move, does not start any more!',
		disks: [{gib: 20, used: 0.4}, {gib: 400, used: 0.66}],
	});
	snapshot(world, mail, 'before-dovecot', {hoursAgo: 340, description: 'Dovecot 2.3', gib: 8});
	snapshot(world, mail, 'spam-filter', {hoursAgo: 100, description: 'rspamd trained', gib: 3});
	world.files.delete('/var/lib/libvirt/images/mail-vdb.qcow2');
}

/** The memory file of a snapshot is gone. */
function addLdap(world: DemoWorld): void {
	const ldap = addDomain(world, {name: 'ldap', description: 'OpenLDAP, replica of the head office', state: 'running', disks: [{gib: 10, used: 0.25}]});
	snapshot(world, ldap, 'schema-2', {hoursAgo: 800, kind: 'memory', description: 'with memory', gib: 0.4});
	world.files.delete('/var/lib/libvirt/images/ldap-schema-2.mem');
}

/** A name as hostile as libvirt allows: quotes, a shell substitution, a C1 control and a direction override. */
function addHostileName(world: DemoWorld): void {
	const hostile = addDomain(world, {
		name: 'test -x "it\'s" $(touch x) \u009B31m;ok',
		fileStem: 'it\'s $(touch x) ;ok',
		description: 'Joke of an intern.\tTabs,\nnewlines, \u009B2J and \u202Egnp.exe',
		disks: [{gib: 8}],
	});
	snapshot(world, hostile, '--help; echo "pwned"', {hoursAgo: 33, description: '<b>&amp;</b> \u009B5m blink', gib: 0.1});
	snapshot(world, hostile, '007', {hoursAgo: 30, gib: 0.1});
	snapshot(world, hostile, ' blanks and \u{1F4A5} ', {hoursAgo: 29, gib: 0.1});
}

/** One disk is left out of the snapshots, on purpose. */
function addGit(world: DemoWorld): void {
	const git = addDomain(world, {
		name: 'git', title: 'Forgejo', description: 'vdb is scratch space for CI artifacts and takes no part in snapshots', state: 'running', disks: [{gib: 30, used: 0.3}, {gib: 300, used: 0.2}],
	});
	snapshot(world, git, 'v9', {hoursAgo: 510, description: 'before Forgejo 10', leftOut: new Set(['vdb']), gib: 2.6});
	snapshot(world, git, 'v10', {hoursAgo: 170, leftOut: new Set(['vdb']), gib: 1.1});
}
