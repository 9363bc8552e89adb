/**
The command line: what may be typed, and what it comes to. Gives data; does nothing itself.
*/
import {Command, CommanderError, Help, Option} from 'commander';
import {addBackupVerbs} from './backup-arguments.ts';
import {commandLineSpecs} from './actions/registry.ts';
import type {ActionKind, CliSpec} from './actions/spec.ts';
import type {Direction} from './engine/run/progress.ts';
import {findingKinds} from './model/domain/finding.ts';
import {fail, succeed, type Result} from './model/result.ts';
import {shells, type GlobalOptions, type Invocation, type RawOptions} from './invocation.ts';
import {
	contradictionAmong, findContradiction, findMisfit, groupMisfit,
} from './misfits.ts';
import {usageProblem} from './usage-problem.ts';
import {verbTableOf, type VerbTable} from './verb-table.ts';
import {verb} from './verb.ts';
import {exitCodeWords, exitCodes} from './model/text/exit-codes.ts';

/** `print`: help or the version was asked for. */
export type Parsed = {kind: 'invocation'; invocation: Invocation; options: GlobalOptions} | {kind: 'print'; text: string};

function collect(value: string, before: string[] = []): string[] {
	return [...before, value];
}

/** Which host, and how it is told: for every verb. */
function withEveryGlobal(command: Command): Command {
	return command
		.optionsGroup('Which host, and how it is told:')
		.option('-c, --connect <uri>', 'the libvirt host, as virsh takes it; repeat for several on one screen', collect)
		.option('--qmp <name=socket>', 'a standalone QEMU by its monitor; repeat for each', collect)
		.option('--image <[name=]file>', 'a standalone domain that is off, by its image; repeat for each disk', collect)
		.option('--demo', 'a simulated host in memory: nothing on this machine is touched')
		.option('--read-only', 'look only; never change anything')
		.option('--ascii', 'use ASCII only (also when the locale is not UTF-8)')
		.option('--no-color', 'use no colours (also with NO_COLOR)')
		.option('--json', 'print output, events and errors as JSON');
}

/** For verbs that change something. */
function withEveryMode(command: Command): Command {
	return command
		.option('--dry-run', 'show the plan and change nothing')
		.addOption(new Option('--shell', 'with --dry-run: print the plan as a shell script').implies({dryRun: true}))
		.option('--yes', 'run it without asking and without a screen')
		.option('--no-check', 'on the screen, look for what is wrong with domains only when D is pressed')
		.option('--mouse', 'on the screen, a click selects and then opens, and the wheel moves');
}

function directionOf({giveUp, rollBack, rollForward}: RawOptions): Direction | undefined {
	if (giveUp) {
		return 'give-up';
	}

	return rollBack ? 'back' : (rollForward ? 'forward' : undefined);
}

function modeOf(raw: RawOptions): GlobalOptions['mode'] {
	if (raw.dryRun) {
		return raw.shell ? 'shell' : 'show';
	}

	return raw.yes ? 'run' : undefined;
}

function globalsOf(raw: RawOptions): GlobalOptions {
	return {
		connect: raw.connect?.[0],
		connects: [...new Set(raw.connect)],
		qmp: raw.qmp ?? [],
		images: raw.image ?? [],
		isDemo: raw.demo ?? false,
		isReadOnly: raw.readOnly ?? false,
		isAscii: raw.ascii ?? false,
		hasColor: raw.color ?? true,
		checks: raw.check ?? true,
		usesMouse: raw.mouse ?? false,
		isJson: raw.json ?? false,
		mode: modeOf(raw),
	};
}

const formatExitCodes = () => `\n${new Help().boxWrap(`Exit codes: ${Object.entries(exitCodeWords).map(([name, words]) => `${exitCodes[name as keyof typeof exitCodes]} ${words}`).join(', ')}.`, 80)}`;

/** What was typed, as far as commander has called back. */
type Typed = {
	/** All that was typed; missing: every verb is built whole. */
	words?: ReadonlySet<string>;
	failed?: Command;
	invocation?: Invocation;
	raw: RawOptions;
	refusal?: Result<never>;
	contradiction?: string;
};

const withParents = (command: Command): Command[] => [command, ...command.parent === null ? [] : withParents(command.parent)];

function take(typed: Typed, command: Command, invocation: Invocation): void {
	typed.invocation = invocation;
	// An option that may be given again may stand before the verb and behind it.
	const everywhere = (name: 'connect' | 'qmp' | 'image') => withParents(command).reverse().flatMap(where => where.opts<RawOptions>()[name] ?? []);
	const connect = everywhere('connect');
	typed.raw = {...command.optsWithGlobals<RawOptions>(), connect: connect.length === 0 ? undefined : connect, qmp: everywhere('qmp'), image: everywhere('image')};
}

