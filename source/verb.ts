/**
Verbs of one word and of two.
*/
import type {Command} from 'commander';

const groups: Readonly<Record<string, string>> = {
	checkpoint: 'create, list, show, delete and redefine checkpoints',
	backup: 'make backups, list, verify and prune them',
};

export type VerbSpec = {
	/** Its words, then its arguments: "checkpoint create <domain>". */
	usage: string;
	/** For the list of all verbs as well. */
	summary: string;
	/** As typed after the program's name; only what nobody types has none. */
	examples: readonly string[];
	isHidden?: boolean;
};

export const exampleLine = (example: string) => `vsnap-tui ${example}`;

export function verb(program: Command, {usage, summary, examples, isHidden = false}: VerbSpec): Command {
	const [group = '', rest] = usage.split(/ (.*)/s);
	const isGrouped = Object.hasOwn(groups, group);
	const parent = isGrouped ? program.commands.find(command => command.name() === group) ?? program.command(group).description(groups[group]!).optionsGroup('Options:').helpOption('-h, --help', 'show this help').helpCommand(false) : program;
	// "backup web" is "backup create web".
	const command = parent.command(isGrouped ? rest! : usage, {isDefault: usage.startsWith('backup create '), hidden: isHidden}).summary(summary);
	return command.description([summary, ...examples.length === 0 ? [] : ['', 'Examples:', ...examples.map(example => `  ${exampleLine(example)}`)]].join('\n'));
}
