/**
Ava for the lab: tests on real libvirt and real disks, three files at a time, because they share one libvirtd and the machine is small. They start
thousands of programs, which costs the more the more memory the process that starts them has: so that of young objects is kept small.

`npm run lab` runs the files that fit the time of the whole run, `npm run lab:all` (VSNAP_LAB_ALL) every file.
*/
import process from 'node:process';

const withinTheRun = [
	'bare-create',
	'bare-failures',
	'bare-merge',
	'bare-monitor',
	'bare-revert',
	'branch',
	'checkpoints',
	'concurrency',
	'copy-costs',
	'current-root',
	'damaged-journal',
	'data-file',
	'power-changes',
	'recover-after-use',
	'revert-internal',
];

const labConfig = {
	files: process.env.VSNAP_LAB_ALL ? ['test/lab/**/*.test.ts'] : withinTheRun.map(name => `test/lab/${name}.test.ts`),
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx', '--max-semi-space-size=1'],
	workerThreads: false,
	concurrency: 3,
	timeout: '10m',
};

export default labConfig;