/** Whether this command line can come to it: the others are only listed, and to build their options takes longer than to parse. */
const canBeMeant = (command: Command, {words}: Typed): boolean => words === undefined || command.parent === null || withParents(command).some(one => one.parent !== null && words.has(one.name()));

/** What verbs have in common. */
const commonOptions = (typed: Typed) => ({
	withGlobals: (command: Command): Command => canBeMeant(command, typed) ? withEveryGlobal(command) : command,
	withModes: (command: Command): Command => canBeMeant(command, typed) ? withEveryMode(command) : command,
});

function addAction(program: Command, cli: CliSpec<ActionKind>, typed: Typed): void {
	const {withGlobals, withModes} = commonOptions(typed);
	const command = verb(program, cli);
	for (const {flags, summary, isRepeated} of canBeMeant(command, typed) ? cli.options : []) {
		command.addOption(isRepeated ? new Option(flags, summary).argParser(collect) : new Option(flags, summary));
	}

	const {together} = cli;
	if (together !== undefined) {
		command
			.option('--with <domain>', 'do the same for this domain at once; repeat for each', collect)
			.addOption(new Option('--if-one-fails <others>', 'with --with: whether the other domains are rolled back (default) or kept').choices(['roll-back', 'keep']));
	}

	withGlobals(withModes(command));

	command.action(() => {
		const options = command.optsWithGlobals<RawOptions & Readonly<Record<string, unknown>>>();
		const [domain, ...words] = command.processedArgs as [string, ...Array<string | undefined>];
		const given = cli.read(words, options, options.yes !== true);
		const documentPath = cli.document && options[cli.document.option] as string | undefined;
		typed.contradiction = contradictionAmong(cli.excludes, options) ?? groupMisfit(options, documentPath);
		if (given.ok) {
			const {with: others, ifOneFails = 'roll-back'} = options;
			take(typed, command, others === undefined
				? {verb: 'action', domain, given: given.value, documentPath}
				: {
					verb: 'action', domain, given: together!(given.value), documentPath: undefined, group: {others, ifOneFails},
				});
		} else {
			typed.refusal = given;
		}
	});
}

/** What comes after an action, and what tells of the program. */
function addLaterVerbs(program: Command, typed: Typed): void {
	const {withGlobals, withModes} = commonOptions(typed);
	withGlobals(withModes(verb(program, {usage: 'recover [domain]', summary: 'finish, roll back or give up an interrupted action', examples: ['recover', 'recover web --roll-back --yes']})
		.option('--roll-back', 'restore the state before the action')
		.option('--roll-forward', 'finish the action')
		.option('--give-up', 'change nothing, forget the action, and list what it leaves behind')))
		.action((domain: string | undefined, options: RawOptions, command: Command) => {
			take(typed, command, {verb: 'recover', domain, direction: directionOf(options)});
		});
	withGlobals(withModes(verb(program, {usage: 'doctor [domain]', summary: 'check the host or a domain, and say how to fix what is wrong', examples: ['doctor', 'doctor web --repair current-record --dry-run']})
		.addOption(new Option('--repair <kind>', 'with a domain: plan the repair of the findings of this kind').choices(findingKinds))
		.option('--fold', 'with --repair unrecorded-layer: fold the overlay into its base, instead of recording a snapshot')
		.addOption(new Option('--mend <kind>', 'the former name of --repair').choices(findingKinds).hideHelp())))
		.action((domain: string | undefined, options: RawOptions, command: Command) => {
			const repair = findingKinds.find(kind => kind === (options.repair ?? options.mend));
			take(typed, command, {verb: 'doctor', domain, repair, ...(options.fold && {folds: true})});
		});
	withGlobals(verb(program, {usage: 'log [id]', summary: 'show who did what, when, from where, and how it ended; of one action, every command that ran', examples: ['log', 'log 20261127-121500-4f2a1c']}))
		.action((action: string | undefined, _options: unknown, command: Command) => {
			take(typed, command, {verb: 'log', action});
		});
	withGlobals(withModes(verb(program, {usage: 'undo [action]', summary: 'list what was done and how it can be undone; with the ID of an action, or a domain for its last one, undo it', examples: ['undo', 'undo web --yes']})))
		.action((what: string | undefined, _options: unknown, command: Command) => {
			take(typed, command, {verb: 'undo', what});
		});
	withGlobals(verb(program, {usage: 'completion <shell>', summary: 'print the completions for bash, zsh or fish', examples: ['completion bash > /etc/bash_completion.d/vsnap-tui', 'completion fish > ~/.config/fish/completions/vsnap-tui.fish']}))
		.action((shell: string, _options: unknown, command: Command) => {
			const known = shells.find(name => name === shell);
			if (known === undefined) {
				typed.refusal = fail({kind: 'usage', message: `There are completions for ${shells.join(', ')}, not for "${shell}".`});
			} else {
				take(typed, command, {verb: 'completion', shell: known});
			}
		});
	withGlobals(verb(program, {usage: 'man', summary: 'print the manual page', examples: ['man | man -l -', 'man > /usr/local/share/man/man1/vsnap-tui.1']}))
		.action((_options: unknown, command: Command) => {
			take(typed, command, {verb: 'man'});
		});
}

