/**
Ava for the fast tests, compiled beforehand by test/bundle.mjs, which puts the tests of a folder into one file. A single one runs without that, as a source: `npx ava test/…`.
*/
const fastConfig = {
	files: ['build/test/**/*.test.js'],
	nodeArguments: ['--enable-source-maps'],
	environmentVariables: {TZ: 'UTC'},
	workerThreads: false,
	timeout: '2m',
};

export default fastConfig;
