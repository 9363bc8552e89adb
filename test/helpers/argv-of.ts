import type {Command} from '../../source/model/plan/plan.ts';

/** The command line of a command that is a program; tests of plans without a monitor. */
export function argvOf(command: Command): string[] {
	if (command.tool === 'qmp') {
		throw new Error(`not a program: ${command.execute}`);
	}

	return command.argv;
}
