/**
The doctor's round over 200 domains with 50 snapshots each, on real images: how long it takes, and for how long a screen would wait meanwhile.

Usage: node bench/doctor.mjs, or as a part of npm run bench. Makes and removes a libvirt of its own.
*/
import {execFile} from 'node:child_process';
import process from 'node:process';
import {pathToFileURL} from 'node:url';
import {promisify} from 'node:util';
import {makeTwoHundredDomains} from './two-hundred-domains.mjs';

const run = promisify(execFile);
const mebibyte = 1024 ** 2;
const what = 'doctor, 200 domains with 50 snapshots';

/** Rows for the table; without figures where there is no libvirt. */
export async function measureDoctor() {
	const host = await makeTwoHundredDomains();
	if (host === undefined) {
		return [{what: `${what} (no libvirt here)`, budget: 12_000, unit: 'ms'}];
	}

	try {
		const {stdout} = await run(process.execPath, ['--import=tsx', 'bench/doctor-round.ts', host.uri], {maxBuffer: 64 * mebibyte});
		const round = JSON.parse(stdout);
		const unexpected = round.findings.filter(finding => !/deep-chain|native-delete|native-revert/.test(finding));
		if (unexpected.length > 0) {
			throw new Error(`The host of the benchmark is not healthy: ${[...new Set(unexpected)].join(', ')}`);
		}

		return [
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
