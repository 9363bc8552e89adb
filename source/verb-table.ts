/**
The command line as a table: what the help prints, for the manual page and the completions.
*/
import type {Command, Option} from 'commander';

export type OptionRow = {
	/** As typed: `-c`, `--connect`. */
	names: string[];
	/** "<uri>", "[name=]file"; undefined: it takes none. */
	value: string | undefined;
	choices: readonly string[];
	summary: string;
};

export type VerbRow = {
	/** "checkpoint create"; empty: the program itself. */
	words: string;
	/** In their order, as the help writes them: "<domain>", "[name]". */
	arguments: string[];
	summary: string;
	examples: string[];
	options: OptionRow[];
	/** Those that every verb has. */
	globals: OptionRow[];
};

export type VerbTable = {version: string; description: string; exitCodes: string; verbs: VerbRow[]};

const globalGroup = 'Which host, and how it is told:';

function rowOf({short, long, flags, argChoices, description}: Option): OptionRow {
	return {names: [short, long].flatMap(name => name ?? []), value: /[<[].*$/.exec(flags)?.[0], choices: argChoices ?? [], summary: description};
}

function verbRow(command: Command, words: string): VerbRow {
	const options = command.createHelp().visibleOptions(command);
	const [, ...lines] = command.description().split('\n');
	return {
		words,
		arguments: command.registeredArguments.map(argument => argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
		summary: command.summary() || command.description(),
		examples: lines.filter(line => line.startsWith('  ')).map(line => line.trim()),
		options: options.filter(({helpGroupHeading}) => helpGroupHeading !== globalGroup).map(option => rowOf(option)),
		globals: options.filter(({helpGroupHeading}) => helpGroupHeading === globalGroup).map(option => rowOf(option)),
	};
}

/** Every verb that can be typed and is not hidden, in the order of the help, the program itself first. */
export function verbTableOf(program: Command, exitCodes: string): VerbTable {
	const below = (command: Command, words: string): VerbRow[] => command.createHelp().visibleCommands(command).filter(child => child.name() !== 'help').flatMap(child => {
		const path = [words, child.name()].join(' ').trim();
		return child.commands.length === 0 ? [verbRow(child, path)] : below(child, path);
	});
	return {version: program.version() ?? '', description: program.description(), exitCodes, verbs: [verbRow(program, ''), ...below(program, '')]};
}
