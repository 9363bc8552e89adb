/**
One domain with one disk and three snapshots, asked and reverted here and over ssh to this machine, in turn; medians, their ratios beside what they may be, and how many ssh
processes a revert starts. Needs root and the programs of the lab (test/lab/install.sh).

Usage: npm run bench:remote
*/
import {
	chmod, mkdtemp, readFile, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {ExecutionContext} from 'ava';
import {startLab} from '../test/lab/daemons.ts';
import {makeDomain, type LabDomain} from '../test/lab/domains.ts';
import {report, runProgram} from '../test/lab/program.ts';
import {labEnvironment} from '../test/lab/settings.ts';
import {markOffline, takeDiskSnapshot} from '../test/lab/snapshots.ts';
import {startSshServer} from '../test/lab/ssh-server.ts';

const repetitions = Number(process.argv[2] ?? 5);

const endings: Array<() => unknown> = [];
const context = {
	teardown(end: () => unknown) {
		endings.unshift(end);
	},
};

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function timed(domain: LabDomain, args: string[], env: Record<string, string>): Promise<number> {
	const startedAt = performance.now();
	const result = await runProgram(domain, args, {env, timeoutMs: 300_000});
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	return performance.now() - startedAt;
}

/** An ssh before the real one that counts its starts. */
async function countingSsh(): Promise<{env: Record<string, string>; count: () => Promise<number>}> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnapbench-ssh-'));
	endings.unshift(async () => rm(folder, {recursive: true, force: true}));
	await writeFile(path.join(folder, 'starts'), '');
	await writeFile(path.join(folder, 'ssh'), `#!/bin/sh\necho "$$" >> '${folder}/starts'\nexec /usr/bin/ssh "$@"\n`);
	await chmod(path.join(folder, 'ssh'), 0o755);
	return {
		env: {PATH: `${folder}:${labEnvironment().PATH}`},
		async count() {
			const {length} = (await readFile(path.join(folder, 'starts'), 'utf8')).split('\n');
			await writeFile(path.join(folder, 'starts'), '');
			return length - 1;
		},
	};
}

async function measure(): Promise<void> {
	await startLab();
	const domain = await makeDomain(context, {diskCount: 1});
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index);
		await takeDiskSnapshot(domain, name);
	}

	const uri = await startSshServer(context as ExecutionContext);
	const {env, count} = await countingSsh();
	const times: Record<string, number[]> = {};
	const starts: Record<string, number[]> = {};
	for (let turn = 0; turn < repetitions; turn++) {
		for (const [place, flags] of [['here', []], ['ssh', ['-c', uri]]] as const) {
			for (const [what, args] of [['tree', ['tree', domain.name]], ['revert', ['revert', domain.name, 's2', '--discard', '--shutoff', '--yes']]] as const) {
				await count();
				(times[`${what} ${place}`] ??= []).push(await timed(domain, [...flags, ...args], env));
				(starts[`${what} ${place}`] ??= []).push(await count());
			}
		}
	}

	for (const [what, budget] of [['tree', 2], ['revert', 3]] as const) {
		const [here, there] = [median(times[`${what} here`]!), median(times[`${what} ssh`]!)];
		console.log(`${what}: ${Math.round(here)} ms here, ${Math.round(there)} ms over ssh, ratio ${(there / here).toFixed(2)} (at most ${budget}); ssh processes: ${median(starts[`${what} ssh`]!)}${what === 'revert' ? ' (at most 6)' : ''}`);
	}
}

try {
	await measure();
} finally {
	for (const end of endings) {
		await end();
	}
}
