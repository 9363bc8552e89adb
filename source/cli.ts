/**
The first file to run: from the command line to a verb or the screen. With worlds/ the only place that knows every room.
*/
import process from 'node:process';
import packageJson from '../package.json' with {type: 'json'};
import {parseArguments, readVerbTable} from './arguments.ts';
import type {GlobalOptions, Invocation} from './invocation.ts';
import {sayFailure} from './commands/context.ts';
import {exitCodes} from './model/text/exit-codes.ts';
import {mapResult, succeed} from './model/result.ts';
import {makeLinesVisible} from './model/text/visible-text.ts';
import {programFor} from './program-for.ts';
import {readScreenCommand} from './screen-commands.ts';
import {runVerb, withUndo} from './run-verb.ts';
import {screenStartOf} from './screen-start.ts';
import {readAbilities, type Abilities} from './terminal/abilities.ts';
import {readPreferences} from './tools/state/preferences.ts';
import {listenForStop} from './tools/run/stop-signals.ts';
import {readKnownHosts} from './tools/state/known-hosts.ts';
import {onSeveral} from './several-hosts.ts';
import type {OpenWorld} from './worlds/assemble.ts';
import {openWorld} from './worlds/open-world.ts';
import type {AppServices, ScreenHost, ScreenStart} from './app/services.ts';

/** The engine is loaded when something of it is first wanted: the list of the domains is shown before. */
function servicesOf({world, planning, isReadOnly, readRemoteArgv}: OpenWorld, options: GlobalOptions): AppServices {
	const {isDemo, checks, usesMouse: mouse} = options;
	const engine = async () => {
		const {engineFor} = await import('./engine/for-screen.ts');
		return engineFor(world, planning, {isReadOnly});
	};

	return {
		host: world.host,
		planAction: async request => (await engine()).planAction(request),
		planEach: async (...asked) => (await engine()).planEach(...asked),
		async saveScript(plans, file) {
			const [{formatScript}, {writeNewProgram}] = await Promise.all([engine(), import('./tools/files/write-new-file.ts')]);
			const remoteArgv = await readRemoteArgv();
			return remoteArgv.ok ? writeNewProgram(file, formatScript(plans, remoteArgv.value)) : remoteArgv;
		},
		executePlan: async (...asked) => (await engine()).executePlan(...asked),
		readUnfinished: async () => (await engine()).readUnfinished(),
		readUndo: async signal => (await engine()).readUndo(signal),
		readLastCommands: async () => (await engine()).readLastCommands(),
		readBackedUpTo: async () => (await engine()).readBackedUpTo(),
		planGroup: async asked => (await engine()).planGroup(asked),
		executeGroup: async (...asked) => (await engine()).executeGroup(...asked),
		recover: async (...asked) => (await engine()).recover(...asked),
		diagnose: async (...asked) => (await engine()).diagnose(...asked),
		look: async (...asked) => (await engine()).look(...asked),
		readSettings: async () => isDemo
			? succeed({checks, theme: 'auto', sort: 'name', mouse, title: true, bell: false, notify: false})
			: mapResult(await readPreferences(), ({check, ...preferred}) => ({...preferred, checks: checks && check, mouse: mouse || preferred.mouse})),
		readKnownHosts: async () => isDemo ? [] : readKnownHosts(world.store),
		program: isDemo ? undefined : programFor(options),
		readVerbs: () => readVerbTable(packageJson.version).verbs,
		readCommand: words => readScreenCommand(words, packageJson.version),
		isReadOnly,
		clock: world.clock,
	};
}

function abilitiesOf(options: GlobalOptions): Abilities {
	const {columns, rows} = process.stdout;
	return readAbilities({env: process.env, columns, rows, isAsciiWanted: options.isAscii, isColourRefused: !options.hasColor});
}

