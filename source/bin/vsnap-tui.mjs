#!/usr/bin/env node
/*
The program's first file: looks at the Node version, then loads the program itself. It stands alone because an older Node does not even parse
the bundle, so a check inside it would never run. Written in syntax that Node 12 reads.
*/
const needed = [18, 19];
const found = process.versions.node.split('.').map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
	process.stderr.write('vsnap-tui needs Node ' + needed.join('.') + ' or newer; this is Node ' + process.versions.node + ' (' + process.execPath + ').\n');
	process.exitCode = 2;
} else if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
	// The build writes the version in its place: one line needs no program.
	process.stdout.write('VERSION\n');
} else {
	import('./vsnap-tui-main.mjs');
}
