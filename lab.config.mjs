/**
Ava for the lab: tests on real libvirt and real disks, three files at a time, because they share one libvirtd and the machine is small. They start
thousands of programs, which costs the more the more memory the process that starts them has: so that of young objects is kept small.
*/
import path from 'node:path';

/** Those that take longest come first, so that none of them is left alone at the end. */
const longest = ['permutations', 'native', 'kill', 'revert-external', 'kill-merge', 'traps', 'create-libvirt', 'merge', 'bare-merge', 'remote', 'recover'];

function rank(file) {
	const place = longest.indexOf(path.basename(file, '.test.ts'));
	return place === -1 ? longest.length : place;
}

const labConfig = {
	sortTestFiles: (a, b) => rank(a) - rank(b) || (a < b ? -1 : 1),
	files: ['test/lab/**/*.test.ts'],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx', '--max-semi-space-size=1'],
	workerThreads: false,
	concurrency: 3,
	timeout: '10m',
};

export default labConfig;