/** `worlds`: gets the hosts that are opened later as well, for whoever closes them. */
async function runScreen(worlds: OpenWorld[], start: ScreenStart, options: GlobalOptions): Promise<number> {
	const {runScreen: show} = await import('./ui/run-screen.tsx');
	const hostOf = (world: OpenWorld, connect: string | undefined): ScreenHost => ({name: connect ?? (options.isDemo ? 'demo:///system' : 'the default host'), services: servicesOf(world, {...options, connect})});
	const [first, ...others] = worlds.map((world, index) => hostOf(world, options.connects[index]));
	return show({
		hosts: [first!, ...others],
		async openHost(name) {
			const opened = await openWorld({...options, isDemo: false, qmp: [], images: [], connect: name});
			return mapResult(opened, world => {
				worlds.push(world);
				return hostOf(world, name);
			});
		},
		abilities: abilitiesOf(options),
		start,
	});
}

/** The screen, where a person is there to use it and the command line leaves something to ask. */
function wantedScreen(invocation: Invocation, options: GlobalOptions): ScreenStart | undefined {
	const isInteractive = process.stdin.isTTY && process.stdout.isTTY && !options.isJson && options.mode === undefined;
	return isInteractive ? screenStartOf(invocation) : undefined;
}

async function main(argv: string[]): Promise<number> {
	// Whatever is made on the way, by us or by a command of ours, is private until it is given away.
	process.umask(0o077);
	const output = {isJson: argv.includes('--json'), writeError: (text: string) => process.stderr.write(text)};
	const parsed = parseArguments(argv, packageJson.version);
	if (!parsed.ok) {
		return sayFailure(output, parsed.failure);
	}

	if (parsed.value.kind === 'print') {
		process.stdout.write(parsed.value.text);
		return 0;
	}

	const {options, invocation: typed} = parsed.value;
	if (typed.verb === 'completion' || typed.verb === 'man') {
		const table = readVerbTable(packageJson.version);
		if (typed.verb === 'man') {
			const {formatManPage} = await import('./man-page.ts');
			process.stdout.write(formatManPage(table));
		} else {
			const {formatCompletion} = await import('./completion.ts');
			process.stdout.write(formatCompletion(table, typed.shell));
		}

		return 0;
	}

	if (options.connects.length > 1) {
		return onSeveral(typed, options, {
			output, start: typed.verb === 'screen' ? wantedScreen(typed, options) : undefined, runScreen, runVerb, isAscii: abilitiesOf(options).isAscii, listenForStop,
		});
	}

	const opened = await openWorld(options);
	if (!opened.ok) {
		return sayFailure(output, opened.failure);
	}

	const worlds = [opened.value];
	try {
		const wanted = await withUndo(typed, opened.value);
		if (!wanted.ok) {
			return sayFailure(output, wanted.failure);
		}

		const invocation = wanted.value;
		const start = wantedScreen(invocation, options);
		if (start !== undefined || invocation.verb === 'action') {
			opened.value.world.host.begin?.();
		}

		if (start !== undefined) {
			return await runScreen(worlds, start, options);
		}

		const stop = listenForStop();
		return await runVerb({
			...opened.value,
			isJson: options.isJson,
			isAscii: abilitiesOf(options).isAscii,
			interrupt: stop.interrupt,
			writeOut: text => process.stdout.write(text),
			writeError: output.writeError,
		}, invocation, options.mode).finally(stop.dispose);
	} finally {
		await Promise.all(worlds.map(async ({world}) => world.host.close()));
	}
}

/** A mistake of ours: the one way out, whether somebody awaited what failed or not. */
function endByMistake(error: unknown): void {
	process.stderr.write(`Internal error (please report): ${makeLinesVisible(error instanceof Error ? error.stack ?? error.message : String(error))}\nIf an action was running, vsnap-tui recover finishes it or rolls it back.\n`);
	process.exitCode = exitCodes.internal;
}

// The screen has a listener of its own, which gives the terminal back first.
for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
	process.on(event, (error: unknown) => {
		if (process.listenerCount('uncaughtException') === 1) {
			endByMistake(error);
			process.exit(exitCodes.internal);
		} else if (event === 'unhandledRejection') {
			process.emit('uncaughtException', error as Error);
		}
	});
}

try {
	process.exitCode = await main(process.argv.slice(2));
} catch (error) {
	endByMistake(error);
}
