/**
A revert of one domain with one disk and three snapshots, beside the shell script that the same plan exports, in turn; and on the screen, how long it takes from Enter to the
first step, beside one `virsh list --all`. Needs root and the programs of the lab (test/lab/install.sh).

Usage: node --import tsx bench/revert.ts [REPETITIONS], or as a part of npm run bench. Prints rows as JSON.
*/
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout as sleep} from 'node:timers/promises';
import {startLab} from '../test/lab/daemons.ts';
import {makeDomain, type LabDomain} from '../test/lab/domains.ts';
import {report, runProgram} from '../test/lab/program.ts';
import {run, virsh} from '../test/lab/run.ts';
import {labEnvironment, labUri, programPath} from '../test/lab/settings.ts';
import {markOffline, takeDiskSnapshot} from '../test/lab/snapshots.ts';
import {openPseudoTerminal} from './pseudo-terminal.mjs';
import {
	context, endings, median, timed,
} from './turns.ts';

const repetitions = Number(process.argv[2] ?? 9);

const words = (domain: LabDomain) => ['revert', domain.name, 's2', '--discard', '--shutoff'];

async function succeed(domain: LabDomain, args: string[]): Promise<string> {
	const result = await runProgram(domain, args, {timeoutMs: 300_000});
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	return result.stdout;
}

async function timeScript(domain: LabDomain): Promise<number> {
	const script = path.join(domain.folder, 'revert.sh');
	await writeFile(script, await succeed(domain, [...words(domain), '--dry-run', '--shell']));
	return timed(async () => run('sh', [script]));
}

/** What is written within a moment of Enter, and when the first step has begun. */
async function timeEnter(domain: LabDomain): Promise<{saidMs: number; stepMs: number}> {
	const terminal = openPseudoTerminal(`${process.execPath} ${programPath} -c ${labUri} --no-check ${words(domain).join(' ')}`, labEnvironment({VSNAP_TUI_STATE: domain.statePath, LC_ALL: 'C.UTF-8'}));
	await terminal.waitFor(/to start: /);
	await terminal.waitForQuiet();
	await terminal.type(domain.name);
	// A key that is held down does not start: the page must have been there for a moment.
	await sleep(500);
	const answer = await terminal.press('\r', /▸/);
	await terminal.waitFor(/Done and verified/);
	await terminal.close('\u0003');
	return answer;
}

async function measure(): Promise<unknown[]> {
	await startLab();
	const domain = await makeDomain(context, {diskCount: 1});
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index);
		await takeDiskSnapshot(domain, name);
	}

	const times = {ours: [] as number[], script: [] as number[], list: [] as number[], enter: [] as number[], said: [] as number[]};
	for (let turn = 0; turn < repetitions; turn++) {
		times.script.push(await timeScript(domain));
		times.ours.push(await timed(async () => succeed(domain, [...words(domain), '--yes'])));
		times.list.push(await timed(async () => virsh('list', '--all')));
		const {stepMs, saidMs} = await timeEnter(domain);
		times.enter.push(stepMs);
		times.said.push(saidMs);
	}

	const ratio = (what: string, ours: number[], than: number[], budget: number) => ({
		what, figure: median(ours) / median(than), budget, unit: '', note: `${median(ours).toFixed(0)} ms / ${median(than).toFixed(0)} ms`,
	});
	return [
		ratio('a revert / its own exported script', times.ours, times.script, 1.2),
		ratio('Enter until the first step / virsh list --all', times.enter, times.list, 3),
		{what: 'Enter until it says what it does', figure: median(times.said), budget: 100, unit: 'ms'},
	];
}

try {
	process.stdout.write(`${JSON.stringify(await measure())}\n`);
} finally {
	for (const end of endings) {
		await end();
	}
}
