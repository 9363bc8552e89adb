/**
Ava for the fast tests, compiled beforehand by test/bundle.mjs. A single file runs without that, as a source: `npx ava test/…`.
*/
const fastConfig = {
	files: ['build/test/**/*.test.js'],
	nodeArguments: ['--enable-source-maps'],
	environmentVariables: {TZ: 'UTC'},
	workerThreads: false,
	timeout: '2m',
};

export default fastConfig;
