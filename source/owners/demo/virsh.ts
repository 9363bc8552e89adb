/**
`virsh` on the demo host: global options, one command or a batch of them, and which of virsh's commands the demo knows. What each command does
stands in the other files named virsh-….ts.
*/
import type {CommandFile} from '../../model/plan/plan.ts';
import {virshError, type Answer} from './answer.ts';
import {finishAtOnce, type Copying} from './copying.ts';
import {blockCommands} from './virsh-block.ts';
import {checkpointCommands} from './virsh-checkpoint.ts';
import {domainCommands} from './virsh-domain.ts';
import {hostCommands} from './virsh-host.ts';
import {jobCommands} from './virsh-job.ts';
import {snapshotCommands} from './virsh-snapshot.ts';
import {parseVirshCommands, parseVirshOptions, type ParsedOptions} from './virsh-words.ts';
import type {VirshCall, VirshCommand} from './virsh-call.ts';
import type {DemoDomain, DemoWorld} from './world.ts';

const commands: Record<string, VirshCommand> = {...hostCommands, ...domainCommands, ...jobCommands, ...blockCommands, ...snapshotCommands, ...checkpointCommands};

/** Only a command that comes alone takes its time. */
export function runVirsh(world: DemoWorld, argv: string[], files: CommandFile[]): Answer | Copying {
	const {words, isReadOnly} = dropGlobalOptions(argv);
	const batch = words.length === 1 ? parseVirshCommands(words[0]!) : {commands: [words]};
	if ('error' in batch) {
		return virshError(batch.error);
	}

	// An error of syntax anywhere stops the batch before it starts.
	const parsed: Array<{command: VirshCommand; options: ParsedOptions}> = [];
	for (const [verb = '', ...rest] of batch.commands) {
		const command = commands[verb];
		if (!command) {
			return virshError(`unknown command: '${verb}'`);
		}

		const options = verb === 'echo'
			? {flags: new Set<string>(), values: new Map([['text', rest.join(' ')]])}
			: parseVirshOptions(verb, rest, command.options);
		if ('error' in options) {
			return virshError(options.error);
		}

		parsed.push({command, options});
	}

	const [only, ...more] = parsed;
	if (only && more.length === 0) {
		return run(only.command, {world, options: only.options, files, isReadOnly});
	}

	const answers = parsed.map(({command, options}) => finishAtOnce(run(command, {world, options, files, isReadOnly})));
	return {
		stdout: answers.map(({stdout}) => stdout).join(''),
		stderr: answers.map(({stderr}) => stderr).join(''),
		exitCode: answers.at(-1)?.exitCode ?? 0,
	};
}

/** Whether this command line changes something, so that it may take its time. */
export function isChangingVirsh(argv: string[]): boolean {
	const {words} = dropGlobalOptions(argv);
	return words.length > 1 && commands[words[0]!]?.forbiddenReadOnly !== undefined;
}

function run(command: VirshCommand, call: VirshCall): Answer | Copying {
	if ('run' in command) {
		return command.run(call);
	}

	const name = call.options.values.get('domain')!;
	const domain = findDomain(call.world, name);
	if (!domain) {
		return virshError(`failed to get domain '${name}'`);
	}

	if (call.isReadOnly && command.forbiddenReadOnly) {
		const {call: forbidden, prefix} = command.forbiddenReadOnly;
		return virshError(...(prefix === undefined ? [] : [`${prefix} '${domain.name}'`]), `operation forbidden: read only access prevents ${forbidden}`);
	}

	return command.runOnDomain(call, domain);
}

/** In virsh's order: number, UUID, name. */
function findDomain(world: DemoWorld, name: string): DemoDomain | undefined {
	const all = [...world.domains.values()];
	return all.find(domain => domain.id !== undefined && String(domain.id) === name) ?? world.domains.get(name) ?? all.find(domain => domain.name === name);
}

function dropGlobalOptions(argv: string[]): {words: string[]; isReadOnly: boolean} {
	const withValue = new Set(['-c', '--connect', '-k', '-K', '-l', '-d', '--keepalive-interval', '--keepalive-count']);
	let index = 0;
	let isReadOnly = false;
	for (; index < argv.length && argv[index]!.startsWith('-'); index++) {
		isReadOnly ||= argv[index] === '-r' || argv[index] === '--readonly';
		if (withValue.has(argv[index]!)) {
			index++;
		}
	}

	return {words: argv.slice(index), isReadOnly};
}
