/**
A command for people to read: exactly what runs.
*/
import type {Command} from '../plan/plan.ts';
import {formatPlaced} from '../plan/placed-command.ts';
import {quoteForShell} from './shell-quote.ts';

/** A program as its command line; a command to a monitor as "qmp SOCKET JSON". */
export function formatCommand(command: Command): string {
	return command.tool === 'qmp'
		? `qmp ${quoteForShell(command.socketPath)} ${JSON.stringify({execute: command.execute, ...(Object.keys(command.arguments).length === 0 ? {} : {arguments: command.arguments})})}`
		: formatPlaced(command);
}
