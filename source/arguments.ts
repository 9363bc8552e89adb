/**
The command line: what may be typed, and what it comes to. Gives data; does nothing itself.
*/
import {Command, CommanderError, Option} from 'commander';
import type {CreateAction, DeleteAction, EndState, Fate} from './model/action.ts';
import {parseDiskOptions, parseMemoryOption} from './model/create-options.ts';
import type {Direction} from './engine/progress.ts';
import {findingKinds, type FindingKind} from './model/finding.ts';
import {fail, succeed, type Result} from './model/result.ts';

export type GlobalOptions = {
	connect: string | undefined;
	/** `NAME=SOCKET`: bare QEMUs by their monitors. */
	qmp: string[];
	/** `NAME=FILE` or `FILE`: bare domains by their images. */
	images: string[];
	isDemo: boolean;
	isReadOnly: boolean;
	isAscii: boolean;
	hasColor: boolean;
	isJson: boolean;
	/** `--yes`, `--dry-run`, `--dry-run --shell`; undefined: ask on the screen. */
	mode: 'run' | 'show' | 'shell' | undefined;
};

export type Wish =
	| {verb: 'screen'; domain: string | undefined}
	| {verb: 'list'}
	| {verb: 'tree'; domain: string}
	| {verb: 'revert'; domain: string; snapshot: string; fate: Fate | undefined; endState: EndState | undefined}
	| CreateVerb
	| {verb: 'branch'; domain: string; snapshot: string; name: string; fate: Fate | undefined}
	| {verb: 'merge'; domain: string; snapshot: string}
	| {verb: 'delete'; domain: string; snapshot: string; scope: DeleteAction['scope']; isMetadataOnly: boolean}
	| {verb: 'recover'; domain: string | undefined; direction: Direction | undefined}
	| {verb: 'doctor'; domain: string | undefined; mend: FindingKind | undefined}
	| {verb: 'log'};

/** What `create` was typed with; names and files as they stand. */
export type CreateVerb = Pick<CreateAction, 'description' | 'memory' | 'disks' | 'isDiskOnly' | 'isQuiesced' | 'isLive' | 'isHalted' | 'hasNoMetadata'> & {
	verb: 'create';
	domain: string;
	/** Undefined: it is named by the time. */
	snapshot: string | undefined;
	xmlPath: string | undefined;
};

/** `print`: help or the version was asked for. */
export type Parsed = {kind: 'wish'; wish: Wish; options: GlobalOptions} | {kind: 'print'; text: string};

type RawOptions = Partial<Record<'connect' | 'keep' | 'mend', string>> & Partial<Record<'qmp' | 'image', string[]>> & Partial<Record<
	'demo' | 'readOnly' | 'ascii' | 'color' | 'json' | 'yes' | 'dryRun' | 'shell' | 'discard' | 'running' | 'paused' | 'shutoff' | 'rollBack' | 'rollForward' | 'giveUp'
	| 'children' | 'childrenOnly' | 'metadata',
	boolean
>>;

type RawCreate = {
	description?: string;
	memory?: string;
	disk: string[];
	reuse: string[];
	xml?: string;
	diskOnly?: boolean;
	quiesce?: boolean;
	live?: boolean;
	halt?: boolean;
	/** `--no-metadata` makes it false. */
	metadata: boolean;
};

function createVerb(domain: string, snapshot: string | undefined, raw: RawCreate): Result<CreateVerb> {
	const memory = parseMemoryOption(raw.memory);
	const disks = parseDiskOptions(raw.disk, raw.reuse);
	if (!memory.ok || !disks.ok) {
		return memory.ok ? disks as Result<never> : memory;
	}

	const saidByDocument = [snapshot, raw.description, raw.memory, raw.disk[0]].some(said => said !== undefined);
	return raw.xml !== undefined && saidByDocument
		? fail({kind: 'usage', message: '--xml excludes NAME, --description, --memory and --disk.', hint: 'The document says these: <name>, <description>, <memory>, <disks>.'})
		: succeed({
			verb: 'create',
			domain,
			snapshot,
			description: raw.description,
			memory: memory.value,
			disks: disks.value,
			isDiskOnly: raw.diskOnly ?? false,
			isQuiesced: raw.quiesce ?? false,
			isLive: raw.live ?? false,
			isHalted: raw.halt ?? false,
			hasNoMetadata: !raw.metadata,
			xmlPath: raw.xml,
		});
}

function collect(value: string, before: string[] = []): string[] {
	return [...before, value];
}

function withGlobals(command: Command): Command {
	return command
		.option('-c, --connect <uri>', 'the libvirt host, as virsh takes it')
		.option('--qmp <name=socket>', 'a bare QEMU by its monitor; again for each', collect)
		.option('--image <[name=]file>', 'a domain that is off by an image file; again for each of its disks', collect)
		.option('--demo', 'a make-believe host in memory: nothing on this machine is touched')
		.option('--read-only', 'look, and never change anything')
		.option('--ascii', 'no other characters than ASCII (also when the locale is not UTF-8)')
		.option('--no-color', 'no colours (also with NO_COLOR)')
		.option('--json', 'output, events and errors as JSON')
		.option('--dry-run', 'show the plan, do nothing')
		.addOption(new Option('--shell', 'with --dry-run: as a shell script').implies({dryRun: true}))
		.option('--yes', 'do it without asking, and without a screen');
}

