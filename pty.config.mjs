/**
Ava for the tests in a real terminal: one after the other and with nothing beside them, because they wait for what a person would see.
*/
const terminalConfig = {
	files: ['test/pty/**/*.test.ts'],
	extensions: {ts: 'module', tsx: 'module'},
	nodeArguments: ['--import=tsx'],
	environmentVariables: {TZ: 'UTC'},
	workerThreads: false,
	concurrency: 1,
	timeout: '10m',
};

export default terminalConfig;
