/**
The doctor's round over 200 domains with 50 snapshots each, on real images: how long it takes, and for how long a screen would wait meanwhile.

Usage: node bench/doctor.mjs, or as a part of npm run bench. Makes and removes a libvirt of its own.
*/
import {execFile} from 'node:child_process';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {openPseudoTerminal} from './pseudo-terminal.mjs';
import {makeTwoHundredDomains} from './two-hundred-domains.mjs';

const run = promisify(execFile);
const mebibyte = 1024 ** 2;
const what = 'doctor, 200 domains with 50 snapshots';

const turns = 9;
const median = numbers => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

async function timeFrame(words, name) {
	const terminal = openPseudoTerminal(`${process.execPath} dist/vsnap-tui.mjs ${words} --no-check`);
	try {
		return await terminal.waitFor(name);
	} finally {
		await terminal.close('q');
	}
}

/** How much later the list of this host is there than that of the demo, in what virsh takes for its own. */
async function measureFirstFrame(uri) {
	const times = {demo: [], virsh: [], ours: []};
	for (let turn = 0; turn < turns; turn++) {
		times.demo.push(await timeFrame('--demo', 'archive'));
		const startedAt = performance.now();
		await run('virsh', ['-q', '-c', uri, 'list', '--all']);
		times.virsh.push(performance.now() - startedAt);
		times.ours.push(await timeFrame(`--read-only --connect '${uri}'`, 'bench-001'));
	}

	const [demo, virsh, ours] = [times.demo, times.virsh, times.ours].map(each => median(each));
	return {what: 'first frame of 200 domains after the demo\'s / virsh list --all', figure: (ours - demo) / virsh, budget: 1.2, unit: '', note: `${ours.toFixed(0)} - ${demo.toFixed(0)} ms / ${virsh.toFixed(0)} ms`};
}

/** Rows for the table; without figures where there is no libvirt. */
export async function measureDoctor() {
	const host = await makeTwoHundredDomains();
	if (host === undefined) {
		return [{what: `${what} (no libvirt here)`, budget: 12_000, unit: 'ms'}];
	}

	try {
		const firstFrame = await measureFirstFrame(host.uri);
		const {stdout} = await run(process.execPath, ['--import=tsx', 'bench/doctor-round.ts', host.uri], {maxBuffer: 64 * mebibyte});
		const round = JSON.parse(stdout);
		const unexpected = round.findings.filter(finding => !/deep-chain|native-delete|native-revert/.test(finding));
		if (unexpected.length > 0) {
			throw new Error(`The host of the benchmark is not healthy: ${[...new Set(unexpected)].join(', ')}`);
		}

		return [
			firstFrame,
			{what, figure: round.ms, budget: 12_000, unit: 'ms'},
			{what: 'doctor, the longest that a key would wait', figure: round.longestMs, budget: 300, unit: 'ms'},
			{what: 'doctor, what a key waits 99 times of 100', figure: round.oftenMs, budget: 50, unit: 'ms'},
			{what: 'doctor, memory at its peak', figure: round.peakBytes / mebibyte, budget: 512, unit: 'MiB'},
		];
	} finally {
		await host.remove();
	}
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	for (const {what: row, figure, budget, unit} of await measureDoctor()) {
		console.log(`${row.padEnd(48)}${figure === undefined ? '–' : figure.toFixed(1).padStart(8)} ${unit.padEnd(8)} budget ${budget}`);
	}
}
