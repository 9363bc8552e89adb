/**
Measures the built program in a real pseudo-terminal, and prints each figure beside what it may be, with the command that it is compared with. Fails when one is over.
Where two commands are compared they take turns, so that both meet the same machine; figures are medians.

Usage: npm run bench. Needs `script` (util-linux) and /proc; the row with 1,000 snapshots needs a libvirt that answers at qemu:///system, those of the doctor
libvirtd and qemu-img, those of a revert root and the programs of the lab.
*/
import {execFile} from 'node:child_process';
import {readFile} from 'node:fs/promises';
import process from 'node:process';
import {promisify} from 'node:util';
import {measureDoctor} from './doctor.mjs';
import {openPseudoTerminal} from './pseudo-terminal.mjs';
import {
	benchDomain, dumpOfAll, lastSnapshot, makeThousandSnapshots, removeThousandSnapshots,
} from './thousand-snapshots.mjs';

const run = promisify(execFile);
const program = `${process.execPath} dist/vsnap-tui.mjs`;
const runs = 9;
const mebibyte = 1024 ** 2;

const rows = [
	...await measureFirstFrame(),
	await measureParsed(),
	...await measureVerbs(),
	...await measureKeysAndIdling(),
	...await measureBigHost(),
	...await measureThousandSnapshots(),
	...await measureRevert(),
	...await measureDoctor(),
];
print();

/** Until it has written this, from its start in a terminal. */
async function timeUntil(command, text) {
	const terminal = openPseudoTerminal(command);
	try {
		return await terminal.waitFor(text);
	} finally {
		await terminal.close('q');
	}
}

async function measureFirstFrame() {
	const times = {node: [], ours: []};
	const memories = [];
	for (let turn = 0; turn < runs; turn++) {
		times.node.push(await timeUntil(`${process.execPath} -e 'console.log("ready")'`, 'ready'));
		const terminal = openPseudoTerminal(`${program} --demo`);
		times.ours.push(await terminal.waitFor('archive'));
		await terminal.waitForQuiet();
		memories.push(await terminal.readPeakMemory());
		await terminal.close('q');
	}

	return [
		ratio('first useful frame of --demo / node -e 0', times.ours, {than: times.node, budget: 3.8}),
		{what: 'memory at its peak until then', figure: median(memories) / mebibyte, budget: 80, unit: 'MiB'},
	];
}

/** The files that the first frame of --demo needs: what the program, its screen and the demo host import at once. */
async function measureParsed() {
	const {outputs} = JSON.parse(await readFile('build/maps/dist/metafile.json', 'utf8'));
	const needed = new Set();
	const follow = file => {
		if (!needed.has(file)) {
			needed.add(file);
			for (const {path: to} of outputs[file].imports.filter(({kind, external}) => kind === 'import-statement' && !external)) {
				follow(to);
			}
		}
	};

	for (const source of ['source/cli.ts', 'source/ui/run-screen.tsx', 'source/hosts/demo/host.ts']) {
		follow(Object.keys(outputs).find(file => outputs[file].entryPoint === source));
	}

	return {what: 'bundle that is parsed before it', figure: [...needed].reduce((sum, file) => sum + outputs[file].bytes, 0) / 1e6, budget: 1.2, unit: 'MB'};
}

async function measureVerbs() {
	const verbs = {'--version': 1.2, 'list --demo': 1.9};
	const times = new Map([['node', []], ...Object.keys(verbs).map(verb => [verb, []])]);
	for (let turn = 0; turn < runs; turn++) {
		for (const [verb, taken] of times) {
			const startedAtMs = performance.now();
			await run(process.execPath, verb === 'node' ? ['-e', '0'] : ['dist/vsnap-tui.mjs', ...verb.split(' ')]);
			taken.push(performance.now() - startedAtMs);
		}
	}

	return Object.entries(verbs).map(([verb, budget]) => ratio(`${verb} / node -e 0`, times.get(verb), {than: times.get('node'), budget}));
}

