/**
What is wrong with a command line that commander refuses, in the words of the program.
*/
import type {Command, CommanderError} from 'commander';
import {didYouMean} from './model/text/did-you-mean.ts';

/** "a SNAPSHOT", for an argument called so. */
const argumentWord = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name.toUpperCase()}`;

/** "checkpoint create": its words from the program down. */
const wordsOf = (command: Command, program: Command): string => command.parent === null || command.parent === program ? command.name() : `${wordsOf(command.parent, program)} ${command.name()}`;

/** `command`: what refused it; the program itself where no verb was found. */
export function usageProblem(error: CommanderError, command: Command, program: Command): {message: string; hint: string} {
	const isVerb = command !== program;
	const name = isVerb ? wordsOf(command, program) : '';
	const hint = isVerb ? `See vsnap-tui ${name} --help.` : 'See vsnap-tui --help.';
	const expected = command.registeredArguments.map(argument => argument.name().toUpperCase());
	switch (error.code) {
		case 'commander.missingArgument': {
			const missing = command.registeredArguments[command.args.length]?.name() ?? '';
			return {message: `${name} needs ${argumentWord(missing)}.`, hint};
		}

		case 'commander.help': {
			return {message: `${name} needs one of: ${command.commands.map(known => known.name()).join(', ')}.`, hint};
		}

		case 'commander.unknownCommand':
		case 'commander.excessArguments': {
			if (isVerb && command.commands.length === 0) {
				return {message: `${name} takes ${expected.length === 0 ? 'no argument' : `${expected.join(' ')} and no more`}; "${command.args[expected.length]}" is too many.`, hint};
			}

			const [typed] = command.args as [string];
			return {message: [`There is no command "${[name, typed].join(' ').trim()}".`, didYouMean(typed, command.commands.map(known => known.name())) ?? ''].join(' ').trim(), hint};
		}

		default: {
			return {message: error.message.replace(/^error: /u, '').trim(), hint};
		}
	}
}
