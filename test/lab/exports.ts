/** Exports that go on until they are ended, and a place for their sockets. */
import {chmod, mkdir, rm} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {LabDomain} from './domains.ts';
import {
	report, runProgram, type Line, type ProgramOptions, type ProgramResult,
} from './program.ts';

export type Exporting = {begun: Promise<Line>; ended: Promise<ProgramResult>; end: (signal?: NodeJS.Signals) => void};

/** Goes on until it is ended. */
export function exportDisks(domain: LabDomain, socket: string, flags: string[] = [], options: ProgramOptions = {}): Exporting {
	let kill: (signal?: NodeJS.Signals) => void = () => undefined;
	let text = '';
	let resolve: (line: Line) => void = () => undefined;
	let reject: (error: Error) => void = () => undefined;
	const begun = new Promise<Line>((onLine, onError) => {
		resolve = onLine;
		reject = onError;
	});
	const ended = runProgram(domain, ['backup', 'export', `--socket=${socket}`, '--json', ...flags, '--', domain.name], {
		...options,
		onOutput(piece, killIt) {
			kill = killIt;
			text += piece;
			if (text.includes('\n')) {
				resolve(JSON.parse(text.split('\n')[0]!) as Line);
			}
		},
	});
	void (async () => {
		reject(new Error(report(await ended)));
	})();

	return {
		begun,
		ended,
		end(signal = 'SIGINT') {
			kill(signal);
		},
	};
}

/** In a folder where QEMU's user may make it. */
export async function makeSocket(t: ExecutionContext, {folder}: LabDomain): Promise<string> {
	const place = `${folder}-sockets`;
	await mkdir(place);
	await chmod(place, 0o777);
	t.teardown(async () => rm(place, {recursive: true, force: true}));
	return path.join(place, 'export.sock');
}
