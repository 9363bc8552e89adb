/**
`virsh` on the demo host: global options, one command or a batch of them, and which of virsh's commands the demo knows. What each command does
is in the other files of this folder.
*/
import type {CommandFile} from '../../../../model/plan/plan.ts';
import {isCopying, joinAnswers, type Answer, type Copying} from '../program.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {backupCommands} from './backup.ts';
import {blockCommands} from './block.ts';
import {checkpointCommands} from './checkpoint.ts';
import {repliesOf, virshError, type VirshCall, type VirshCommand} from './command.ts';
import {domainCommands} from './domain.ts';
import {hostCommands} from './host.ts';
import {jobCommands} from './job.ts';
import {snapshotCommands} from './snapshot.ts';
import {parseVirshCommands, parseVirshOptions, type ParsedOptions} from './words.ts';

const commands: Record<string, VirshCommand> = {...hostCommands, ...domainCommands, ...jobCommands, ...blockCommands, ...snapshotCommands, ...checkpointCommands, ...backupCommands};

type Given = Pick<VirshCall, 'world' | 'files' | 'isReadOnly'>;

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
		const options = command ? parseVirshOptions(verb, rest, command.options) : {error: `unknown command: '${verb}'`};
		if ('error' in options) {
			return virshError(options.error);
		}

		parsed.push({command: command!, options});
	}

	const given = {world, files, isReadOnly};
	if (parsed.length === 1) {
		return run(parsed[0]!.command, parsed[0]!.options, given);
	}

	const answers = parsed.map(({command, options}) => {
		const answer = run(command, options, given);
		return isCopying(answer) ? answer.finish() : answer;
	});
	return joinAnswers(answers, answers.at(-1)?.exitCode);
}

/** Whether this command line changes something, so that it may take its time. */
export function isChangingVirsh(argv: string[]): boolean {
	const {words} = dropGlobalOptions(argv);
	return words.length > 1 && commands[words[0]!]?.forbidden !== undefined;
}

function run(command: VirshCommand, options: ParsedOptions, given: Given): Answer | Copying {
	const name = options.values.get('domain') ?? '';
	const domain = findDomain(given.world, name);
	const failure = command.failure?.replaceAll(/{([a-z]+)}/g, (_, option: string) => option === 'domain' ? domain?.name ?? name : options.values.get(option) ?? '');
	const call: VirshCall = {...given, ...options, ...repliesOf(failure), domain: domain!};
	if (command.options.startsWith('domain!') && !domain) {
		return virshError(`failed to get domain '${name}'`);
	}

	return call.refuseFirst(
		[given.isReadOnly && command.forbidden !== undefined, `operation forbidden: read only access prevents ${command.forbidden}`],
		[given.isReadOnly && command.secret !== undefined && call.flags.has('security-info'), `operation forbidden: ${command.secret} with secure flag`],
	) ?? command.run(call);
}

/** In virsh's order: number, UUID, name. */
function findDomain(world: DemoWorld, name: string): DemoDomain | undefined {
	const all = [...world.domains.values()];
	return all.find(domain => domain.id !== undefined && String(domain.id) === name) ?? world.domains.get(name) ?? all.find(domain => domain.name === name);
}

function dropGlobalOptions(argv: string[]): {words: string[]; isReadOnly: boolean} {
	const start = argv.findIndex((word, index) => !word.startsWith('-') && argv[index - 1] !== '-c');
	return {words: argv.slice(start), isReadOnly: argv.slice(0, start).includes('-r')};
}