function directionOf({giveUp, rollBack, rollForward}: RawOptions): Direction | undefined {
	if (giveUp) {
		return 'give-up';
	}

	return rollBack ? 'back' : (rollForward ? 'forward' : undefined);
}

function fateOf(raw: RawOptions): Fate | undefined {
	if (raw.keep !== undefined) {
		return {kind: 'keep', name: raw.keep};
	}

	return raw.discard ? {kind: 'discard'} : undefined;
}

function modeOf(raw: RawOptions): GlobalOptions['mode'] {
	if (raw.dryRun) {
		return raw.shell ? 'shell' : 'show';
	}

	return raw.yes ? 'run' : undefined;
}

function globalsOf(raw: RawOptions): GlobalOptions {
	return {
		connect: raw.connect,
		qmp: raw.qmp ?? [],
		images: raw.image ?? [],
		isDemo: raw.demo ?? false,
		isReadOnly: raw.readOnly ?? false,
		isAscii: raw.ascii ?? false,
		hasColor: raw.color ?? true,
		isJson: raw.json ?? false,
		mode: modeOf(raw),
	};
}

function findContradiction(raw: RawOptions): string | undefined {
	const isBare = (raw.qmp ?? []).length > 0 || (raw.image ?? []).length > 0;
	const pairs: Array<[boolean, string]> = [
		[raw.keep !== undefined && raw.discard === true, '--keep and --discard'],
		[raw.yes === true && raw.dryRun === true, '--yes and --dry-run'],
		[raw.shell === true && raw.json === true, '--shell and --json'],
		[[raw.running, raw.paused, raw.shutoff].filter(Boolean).length > 1, '--running, --paused and --shutoff'],
		[raw.rollBack === true && raw.rollForward === true, '--roll-back and --roll-forward'],
		[raw.giveUp === true && (raw.rollBack === true || raw.rollForward === true), '--give-up and another way'],
		[raw.children === true && raw.childrenOnly === true, '--children and --children-only'],
		[raw.demo === true && raw.connect !== undefined, '--demo and --connect'],
		[isBare && raw.connect !== undefined, '--connect and --qmp or --image'],
		[isBare && raw.demo === true, '--demo and --qmp or --image'],
	];
	const found = pairs.find(([isContradiction]) => isContradiction);
	return found && `${found[1]} exclude each other.`;
}

const exitCodes = `
Exit codes: 0 done, 1 failed and everything is as it was, 2 wrong usage, 3 refused and nothing touched, 4 stopped half-way (vsnap-tui recover),
5 host not reachable, 6 busy, 7 the host changed since the plan was made, 10 the doctor found something, 130 interrupted.`;

