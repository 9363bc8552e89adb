/**
Runs the built program as a person without a terminal would.
*/
import {spawn} from 'node:child_process';
import {readdir} from 'node:fs/promises';
import process from 'node:process';
import type {LabDomain} from './domains.ts';
import {attemptVirsh} from './run.ts';
import {labEnvironment, labUri, programPath} from './settings.ts';

export type Line = Record<string, unknown> & {kind: string};

export type ProgramResult = {
	exitCode: number | null;
	signal: NodeJS.Signals | null;
	stdout: string;
	stderr: string;
};

export type ProgramOptions = {
	/** More environment; `PATH` among it when shims stand before the real programs. */
	env?: Record<string, string | undefined>;
	/** Called with the process id as soon as it is known. */
	onStart?: (pid: number) => void;
	/** In a process group of its own, as a shell starts it: a signal to the group is what Ctrl-C sends. */
	hasOwnGroup?: boolean;
	/** Nobody reads what it prints: writing fails, as when the other end of a pipe has gone. */
	closesOutput?: boolean;
	timeoutMs?: number;
	/** Sees each piece of its output as it comes, and may kill it. */
	onOutput?: (text: string, kill: (signal?: NodeJS.Signals) => void) => void;
};

/** Gives what happened, whatever happened. Standard input is empty and no terminal. */
export async function runProgram(domain: Pick<LabDomain, 'statePath'>, args: string[], options: ProgramOptions = {}): Promise<ProgramResult> {
	const child = spawn(process.execPath, [programPath, ...args.includes('-c') ? [] : ['-c', labUri], ...args], {
		stdio: ['ignore', 'pipe', 'pipe'],
		detached: options.hasOwnGroup ?? false,
		env: labEnvironment({VSNAP_TUI_STATE: domain.statePath, ...options.env}),
	});
	options.onStart?.(child.pid!);
	let stdout = '';
	let stderr = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		stdout += text;
		options.onOutput?.(text, (signal = 'SIGKILL') => child.kill(signal));
	});
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		stderr += text;
	});
	if (options.closesOutput) {
		child.stdout.destroy();
	}

	// A killed program leaves children that hold its pipes: its own end is what counts, and its output is read until then.
	const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 60_000);
	return new Promise(resolve => {
		child.once('exit', (exitCode, signal) => {
			clearTimeout(timer);
			const finish = () => {
				clearTimeout(patience);
				child.stdout.destroy();
				child.stderr.destroy();
				resolve({exitCode, signal, stdout, stderr});
			};

			const patience = setTimeout(finish, 1000);
			child.once('close', finish);
		});
	});
}

export type RevertOptions = ProgramOptions & {flags?: string[]};

/** With saved memory the domain resumes; else it ends off, so that its disks can be compared, unless the flags say otherwise. */
export async function endingOf(domain: LabDomain, snapshot: string, flags: readonly string[]): Promise<string[]> {
	if (flags.some(flag => /^--(?:running|paused|shutoff)$/.test(flag))) {
		return [];
	}

	const record = await attemptVirsh('snapshot-dumpxml', '--domain', domain.uuid, '--snapshotname', snapshot);
	return record.stdout.includes('<memory snapshot=\'no\'') ? ['--shutoff'] : [];
}

/** `revert DOMAIN SNAPSHOT … --yes --json`; discards the current state and ends as `endingOf` says, unless the flags say otherwise. */
export async function revert(domain: LabDomain, snapshot: string, options: RevertOptions = {}): Promise<ProgramResult> {
	const flags = options.flags ?? [];
	const currentState = flags.some(flag => /^--(?:keep|discard)/.test(flag)) ? [] : ['--discard'];
	return runProgram(domain, ['revert', ...currentState, ...flags, ...await endingOf(domain, snapshot, flags), '--yes', '--json', '--', domain.name, snapshot], options);
}

export async function recover(domain: LabDomain, direction: '--roll-back' | '--roll-forward', options: ProgramOptions = {}): Promise<ProgramResult> {
	return runProgram(domain, ['recover', direction, '--yes', '--json'], options);
}

/** The JSON events that were printed, one a line. */
export function readEvents(result: ProgramResult): Line[] {
	return result.stdout.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line) as Line);
}

/** The whole of what a program said, for the message of a failing test. */
export function report(result: ProgramResult): string {
	return `exit ${result.exitCode ?? result.signal}\n${result.stdout}\n${result.stderr}`;
}

/** Kinds of the blockers of a refusal, as `{"error": {"kind": "refused", "blockers": […]}}` on standard error tells them. */
export function readError(result: ProgramResult): {kind: string; message: string; hint?: string; blockers?: Array<{kind: string; text: string; remedy?: string}>} {
	const line = result.stderr.split('\n').find(text => text.startsWith('{"error"'));
	const text = line ?? result.stderr.slice(Math.max(0, result.stderr.indexOf('{')));
	return (JSON.parse(text) as {error: {kind: string; message: string}}).error;
}

/** What an action keeps only while it is under way: its journal and the XML of its commands. */
export async function readLeftSecrets(domain: Pick<LabDomain, 'statePath'>): Promise<string[]> {
	const names = await readdir(domain.statePath, {recursive: true});
	return names.filter(name => /\.xml$|^journal\//.test(name));
}
