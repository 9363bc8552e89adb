/**
Ava for the lab: tests on real libvirt and real disks, three files at a time, because they share one libvirtd and the machine is small. They start
thousands of programs, which costs the more the more memory the process that starts them has: so that of young objects is kept small.
*/
const labConfig = {
	files: ['test/lab/**/*.test.ts'],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx', '--max-semi-space-size=1'],
	workerThreads: false,
	concurrency: 3,
	timeout: '10m',
};

export default labConfig;