async function measureKeysAndIdling() {
	const terminal = openPseudoTerminal(`${program} --demo --no-check`);
	await terminal.waitFor('archive');
	await terminal.waitForQuiet();
	const answers = [];
	for (let key = 0; key < 40; key++) {
		answers.push(await terminal.type(key < 20 ? 'j' : 'k'));
	}

	await terminal.waitForQuiet();
	const idleSeconds = 5;
	const idleBytes = await terminal.countBytes(idleSeconds * 1000);
	await terminal.close('q');
	return [
		{what: 'a key, until the answer, 95 times of 100', figure: median(answers.map(({ms}) => ms), 0.95), budget: 8, unit: 'ms'},
		{what: 'a key, what is written at once', figure: median(answers.map(({firstBytes}) => firstBytes)), budget: 300, unit: 'bytes'},
		{what: '  with the snapshots of the next domain', figure: median(answers.map(({bytes}) => bytes)), budget: 600, unit: 'bytes'},
		{what: 'idle', figure: idleBytes / idleSeconds, budget: 0, unit: 'bytes/s'},
	];
}

async function measureBigHost() {
	const {stdout} = await run(process.execPath, ['--import=tsx', 'bench/big-host.tsx'], {env: {...process.env, NODE_ENV: 'production'}, maxBuffer: 64 * mebibyte});
	const {keyMs, keyBytes, filterMs, layoutMs} = JSON.parse(stdout);
	return [
		{what: '1,000 domains with 1,000 snapshots: a key, 95 times of 100', figure: keyMs, budget: 8, unit: 'ms'},
		{what: '  what it writes', figure: keyBytes, budget: 300, unit: 'bytes'},
		{what: '  a letter of the filter', figure: filterMs, budget: 8, unit: 'ms'},
		{what: '10,000 snapshots laid out and drawn', figure: layoutMs, budget: 100, unit: 'ms'},
	];
}

async function measureThousandSnapshots() {
	const what = '1,000 snapshots shown / one virsh that dumps them';
	if (!await makeThousandSnapshots()) {
		return [{what: `${what} (no libvirt here)`, budget: 1.3, unit: ''}];
	}

	try {
		const times = {virsh: [], ours: []};
		for (let turn = 0; turn < runs; turn++) {
			const startedAtMs = performance.now();
			await dumpOfAll();
			times.virsh.push(performance.now() - startedAtMs);
			times.ours.push(await timeUntil(`${program} --connect qemu:///system --no-check ${benchDomain}`, lastSnapshot));
		}

		return [ratio(what, times.ours, {than: times.virsh, budget: 1.3})];
	} finally {
		await removeThousandSnapshots();
	}
}

/** Where the lab can be: for root, with its programs. */
async function measureRevert() {
	const isRoot = process.getuid() === 0;
	try {
		const {stdout} = isRoot ? await run(process.execPath, ['--import=tsx', 'bench/revert.ts'], {timeout: 600_000}) : {};
		return isRoot ? JSON.parse(stdout) : [{what: 'a revert / its own exported script (needs root)', budget: 1.2, unit: ''}];
	} catch (error) {
		process.stderr.write(`${error.stderr ?? error}\n`);
		return [{what: 'a revert / its own exported script (no lab here)', budget: 1.2, unit: ''}];
	}
}

function median(numbers, part = 0.5) {
	return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * part)];
}

function ratio(what, times, {than, budget}) {
	const [ours, theirs] = [times, than].map(numbers => median(numbers));
	return {what, figure: ours / theirs, budget, unit: '', note: `${ours.toFixed(0)} ms / ${theirs.toFixed(0)} ms`};
}

function print() {
	for (const {what, figure, budget, unit, note = ''} of rows) {
		const shown = figure === undefined ? '–' : figure.toFixed(figure < 10 ? 2 : (figure < 100 ? 1 : 0));
		const verdict = figure === undefined || figure <= budget ? '' : '  OVER';
		console.log(`${what.padEnd(60)}${shown.padStart(8)} ${unit.padEnd(8)} budget ${String(budget).padEnd(6)} ${note}${verdict}`.trimEnd());
	}

	if (rows.some(({figure, budget}) => figure > budget)) {
		process.exitCode = 1;
	}
}
