/** Exports that go on until they are ended, and a place for their sockets. */
import {randomBytes} from 'node:crypto';
import {chmod, mkdir, rm} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {runBare, type BareDomain, type BareResult} from './bare-domain.ts';
import type {LabDomain} from './domains.ts';
import {
	report, runProgram, type Line, type ProgramOptions, type ProgramResult,
} from './program.ts';
import {run} from './run.ts';
import {imagesPath} from './settings.ts';
import {digestFile} from './slots.ts';

export type Exporting<R = ProgramResult> = {begun: Promise<Line>; ended: Promise<R>; end: (signal?: NodeJS.Signals) => void};

type Kill = (signal?: NodeJS.Signals) => void;

/** `begun`: the first line that it says. `run` is to hand on what it says. */
function follow<R>(run: (onOutput: (piece: string, kill: Kill) => void) => Promise<R>, describe: (result: R) => string): Exporting<R> {
	let kill: Kill = () => undefined;
	let text = '';
	let resolve: (line: Line) => void = () => undefined;
	let reject: (error: Error) => void = () => undefined;
	const begun = new Promise<Line>((onLine, onError) => {
		resolve = onLine;
		reject = onError;
	});
	const ended = run((piece, killIt) => {
		kill = killIt;
		text += piece;
		if (text.includes('\n')) {
			resolve(JSON.parse(text.split('\n')[0]!) as Line);
		}
	});
	void (async () => {
		reject(new Error(describe(await ended)));
	})();

	return {
		begun,
		ended,
		end(signal = 'SIGINT') {
			kill(signal);
		},
	};
}

const asked = ({name}: {name: string}, socket: string, flags: string[]) => ['backup', 'export', `--socket=${socket}`, '--json', ...flags, '--', name];

/** Goes on until it is ended. */
export const exportDisks = (domain: LabDomain, socket: string, flags: string[] = [], options: ProgramOptions = {}): Exporting =>
	follow(async onOutput => runProgram(domain, asked(domain, socket, flags), {...options, onOutput}), report);

/** The same of a standalone QEMU. */
export const exportBare = (domain: BareDomain, socket: string, flags: string[] = []): Exporting<BareResult> =>
	follow(async onOutput => runBare(domain, asked(domain, socket, flags), (line, kill) => {
		onOutput(`${line}\n`, kill);
	}), ({stdout, stderr}) => stdout + stderr);

/** What another program reads of a disk, by the digest of all its bytes. */
export async function digestExport(t: ExecutionContext, socket: string, target: string): Promise<string> {
	const copy = path.join(imagesPath, `.${randomBytes(6).toString('hex')}.raw`);
	t.teardown(async () => rm(copy, {force: true}));
	await run('qemu-img', ['convert', '-f', 'raw', '-O', 'raw', `nbd+unix:///${target}?socket=${socket}`, copy]);
	return digestFile(copy);
}

/** How much the bitmap of the changes says of it. */
export async function readDirtyBytes(socket: string, target: string, bitmap: string): Promise<number> {
	const map = JSON.parse(await run('qemu-img', [
		'map', '--output=json', '--image-opts', `driver=nbd,export=${target},server.type=unix,server.path=${socket},x-dirty-bitmap=${bitmap}`,
	])) as Array<{length: number; data: boolean}>;
	return map.filter(({data}) => !data).reduce((sum, {length}) => sum + length, 0);
}

/** In a folder where QEMU's user may make it. */
export async function makeSocket(t: ExecutionContext, {folder}: LabDomain): Promise<string> {
	const place = `${folder}-sockets`;
	await mkdir(place);
	await chmod(place, 0o777);
	t.teardown(async () => rm(place, {recursive: true, force: true}));
	return path.join(place, 'export.sock');
}