function buildProgram(version: string, typed: Typed): Command {
	const {withGlobals, withModes} = commonOptions(typed);
	const program = withGlobals(withModes(new Command('vsnap-tui')))
		.description('Take, revert, merge and delete snapshots of virtual machines, safely. Without a verb it opens the screen.')
		.argument('[domain]', 'open the screen at this domain')
		.version(version, '-V, --version', 'show the version')
		.helpOption('-h, --help', 'show this help')
		.addHelpText('after', formatExitCodes)
		.action((domain: string | undefined, _options: unknown, command: Command) => {
			take(typed, command, {verb: 'screen', domain});
		});
	withGlobals(verb(program, {usage: 'list', summary: 'list the domains, their states and their numbers of snapshots', examples: ['list', 'list -c qemu+ssh://root@kvm2/system --json']}))
		.action((_options: unknown, command: Command) => {
			take(typed, command, {verb: 'list'});
		});
	withGlobals(verb(program, {usage: 'tree <domain>', summary: 'show the snapshots, checkpoints and images of a domain', examples: ['tree web', 'tree web --json']}))
		.action((domain: string, _options: unknown, command: Command) => {
			take(typed, command, {verb: 'tree', domain});
		});
	withGlobals(verb(program, {usage: 'checkpoint list <domain>', summary: 'list the checkpoints of a domain, whether they are good, and what was written since', examples: ['checkpoint list web', 'checkpoint list web --json']}))
		.action((domain: string, _options: unknown, command: Command) => {
			take(typed, command, {verb: 'checkpoint-list', domain});
		});
	withGlobals(verb(program, {usage: 'checkpoint show <domain> <checkpoint>', summary: 'show one checkpoint', examples: ['checkpoint show web monday', 'checkpoint show web monday --xml > monday.xml']})
		.option('--xml', 'its record, as checkpoint redefine takes it'))
		.action((domain: string, checkpoint: string, options: {xml?: true}, command: Command) => {
			take(typed, command, {
				verb: 'checkpoint-show', domain, checkpoint, isXml: options.xml === true,
			});
		});
	for (const cli of commandLineSpecs()) {
		addAction(program, cli, typed);
	}

	addBackupVerbs({
		collect,
		add: spec => withGlobals((spec.isChanging ? withModes : (command: Command) => command)(verb(program, spec))),
		take(command, invocation) {
			if (invocation.ok) {
				take(typed, command, invocation.value);
			} else {
				typed.refusal = invocation;
			}
		},
	});
	addLaterVerbs(program, typed);
	return program;
}

/** Every verb, as the help has it. */
export const readVerbTable = (version: string): VerbTable => verbTableOf(buildProgram(version, {raw: {}}), formatExitCodes().trim());

/** `argv` without node and script. Fails with `usage`. */
export function parseArguments(argv: string[], version: string): Result<Parsed> {
	const typed: Typed = {words: new Set(argv), raw: {}};
	const output = {out: '', error: ''};
	const program = buildProgram(version, typed);
	for (const command of [program, ...program.commands.flatMap(child => [child, ...child.commands])]) {
		command.exitOverride(error => {
			typed.failed = command;
			throw error;
		}).configureOutput({
			writeOut(text) {
				output.out += text;
			},
			writeErr(text) {
				output.error += text;
			},
		});
	}

	try {
		program.parse(argv, {from: 'user'});
	} catch (error) {
		if (!(error instanceof CommanderError)) {
			throw error;
		}

		return error.exitCode === 0
			? succeed({kind: 'print', text: output.out})
			: fail({kind: 'usage', ...usageProblem(error, typed.failed ?? program, program)});
	}

	const contradiction = typed.contradiction ?? findContradiction(typed.raw) ?? findMisfit(typed);
	return typed.refusal ?? (contradiction === undefined
		? succeed({kind: 'invocation', invocation: typed.invocation!, options: globalsOf(typed.raw)})
		: fail({kind: 'usage', message: contradiction}));
}
