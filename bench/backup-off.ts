/**
How long an incremental backup of a disk that is off takes beside what qemu-img needs, on a disk of 1 GiB of which 64 MiB have changed in 1,000 places: medians of
five runs. Asks no libvirt: `npm run build && node --import tsx bench/backup-off.ts [FOLDER]`.
*/
import {spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const folder = mkdtempSync(path.join(process.argv[2] ?? os.tmpdir(), 'vsnap-bench-'));
const at = (name: string) => path.join(folder, name);
const program = path.join(import.meta.dirname, '../dist/vsnap-tui.mjs');
const runs = 5;
const extents = 1000;
const gibibyte = 1024 ** 3;
const bytesOfExtent = 65_536;

function run(argv: string[]): {ms: number; stdout: string} {
	const startedAt = performance.now();
	const {status, stdout, stderr} = spawnSync(argv[0]!, argv.slice(1), {encoding: 'utf8', env: {...process.env, VSNAP_TUI_STATE: at('state')}, maxBuffer: 2 ** 26});
	if (status !== 0) {
		throw new Error(`${argv.slice(0, 6).join(' ')} ended with ${status}: ${stdout}${stderr}`);
	}

	return {ms: performance.now() - startedAt, stdout};
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

function write(image: string, pattern: number): void {
	const stride = gibibyte / extents;
	const commands = Array.from({length: extents}, (_, index) => ['-c', `write -q -P ${pattern} ${Math.floor((index * stride) / bytesOfExtent) * bytesOfExtent} ${bytesOfExtent}`]);
	run(['qemu-io', '-f', 'qcow2', ...commands.flat(), image]);
}

/** The whole command; of it the steps from the start of the daemon to its end; of these the copying itself. */
function backUp(): {whole: number; daemon: number; job: number} {
	const {ms, stdout} = run([process.execPath, program, '--image', `bench=${at('disk.qcow2')}`, 'backup', 'create', `--to=${at('backups')}`, '--yes', '--json', 'bench']);
	const events = stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as {kind: string; step?: string; durationMs?: number});
	const msOf = (steps: RegExp) => events.filter(({kind, step = ''}) => kind === 'step-done' && steps.test(step)).reduce((sum, {durationMs = 0}) => sum + durationMs, 0);
	return {whole: ms, daemon: msOf(/^(?:start-daemon|open-|backup$|copy-|quit-daemon)/), job: msOf(/^copy-/)};
}

function copy(from: string): number {
	const {ms} = run(['qemu-img', 'convert', '-f', 'qcow2', '-O', 'qcow2', at(from), at('copy.qcow2')]);
	rmSync(at('copy.qcow2'));
	return ms;
}

try {
	mkdirSync(at('backups'), {mode: 0o700});
	for (const name of ['disk.qcow2', 'changes.qcow2']) {
		run(['qemu-img', 'create', '-q', '-f', 'qcow2', at(name), String(gibibyte)]);
	}

	run(['qemu-io', '-f', 'qcow2', ...Array.from({length: 16}, (_, index) => ['-c', `write -q -P ${index + 1} ${index * 64}M 64M`]).flat(), at('disk.qcow2')]);
	write(at('changes.qcow2'), 1);
	backUp();
	const measured = Array.from({length: runs}, (_, index) => {
		write(at('disk.qcow2'), 100 + index);
		return {...backUp(), convert: copy('disk.qcow2'), plain: copy('changes.qcow2')};
	});
	const [whole, daemon, job, convert, plain] = (['whole', 'daemon', 'job', 'convert', 'plain'] as const).map(name => median(measured.map(one => one[name]))) as [number, number, number, number, number];
	const ms = (value: number) => `${Math.round(value)} ms`;
	const ratio = (part: number, of: number) => (part / of).toFixed(2);
	console.log(`whole command ${ms(whole)}, of it the daemon ${ms(daemon)}, of this the job ${ms(job)}; convert of the whole disk ${ms(convert)}, of the changed bytes alone ${ms(plain)}`);
	console.log(`daemon / convert ${ratio(daemon, convert)} (wanted: 0.5), daemon / plain copy ${ratio(daemon, plain)}, job / plain copy ${ratio(job, plain)} (wanted: 1.2), whole command / convert ${ratio(whole, convert)}`);
} finally {
	rmSync(folder, {recursive: true, force: true});
}