/** `argv` without node and script. Fails with `usage`. */
export function parseArguments(argv: string[], version: string): Result<Parsed> {
	let wish: Wish | undefined;
	let refusal: Result<never> | undefined;
	let raw: RawOptions = {};
	const said = {out: '', error: ''};
	const take = (command: Command, made: Wish) => {
		wish = made;
		// An option that may be given again may stand before the verb and behind it.
		const everywhere = (name: 'qmp' | 'image') => [command.parent, command].flatMap(where => where?.opts<RawOptions>()[name] ?? []);
		raw = {...command.optsWithGlobals<RawOptions>(), qmp: everywhere('qmp'), image: everywhere('image')};
	};

	const program = withGlobals(new Command('vsnap-tui'))
		.description('Go back in time with a virtual machine, safely. Without a verb it opens the screen.')
		.argument('[domain]', 'open the screen at this domain')
		.version(version, '-V, --version', 'show the version')
		.helpOption('-h, --help', 'show this help')
		.addHelpText('after', exitCodes)
		.action((domain: string | undefined, _options: unknown, command: Command) => {
			take(command, {verb: 'screen', domain});
		});
	const verb = (usage: string, description: string) => withGlobals(program.command(usage).description(description));
	verb('list', 'the domains, their states and how many snapshots they have')
		.action((_options: unknown, command: Command) => {
			take(command, {verb: 'list'});
		});
	verb('tree <domain>', 'the snapshots, checkpoints and images of a domain')
		.action((domain: string, _options: unknown, command: Command) => {
			take(command, {verb: 'tree', domain});
		});
	verb('revert <domain> <snapshot>', 'go back to a snapshot; the current state is kept, unless it is discarded')
		.option('--keep <name>', 'keep the current state as a snapshot of this name (else "kept-" and the time)')
		.option('--discard', 'lose the current state; --yes wants this or --keep')
		.option('--running', 'end with the domain running')
		.option('--paused', 'end with the domain paused')
		.option('--shutoff', 'end with the domain shut off')
		.action((domain: string, snapshot: string, _options: unknown, command: Command) => {
			const options = command.optsWithGlobals<RawOptions>();
			const endState = (['running', 'paused', 'shutoff'] as const).find(state => options[state]);
			const fate = fateOf(options);
			take(command, {verb: 'revert', domain, snapshot, endState, fate});
			// Without a person to ask, nothing is chosen that could lose something, and nothing that was not asked for is made.
			if (options.yes && fate === undefined) {
				refusal = fail({
					kind: 'usage',
					message: 'revert --yes needs --keep NAME or --discard.',
					hint: '--keep NAME keeps the current state as a snapshot, --discard loses it. --dry-run shows the plan of either.',
				});
			}
		});
	verb('create <domain> [name]', 'take a snapshot; without a name it is called "at-" and the time')
		.option('--description <text>', 'what it is for')
		.option('--disk-only', 'the disks, without the memory of a running guest')
		.option('--memory <mode>', 'no, internal, external, or external:FILE')
		.option('--disk <disk=mode>', 'DISK=internal, external, external:FILE, no or manual; may be given for each disk', collect, [])
		.option('--reuse <disk=way>', 'how its overlay comes to be: DISK=absolute-paths, existing, existing-with-data or no-backing-file', collect, [])
		.option('--quiesce', 'let the guest agent freeze the file systems meanwhile')
		.option('--live', 'let the guest run while its memory goes to a file')
		.option('--halt', 'power the domain off afterwards')
		.option('--no-metadata', 'do it, and record nothing')
		.option('--xml <file>', 'a whole <domainsnapshot> as virsh takes it; with <branch> it makes a branch')
		.action((domain: string, snapshot: string | undefined, _options: unknown, command: Command) => {
			const made = createVerb(domain, snapshot, command.optsWithGlobals<RawCreate>());
			if (made.ok) {
				take(command, made.value);
			} else {
				refusal = made;
			}
		});
	verb('branch <domain> <snapshot> <name>', 'begin a second line of development at a snapshot; the current state is kept, unless it is discarded')
		.option('--keep <name>', 'keep the current state as a snapshot of this name (else "before-" and the name of the branch)')
		.option('--discard', 'lose the current state')
		.action((domain: string, snapshot: string, name: string, _options: unknown, command: Command) => {
			take(command, {verb: 'branch', domain, snapshot, name, fate: fateOf(command.optsWithGlobals<RawOptions>())});
		});
	verb('merge <domain> <snapshot>', 'drop a snapshot and keep what was written since: its image becomes one with what stands on it')
		.action((domain: string, snapshot: string, _options: unknown, command: Command) => {
			take(command, {verb: 'merge', domain, snapshot});
		});
	verb('delete <domain> <snapshot>', 'drop a snapshot, and the images that nothing needs any more; the present state stays')
		.option('--children', 'with all that come after it')
		.option('--children-only', 'all that come after it, without itself')
		.option('--metadata', 'only the record: no image is touched')
		.action((domain: string, snapshot: string, _options: unknown, command: Command) => {
			const options = command.optsWithGlobals<RawOptions>();
			const scope = options.children ? 'with-children' : (options.childrenOnly ? 'children-only' : 'one');
			take(command, {verb: 'delete', domain, snapshot, scope, isMetadataOnly: options.metadata ?? false});
		});
	verb('recover [domain]', 'finish, put back or give up what a crash left half-way')
		.option('--roll-back', 'put everything back as it was before')
		.option('--roll-forward', 'finish it')
		.option('--give-up', 'touch nothing, forget the action, and list what it leaves')
		.action((domain: string | undefined, _options: unknown, command: Command) => {
			const options = command.optsWithGlobals<RawOptions>();
			take(command, {verb: 'recover', domain, direction: directionOf(options)});
		});
	verb('doctor [domain]', 'what is wrong with the host or a domain, and how to mend it')
		.addOption(new Option('--mend <kind>', 'with a domain: the plan that mends the findings of this kind').choices(findingKinds))
		.action((domain: string | undefined, _options: unknown, command: Command) => {
			const mend = findingKinds.find(kind => kind === command.optsWithGlobals<RawOptions>().mend);
			take(command, {verb: 'doctor', domain, mend});
		});
	verb('log', 'who did what, when, from where, and how it ended')
		.action((_options: unknown, command: Command) => {
			take(command, {verb: 'log'});
		});
	for (const command of [program, ...program.commands]) {
		command.exitOverride().configureOutput({
			writeOut(text) {
				said.out += text;
			},
			writeErr(text) {
				said.error += text;
			},
		});
	}

	try {
		program.parse(argv, {from: 'user'});
	} catch (error) {
		if (!(error instanceof CommanderError)) {
			throw error;
		}

		return error.exitCode === 0
			? succeed({kind: 'print', text: said.out})
			: fail({kind: 'usage', message: said.error.replace(/^error: /u, '').trim() || error.message});
	}

	if (refusal !== undefined) {
		return refusal;
	}

	const contradiction = findContradiction(raw);
	return contradiction === undefined
		? succeed({kind: 'wish', wish: wish!, options: globalsOf(raw)})
		: fail({kind: 'usage', message: contradiction});
}
