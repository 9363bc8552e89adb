/**
`npm run fuzz`: 200,000 changed inputs through every reader (`--count N`, `--seed N`). A child reads; its parent sees when it stands still.
*/
import {spawn} from 'node:child_process';
import {mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {fuzz} from './fuzz.ts';

/** Longer than the limit of one input by far: the machine may be busy. */
const stillMs = 30_000;

function option(name: string, skippedNote: string): string {
	const at = process.argv.indexOf(`--${name}`);
	return at === -1 ? skippedNote : process.argv[at + 1]!;
}

async function runHere(beatPath: string): Promise<void> {
	const [seed, count] = [Number(option('seed', '')), Number(option('count', ''))];
	const file = openSync(beatPath, 'r+');
	let index = 0;
	const {counts, troubles} = await fuzz({
		seed,
		count,
		onInput(reader) {
			writeSync(file, `${String(index++).padStart(12)} ${reader.padEnd(20)}`, 0);
		},
	});
	process.stdout.write(`${Object.entries(counts).map(([name, read]) => `${name}: ${read}`).join('\n')}\n${troubles.join('\n\n')}\n`);
	process.exitCode = troubles.length === 0 ? 0 : 1;
}

function runWatched(): void {
	const folder = mkdtempSync(path.join(tmpdir(), 'vsnap-fuzz-'));
	const beatPath = path.join(folder, 'input');
	writeFileSync(beatPath, '');
	const [seed, count] = [option('seed', String(Date.now() % 1_000_000_000)), option('count', '200000')];
	process.stdout.write(`seed ${seed}, ${count} inputs\n`);
	const child = spawn(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), '--seed', seed, '--count', count, '--beat', beatPath], {stdio: 'inherit'});
	let before: string | undefined;
	const watch = setInterval(() => {
		const input = readFileSync(beatPath, 'utf8');
		if (input === before && input !== '') {
			process.stdout.write(`input${input} does not end\n`);
			child.kill('SIGKILL');
		}

		before = input;
	}, stillMs);
	child.on('exit', code => {
		clearInterval(watch);
		rmSync(folder, {recursive: true});
		process.exitCode = code ?? 1;
	});
}

const beatPath = option('beat', '');
if (beatPath === '') {
	runWatched();
} else {
	await runHere(beatPath);
}
