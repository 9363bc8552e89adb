/**
Ava for the lab: tests on real libvirt and real disks, three files at a time, because they share one libvirtd and the machine is small. They start
thousands of programs, which costs the more the more memory the process that starts them has: so that of young objects is kept small.

`npm run lab` runs the files that fit the time of the whole run, `npm run lab:all` (VSNAP_LAB_ALL) every file; after them, those that disturb others (VSNAP_LAB_ALONE).
*/
import process from 'node:process';

/** Long ones, whose kind of case stands in a shorter file as well: crashes at every step, whole sequences, other ways in. */
const beyondTheRun = [
	'backup-cut-short',
	'backup-kill',
	'backup-kill-qemu',
	'backup-refusals',
	'bare-failures',
	'bare-merge',
	'bare-power',
	'block-devices',
	'checkpoint-chains',
	'checkpoint-jobs',
	'checkpoint-kill',
	'checkpoint-properties',
	'create-libvirt',
	'denied',
	'doctor',
	'encrypted',
	'encrypted-backup',
	'export',
	'export-bare',
	'faults',
	'figures',
	'firmware-backup',
	'formats',
	'full-disk-merge',
	'group',
	'guest-agent',
	'hostile',
	'journeys',
	'kill',
	'kill-merge',
	'kill-power',
	'loss-cases',
	'marks',
	'native',
	'network-disks',
	'permutations',
	'properties',
	'prune',
	'recover',
	'refusals',
	'remedies-actions',
	'remedies-backup',
	'remedies-bare',
	'remedies-checkpoint',
	'remedies-create',
	'remedies-disks',
	'remedies-doctor',
	'remedies-elsewhere',
	'remedies-encryption',
	'remedies-export',
	'remedies-hosts',
	'remedies-jobs',
	'remedies-newer',
	'remedies-monitors',
	'remedies-nodes',
	'remedies-overlays',
	'remedies-records',
	'remedies-recover',
	'remedies-repairs',
	'remedies-restore',
	'remedies-unreadable',
	'remedies-usage',
	'remote',
	'remote-backup',
	'rename',
	'restore-elsewhere',
	'restore-kill',
	'restore-onto',
	'revert-external',
	'revert-memory',
	'shell-script',
	'signals',
	'storage-contract',
	'tpm-kill',
	'uefi',
	'volumes',
];

/** They leave a domain of the host unreadable for a while, and every plan that needs to know all domains is refused meanwhile; or are refused so themselves beside others; or they kill the libvirtd of all. */
const alone = ['neighbours', ...(process.env.VSNAP_LAB_ALL ? ['backup-kill-others', 'backup-libvirtd', 'members', 'members-tcp', 'remedies-daemon'] : [])];

const pathOf = name => `test/lab/${name}.test.ts`;
const leftOut = ['backup-kill-others', 'backup-libvirtd', 'members', 'members-tcp', 'neighbours', 'remedies-daemon', ...(process.env.VSNAP_LAB_ALL ? [] : beyondTheRun)];

const labConfig = {
	files: process.env.VSNAP_LAB_ALONE ? alone.map(name => pathOf(name)) : ['test/lab/**/*.test.ts', ...leftOut.map(name => `!${pathOf(name)}`)],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx', '--max-semi-space-size=1'],
	environmentVariables: {TZ: 'UTC'},
	workerThreads: false,
	concurrency: 3,
	timeout: '10m',
};

export default labConfig;
