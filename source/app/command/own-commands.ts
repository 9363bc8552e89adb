/**
What the command line of the screen knows besides the verbs: the names of keys; and verbs that a key opens here.
*/
import type {Command} from '../keys.ts';

export const ownCommands: ReadonlyArray<{name: string; command: Command}> = [
	{name: 'q', command: 'quit'},
	{name: 'quit', command: 'quit'},
	{name: 'help', command: 'help'},
	{name: 'undo', command: 'undo'},
	{name: 'log', command: 'log'},
];
