/**
The first file to run: from the command line to a verb or the screen. With open-world.ts the only file that knows every room.
*/
import process from 'node:process';
import packageJson from '../package.json' with {type: 'json'};
import {titleOfAction} from './actions/registry.ts';
import {parseArguments, readVerbTable} from './arguments.ts';
import {formatCompletion} from './completion.ts';
import {formatManPage} from './man-page.ts';
import type {GlobalOptions, Invocation} from './invocation.ts';
import {actOnDomains} from './commands/group.ts';
import {listCheckpoints, showCheckpoint} from './commands/checkpoints.ts';
import {listBackups, verifyBackups} from './commands/backup/backups.ts';
import {pruneBackups, sealBackup} from './commands/backup/prune.ts';
import {restoreToFolder} from './commands/backup/restore.ts';
import {exportBackup} from './commands/backup/export.ts';
import {sayFailure, type CommandContext} from './commands/context.ts';
import {seeDoctor} from './commands/doctor.ts';
import {listDomains} from './commands/list.ts';
import {showLog, showRan} from './commands/log.ts';
import {findUndo, listUndo} from './commands/undo.ts';
import {recoverActions} from './commands/recover.ts';
import {showTree} from './commands/tree.ts';
import {diagnose} from './engine/doctor/diagnose.ts';
import {groupOf} from './engine/group/group-services.ts';
import {historyOf} from './engine/history.ts';
import {executePlan} from './engine/run/execute.ts';
import {prepareAction, prepareEach} from './engine/prepare.ts';
import {recover} from './engine/recover/recover.ts';
import {readLeftBehind} from './engine/recover/left-behind.ts';
import {requestOf} from './model/plan/request.ts';
import {exitCodes} from './model/text/exit-codes.ts';
import {mapResult, succeed, unreachable, type Result} from './model/result.ts';
import {makeLinesVisible} from './model/text/visible-text.ts';
import {openWorld, type OpenWorld} from './open-world.ts';
import {formatScript} from './planner/script/group-script.ts';
import {programFor} from './program-for.ts';
import {readScreenCommand} from './screen-commands.ts';
import {screenStartOf} from './screen-start.ts';
import {readAbilities, type Abilities} from './terminal/abilities.ts';
import {readPreferences} from './tools/state/preferences.ts';
import {writeNewProgram} from './tools/files/write-new-file.ts';
import {listenForStop} from './tools/run/stop-signals.ts';
import type {AppServices, ScreenStart} from './app/services.ts';

