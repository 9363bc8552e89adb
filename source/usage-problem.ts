/**
What is wrong with a command line that commander refuses, in the words of the program.
*/
import type {Command, CommanderError} from 'commander';
import {didYouMean} from './model/text/did-you-mean.ts';

/** "a SNAPSHOT", for an argument called so. */
const argumentWord = (name: string) => `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name.toUpperCase()}`;

/** `command`: what refused it; the program itself where no verb was found. */
export function usageProblem(error: CommanderError, command: Command, program: Command): {message: string; hint: string} {
	const isVerb = command !== program;
	const name = isVerb ? command.name() : '';
	const hint = isVerb ? `See vsnap-tui ${name} --help.` : 'See vsnap-tui --help.';
	const expected = command.registeredArguments.map(argument => argument.name().toUpperCase());
	switch (error.code) {
		case 'commander.missingArgument': {
			const missing = command.registeredArguments[command.args.length]?.name() ?? '';
			return {message: `${name} needs ${argumentWord(missing)}.`, hint};
		}

		case 'commander.excessArguments': {
			if (isVerb) {
				return {message: `${name} takes ${expected.length === 0 ? 'no argument' : `${expected.join(' ')} and no more`}; "${command.args[expected.length]}" is too many.`, hint};
			}

			const [typed] = command.args as [string];
			return {message: [`There is no command "${typed}".`, didYouMean(typed, program.commands.map(known => known.name())) ?? ''].join(' ').trim(), hint};
		}

		default: {
			return {message: error.message.replace(/^error: /u, '').trim(), hint};
		}
	}
}
