/**
Verbs of one word and of two.
*/
import type {Command} from 'commander';

const groups: Readonly<Record<string, string>> = {
	checkpoint: 'create, list, show, delete and redefine checkpoints',
	backup: 'make backups, list, verify and prune them',
};

/** `usage`: its words, then its arguments: "checkpoint create <domain>". */
export function verb(program: Command, usage: string, description: string, {isHidden = false} = {}): Command {
	const [group = '', rest] = usage.split(/ (.*)/s);
	if (!Object.hasOwn(groups, group)) {
		return program.command(usage).description(description);
	}

	const parent = program.commands.find(command => command.name() === group) ?? program.command(group).description(groups[group]!);
	// "backup web" is "backup create web".
	return parent.command(rest!, {isDefault: usage.startsWith('backup create '), hidden: isHidden}).description(description);
}
