/**
What the command line of the screen knows besides the verbs: the names of keys.
*/
import type {Command} from '../keys.ts';

export const ownCommands: ReadonlyArray<{name: string; command: Command}> = [
	{name: 'q', command: 'quit'},
	{name: 'quit', command: 'quit'},
	{name: 'help', command: 'help'},
];