function servicesOf({world, planning, readRemoteArgv}: OpenWorld, options: GlobalOptions): AppServices {
	const {isReadOnly, isDemo, checks, usesMouse: mouse} = options;
	return {
		host: world.host,
		planAction: async invocation => prepareAction(planning, invocation),
		planEach: async (requests, onPlan, signal) => prepareEach(planning, requests, {onPlan, signal}),
		async saveScript(plans, file) {
			const remoteArgv = await readRemoteArgv();
			return remoteArgv.ok ? writeNewProgram(file, formatScript(plans.map(plan => ({plan, title: titleOfAction(plan.action)})), remoteArgv.value)) : remoteArgv;
		},
		executePlan: async (plan, onEvent, interrupt) => isReadOnly
			? {kind: 'rolled-back', failure: {kind: 'read-only'}}
			: executePlan(world, plan, {onEvent, interrupt}),
		readUnfinished: async () => readLeftBehind(world),
		...historyOf(world, planning),
		...groupOf(world, planning, isReadOnly),
		async recover(planId, direction, onEvent) {
			const unfinished = await world.store.readUnfinishedPlan(planId);
			if (!unfinished.ok) {
				return {kind: 'half-way', failure: unfinished.failure};
			}

			return unfinished.value === undefined
				? {kind: 'done'}
				: recover(world, unfinished.value, {
					direction,
					planAnew: async (action, replaces) => prepareAction(planning, requestOf(action), {replaces}),
					onEvent,
					interrupt: new AbortController().signal,
				});
		},
		diagnose: async (uuid, onProgress, interrupt) => diagnose(world, {uuid, onProgress, interrupt}),
		look: async (uuid, interrupt) => diagnose(world, {uuid, interrupt, isPatient: true}),
		readSettings: async () => isDemo
			? succeed({checks, theme: 'auto', sort: 'name', mouse, title: true, bell: false, notify: false})
			: mapResult(await readPreferences(), ({check, ...preferred}) => ({...preferred, checks: checks && check, mouse: mouse || preferred.mouse})),
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

async function runScreen(opened: OpenWorld, start: ScreenStart, options: GlobalOptions): Promise<number> {
	const {runScreen: show} = await import('./ui/run-screen.tsx');
	return show({services: servicesOf(opened, options), abilities: abilitiesOf(options), start});
}

/** What needs a host. */
type HostInvocation = Exclude<Invocation, {verb: 'completion' | 'man'}>;

type BackupVerb = Extract<Invocation, {verb: `backup-${string}`}>;

const isBackupVerb = (invocation: HostInvocation): invocation is BackupVerb => invocation.verb.startsWith('backup-');

async function runBackupVerb(context: CommandContext, invocation: BackupVerb, mode: 'run' | 'show'): Promise<number> {
	switch (invocation.verb) {
		case 'backup-list': {
			return listBackups(context, invocation.folder);
		}

		case 'backup-export': {
			return exportBackup(context, invocation.request);
		}

		case 'backup-verify': {
			return verifyBackups(context, invocation);
		}

		case 'backup-seal': {
			return sealBackup(context, invocation);
		}

		case 'backup-prune': {
			return pruneBackups(context, {...invocation, mode});
		}

		case 'backup-restore': {
			return restoreToFolder(context, {...invocation, mode});
		}

		default: {
			return unreachable(invocation);
		}
	}
}

async function runVerb(context: CommandContext, invocation: HostInvocation, mode: GlobalOptions['mode']): Promise<number> {
	const noTerminal = (what: string) => sayFailure(context, {
		kind: 'usage',
		message: 'group' in invocation ? 'An action on several domains needs --dry-run or --yes; on the screen Space marks them.' : 'This needs a terminal.',
		hint: what,
	});
	if (isBackupVerb(invocation)) {
		const isChanging = ['backup-restore', 'backup-prune'].includes(invocation.verb);
		if (mode === 'shell' || (isChanging && mode === undefined)) {
			return mode === 'shell' ? sayFailure(context, {kind: 'usage', message: '--shell is for actions on domains; --dry-run shows the commands.'}) : noTerminal('Give --dry-run to see the plan, or --yes to run it.');
		}

		return runBackupVerb(context, invocation, mode ?? 'show');
	}

	switch (invocation.verb) {
		case 'list': {
			return listDomains(context);
		}

		case 'tree': {
			return showTree(context, invocation.domain);
		}

		case 'checkpoint-list': {
			return listCheckpoints(context, invocation.domain);
		}

		case 'checkpoint-show': {
			return showCheckpoint(context, invocation);
		}

		case 'log': {
			return invocation.action === undefined ? showLog(context) : showRan(context, invocation.action);
		}

		case 'undo': {
			return listUndo(context);
		}

		case 'doctor': {
			return invocation.repair !== undefined && (invocation.domain === undefined || mode === undefined)
				? sayFailure(context, {kind: 'usage', message: '--repair needs a domain, and --dry-run to see the plan or --yes to run it.'})
				: seeDoctor(context, {domain: invocation.domain, repair: invocation.repair && {kind: invocation.repair, mode: mode ?? 'show', ...(invocation.folds && {way: 'fold'})}});
		}

		case 'action': {
			return mode === undefined
				? noTerminal('Give --dry-run to see the plan, or --yes to run it.')
				: actOnDomains(context, {...invocation, mode});
		}

		case 'recover': {
			return recoverActions(context, {domain: invocation.domain, direction: invocation.direction, mode: mode === 'run' || (mode === undefined && invocation.direction !== undefined) ? 'run' : 'show'});
		}

		case 'screen': {
			return noTerminal('vsnap-tui list, tree, revert, recover and log work without one: vsnap-tui --help.');
		}

		default: {
			return unreachable(invocation);
		}
	}
}

/** The screen, where a person is there to use it and the command line leaves something to ask. */
function wantedScreen(invocation: Invocation, options: GlobalOptions): ScreenStart | undefined {
	const isInteractive = process.stdin.isTTY && process.stdout.isTTY && !options.isJson && options.mode === undefined;
	return isInteractive ? screenStartOf(invocation) : undefined;
}

/** An action to be undone is the action that undoes it. */
async function withUndo(invocation: HostInvocation, opened: OpenWorld): Promise<Result<HostInvocation>> {
	if (invocation.verb !== 'undo' || invocation.what === undefined) {
		return succeed(invocation);
	}

	const undo = await findUndo({...opened, interrupt: new AbortController().signal}, invocation.what);
	return mapResult(undo, found => ({verb: 'action', ...found, documentPath: undefined}));
}

async function main(argv: string[]): Promise<number> {
	// Whatever is made on the way, by us or by a command of ours, is private until it is given away.
	process.umask(0o077);
	const says = {isJson: argv.includes('--json'), writeError: (text: string) => process.stderr.write(text)};
	const parsed = parseArguments(argv, packageJson.version);
	if (!parsed.ok) {
		return sayFailure(says, parsed.failure);
	}

	if (parsed.value.kind === 'print') {
		process.stdout.write(parsed.value.text);
		return 0;
	}

	const {options, invocation: typed} = parsed.value;
	if (typed.verb === 'completion' || typed.verb === 'man') {
		const table = readVerbTable(packageJson.version);
		process.stdout.write(typed.verb === 'man' ? formatManPage(table) : formatCompletion(table, typed.shell));
		return 0;
	}

	const opened = await openWorld(options);
	if (!opened.ok) {
		return sayFailure(says, opened.failure);
	}

	try {
		const wanted = await withUndo(typed, opened.value);
		if (!wanted.ok) {
			return sayFailure(says, wanted.failure);
		}

		const invocation = wanted.value;
		const start = wantedScreen(invocation, options);
		if (start !== undefined) {
			return await runScreen(opened.value, start, options);
		}

		const stop = listenForStop();
		return await runVerb({
			...opened.value,
			isReadOnly: options.isReadOnly,
			isJson: options.isJson,
			isAscii: abilitiesOf(options).isAscii,
			interrupt: stop.interrupt,
			writeOut: text => process.stdout.write(text),
			writeError: says.writeError,
		}, invocation, options.mode).finally(stop.dispose);
	} finally {
		await opened.value.world.host.close();
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
