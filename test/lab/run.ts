/**
Runs the lab's programs. A lab command that fails unexpectedly is a broken lab, so it throws with everything that was said.
*/
import {randomBytes} from 'node:crypto';
import {execa} from 'execa';
import {labEnvironment, labUri} from './settings.ts';

export type Ran = {exitCode: number | undefined; signal: string | undefined; stdout: string; stderr: string};

/** Gives what happened, whatever happened. */
export async function attempt(program: string, args: string[], options: {input?: string; timeoutMs?: number; cwd?: string} = {}): Promise<Ran> {
	const result = await execa(program, args, {
		reject: false, env: labEnvironment(), ...(options.cwd !== undefined && {cwd: options.cwd}), extendEnv: false, input: options.input ?? '', timeout: options.timeoutMs ?? 60_000,
		stripFinalNewline: false, maxBuffer: 64 * 1024 * 1024,
	});
	return {exitCode: result.exitCode, signal: result.signal, stdout: result.stdout ?? '', stderr: result.stderr ?? result.message ?? ''};
}

/** Standard output; throws when the program did not end with 0. */
export async function run(program: string, args: string[], options: {input?: string; timeoutMs?: number; cwd?: string} = {}): Promise<string> {
	const result = await attempt(program, args, options);
	if (result.exitCode !== 0) {
		throw new Error(`${program} ${args.join(' ')}\nended with ${result.exitCode ?? result.signal}\n${result.stdout}${result.stderr}`);
	}

	return result.stdout;
}

export async function virsh(...args: string[]): Promise<string> {
	return run('virsh', ['-q', '-c', labUri, ...args]);
}

/** Single quotes hold everything for virsh's parser but a single quote. */
const quoted = (word: string) => `'${word.replaceAll('\'', String.raw`'\''`)}'`;

/** What each of many questions gives, asked of one virsh: to start it costs more than to ask. Throws where one of them fails. */
export async function virshAll(questions: string[][]): Promise<string[]> {
	const mark = `=== ${randomBytes(8).toString('hex')} ===`;
	const text = questions.map(([verb, ...words]) => `${[verb, ...words.map(word => quoted(word))].join(' ')}; echo '${mark}'`).join('; ');
	const {stdout, stderr} = await attempt('virsh', ['-q', '-c', labUri, text]);
	const answers = stdout.split(mark);
	if (stderr.trim() !== '' || answers.length !== questions.length + 1) {
		throw new Error(`virsh ${text}\n${stdout}${stderr}`);
	}

	return answers.slice(0, -1);
}

export async function attemptVirsh(...args: string[]): Promise<Ran> {
	return attempt('virsh', ['-q', '-c', labUri, ...args]);
}

/** Of the daemon, as libvirt counts: 11.3.0 is 11_003_000. */
export async function readLibvirtVersion(): Promise<number> {
	const text = await virsh('version', '--daemon');
	const [, major, minor, micro] = /daemon: (\d+)\.(\d+)\.(\d+)/.exec(text)!.map(Number) as [number, number, number, number];
	return (major * 1_000_000) + (minor * 1000) + micro;
}

/** The lines of a list, without empty ones. Names that begin or end with blanks keep them. */
export function lines(text: string): string[] {
	return text.split('\n').filter(line => line !== '');
}

/** Asks again until it is true; throws, with what was waited for, when it does not become true. */
export async function waitFor(what: string, isTrue: () => Promise<boolean> | boolean, timeoutMs = 20_000): Promise<void> {
	const endMs = Date.now() + timeoutMs;
	while (!await isTrue()) {
		if (Date.now() > endMs) {
			throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
		}

		await new Promise(resolve => {
			setTimeout(resolve, 20);
		});
	}
}
