/**
Measures the built program in a real pseudo-terminal, and prints each figure beside its budget. Fails when one is over.

Usage: npm run bench. Needs `script` (util-linux) and /proc; the row with 1,000 snapshots needs a libvirt that answers at qemu:///system, those of the doctor
libvirtd and qemu-img.
*/
import process from 'node:process';
import {measureDoctor} from './doctor.mjs';
import {openPseudoTerminal} from './pseudo-terminal.mjs';
import {
	benchDomain, lastSnapshot, makeThousandSnapshots, removeThousandSnapshots,
} from './thousand-snapshots.mjs';

const program = `${process.execPath} dist/vsnap-tui.mjs`;
const runs = 9;
const mebibyte = 1024 ** 2;
const rows = [];

await measureFirstFrame();
await measureKeysAndIdling();
await measureThousandSnapshots();
rows.push(...await measureDoctor());
print();

async function measureFirstFrame() {
	const times = [];
	const memories = [];
	for (let run = 0; run < runs; run++) {
		const terminal = openPseudoTerminal(`${program} --demo`);
		times.push(await terminal.waitFor('vsnap-tui'));
		await terminal.waitFor('archive');
		await terminal.waitForQuiet();
		memories.push(await terminal.readPeakMemory());
		await terminal.close('q');
	}

	rows.push(
		{what: 'first frame', figure: median(times), budget: 150, unit: 'ms'},
		{what: 'memory after the first frame', figure: median(memories) / mebibyte, budget: 90, unit: 'MiB'},
	);
}

async function measureKeysAndIdling() {
	const terminal = openPseudoTerminal(`${program} --demo`);
	await terminal.waitFor('archive');
	await terminal.waitForQuiet();
	const answers = [];
	for (let key = 0; key < 20; key++) {
		answers.push(await terminal.type(key < 10 ? 'j' : 'k'));
	}

	await terminal.waitForQuiet();
	const idleSeconds = 5;
	const idleBytes = await terminal.countBytes(idleSeconds * 1000);
	await terminal.close('q');
	rows.push(
		{what: 'a key, until the answer', figure: median(answers.map(({ms}) => ms)), budget: 16, unit: 'ms'},
		{what: 'a key, what it writes', figure: median(answers.map(({bytes}) => bytes)), budget: 500, unit: 'bytes'},
		{what: 'idle', figure: idleBytes / idleSeconds, budget: 0, unit: 'bytes/s'},
	);
}

async function measureThousandSnapshots() {
	const what = '1,000 snapshots, read and shown';
	if (!await makeThousandSnapshots()) {
		rows.push({what: `${what} (no libvirt here)`, budget: 600, unit: 'ms'});
		return;
	}

	try {
		const times = [];
		for (let run = 0; run < 5; run++) {
			const terminal = openPseudoTerminal(`${program} --connect qemu:///system ${benchDomain}`);
			times.push(await terminal.waitFor(lastSnapshot));
			await terminal.close('q');
		}

		rows.push({what, figure: median(times), budget: 600, unit: 'ms'});
	} finally {
		await removeThousandSnapshots();
	}
}

function median(numbers) {
	return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}

function print() {
	for (const {what, figure, budget, unit} of rows) {
		const shown = figure === undefined ? '–' : figure.toFixed(figure < 100 ? 1 : 0);
		const verdict = figure === undefined || figure <= budget ? '' : '  OVER';
		console.log(`${what.padEnd(48)}${shown.padStart(8)} ${unit.padEnd(8)} budget ${budget}${verdict}`);
	}

	if (rows.some(({figure, budget}) => figure > budget)) {
		process.exitCode = 1;
	}
}
