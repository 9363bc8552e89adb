/**
One domain with one disk and three snapshots, asked and reverted here, over ssh to this machine, and over ssh through a relay that holds everything back by 80 ms each way, in
turn; medians, their ratios beside what they may be, how many ssh processes a revert starts, and how many round trips of the slow link it waits for. Needs root and the programs of the lab (test/lab/install.sh).

Usage: npm run bench:remote
*/
import {
	chmod, mkdtemp, readFile, rm, writeFile,
} from 'node:fs/promises';
import {connect, createServer, type AddressInfo, type Socket} from 'node:net';
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
import {context, endings, median} from './turns.ts';

const repetitions = Number(process.argv[2] ?? 5);

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

const delayMs = 80;

function passOn(from: Socket, to: Socket): void {
	from.on('data', bytes => {
		setTimeout(() => to.write(bytes), delayMs);
	}).on('end', () => {
		setTimeout(() => to.end(), delayMs);
	}).on('error', () => to.destroy());
}

/** A port that leads to this one over a slow link: the kernel's own way (tc netem) is not everywhere. */
async function slowLinkTo(port: number): Promise<number> {
	// ssh sends at once what it has to send. A relay that waits for more, as sockets do by themselves, makes two round trips of an answer in two parts.
	const server = createServer({noDelay: true}, near => {
		const far = connect({port, host: '127.0.0.1', noDelay: true});
		passOn(near, far);
		passOn(far, near);
	});
	await new Promise<void>(resolve => {
		server.listen(0, '127.0.0.1', resolve);
	});
	endings.unshift(() => server.close());
	return (server.address() as AddressInfo).port;
}

async function measure(): Promise<void> {
	await startLab();
	const domain = await makeDomain(context, {diskCount: 1});
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index);
		await takeDiskSnapshot(domain, name);
	}

	const uri = await startSshServer(context as ExecutionContext);
	const [, port] = /:(\d+)\//.exec(uri)!;
	const slowUri = uri.replace(`:${port}/`, `:${await slowLinkTo(Number(port))}/`);
	const {env, count} = await countingSsh();
	const times: Record<string, number[]> = {};
	const starts: Record<string, number[]> = {};
	for (let turn = 0; turn < repetitions; turn++) {
		for (const [place, flags] of [['here', []], ['ssh', ['-c', uri]], ['slow', ['-c', slowUri]]] as const) {
			for (const [what, args] of [['tree', ['tree', domain.name]], ['revert', ['revert', domain.name, 's2', '--discard', '--shutoff', '--yes']]] as const) {
				await count();
				(times[`${what} ${place}`] ??= []).push(await timed(domain, [...flags, ...args], env));
				(starts[`${what} ${place}`] ??= []).push(await count());
			}
		}
	}

	for (const [what, budget, mostTrips] of [['tree', 2, 12], ['revert', 3, 40]] as const) {
		const [here, there, slow] = [median(times[`${what} here`]!), median(times[`${what} ssh`]!), median(times[`${what} slow`]!)];
		console.log(`${what}: ${Math.round(here)} ms here, ${Math.round(there)} ms over ssh, ratio ${(there / here).toFixed(2)} (at most ${budget}); ssh processes: ${median(starts[`${what} ssh`]!)}${what === 'revert' ? ' (at most 6)' : ''}`);
		console.log(`${what} with ${delayMs} ms each way: ${Math.round(slow)} ms, round trips waited for: ${((slow - there) / (2 * delayMs)).toFixed(1)} (at most ${mostTrips})`);
	}
}

try {
	await measure();
} finally {
	for (const end of endings) {
		await end();
	}
}
