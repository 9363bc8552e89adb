/**
Ava for the lab: tests on real libvirt and real disks, three files at a time, because they share one libvirtd and the machine is small.
*/
const labConfig = {
	files: ['test/lab/**/*.test.ts'],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx'],
	workerThreads: false,
	concurrency: 3,
	timeout: '10m',
};

export default labConfig;
