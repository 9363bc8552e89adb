/**
Ava for the lab: tests on real libvirt and real disks, one file after another, because they share one libvirtd and the machine is small.
*/
const labConfig = {
	files: ['test/lab/**/*.test.ts'],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx'],
	workerThreads: false,
	concurrency: 1,
	timeout: '10m',
};

export default labConfig;
