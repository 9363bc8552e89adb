/**
A command for people to read: exactly what runs.
*/
import type {Command, ProgramCommand} from '../plan/plan.ts';
import {formatPlaced} from '../plan/placed-command.ts';
import {formatCommandLine, quoteForShell} from './shell-quote.ts';

/** Where what it reads from its standard input comes from. */
export function formatInput({inputFrom}: ProgramCommand): string {
	return inputFrom === undefined ? '' : `${formatCommandLine(inputFrom)} | `;
}

/** A program as its command line; a command to a monitor as "qmp SOCKET JSON". */
export function formatCommand(command: Command): string {
	return command.tool === 'qmp'
		? `qmp ${quoteForShell(command.socketPath)} ${JSON.stringify({execute: command.execute, ...(Object.keys(command.arguments).length === 0 ? {} : {arguments: command.arguments})})}`
		: `${formatInput(command)}${formatPlaced(command)}`;
}
