/**
A verb that looks, on several hosts at once: each answers when it can, under its name; in JSON all answers are one list.
*/
import process from 'node:process';
import type {ScreenStart} from './app/services.ts';
import {sayFailure, type CommandContext} from './commands/context.ts';
import {formatJson, makeLinesVisible} from './model/text/visible-text.ts';
import type {GlobalOptions, Invocation} from './invocation.ts';
import type {OpenWorld} from './worlds/assemble.ts';
import {openWorld} from './worlds/open-world.ts';

type HostInvocation = Exclude<Invocation, {verb: 'completion' | 'man'}>;

type Written = {out: string; error: string; exitCode: number};
type Asked = {isJson: boolean; writeOut: (text: string) => void; writeError: (text: string) => void};

/** The verbs that change nothing and name no host's action. */
export const looksOnly = (invocation: Invocation): boolean => ['list', 'tree', 'doctor'].includes(invocation.verb) && !('repair' in invocation && invocation.repair !== undefined);

const parsed = (text: string): unknown => text.trim() === '' ? null : JSON.parse(text.trim().split('\n').length === 1 || !text.includes('\n{') ? text : `[${text.trim().replaceAll('\n{', ',{')}]`);

/** `ask`: does it on the host of this name. Gives the exit code, the worst of all. */
export async function askEach(names: readonly string[], {isJson, writeOut, writeError}: Asked, ask: (name: string, write: Pick<Asked, 'writeOut' | 'writeError'>) => Promise<number>): Promise<number> {
	const answers = await Promise.all(names.map(async (name): Promise<Written & {name: string}> => {
		let out = '';
		let error = '';
		const exitCode = await ask(name, {
			writeOut(text) {
				out += text;
			},
			writeError(text) {
				error += text;
			},
		});
		if (!isJson) {
			// Whoever answers first is not held up by who does not answer.
			writeOut(`${makeLinesVisible(name)}\n${out}\n`);
			writeError(error === '' ? '' : `${makeLinesVisible(name)}: ${error}`);
		}

		return {
			name, out, error, exitCode,
		};
	}));
	if (isJson) {
		writeOut(`${formatJson(answers.map(({name, out, error, exitCode}) => ({host: name, exitCode, answer: parsed(out), ...(error === '' ? {} : {errors: parsed(error)})})), '\t')}\n`);
	}

	return Math.max(...answers.map(({exitCode}) => exitCode));
}

type Ways = {
	output: Pick<Asked, 'isJson' | 'writeError'>;
	/** Undefined: there is no terminal for it, or another verb. */
	start: ScreenStart | undefined;
	runScreen: (worlds: OpenWorld[], start: ScreenStart, options: GlobalOptions) => Promise<number>;
	runVerb: (context: CommandContext, invocation: HostInvocation, mode: GlobalOptions['mode']) => Promise<number>;
	isAscii: boolean;
	listenForStop: () => {interrupt: AbortSignal; dispose: () => void};
};

/** On one screen, or asked one beside the other. */
export async function onSeveral(invocation: HostInvocation, options: GlobalOptions, {
	output, start, runScreen, runVerb, isAscii, listenForStop,
}: Ways): Promise<number> {
	if (start === undefined && !looksOnly(invocation)) {
		return sayFailure(output, invocation.verb === 'screen' ? {kind: 'usage', message: 'This needs a terminal.'} : {kind: 'usage', message: 'This is for one host.', hint: 'Name it with one --connect.'});
	}

	const worlds: OpenWorld[] = [];
	for (const connect of options.connects) {
		const opened = await openWorld({...options, connect});
		if (!opened.ok) {
			return sayFailure(output, opened.failure);
		}

		worlds.push(opened.value);
	}

	try {
		if (start !== undefined) {
			return await runScreen(worlds, start, options);
		}

		const stop = listenForStop();
		const asked = {isJson: options.isJson, writeOut: (text: string) => process.stdout.write(text), writeError: output.writeError};
		return await askEach(options.connects, asked, async (name, own) => runVerb({
			...worlds[options.connects.indexOf(name)]!, isJson: options.isJson, isAscii, interrupt: stop.interrupt, ...own,
		}, invocation, options.mode)).finally(stop.dispose);
	} finally {
		await Promise.all(worlds.map(async ({world}) => world.host.close()));
	}
}
