/**
What the command line comes to.
*/
import type {Given} from './actions/spec.ts';
import type {BackupInvocation} from './backup-arguments.ts';
import type {Direction} from './engine/run/progress.ts';
import type {FindingKind} from './model/domain/finding.ts';

/** For which there are completions. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

export type GlobalOptions = {
	connect: string | undefined;
	/** All that were named, the first one in `connect`. */
	connects: string[];
	/** `NAME=SOCKET`: bare QEMUs by their monitors. */
	qmp: string[];
	/** `NAME=FILE` or `FILE`: bare domains by their images. */
	images: string[];
	isDemo: boolean;
	isReadOnly: boolean;
	isAscii: boolean;
	hasColor: boolean;
	/** The doctor looks by itself while the screen is open, unless the settings say otherwise. */
	checks: boolean;
	usesMouse: boolean;
	isJson: boolean;
	/** `--yes`, `--dry-run`, `--dry-run --shell`; undefined: ask on the screen. */
	mode: 'run' | 'show' | 'shell' | undefined;
};

export type Invocation =
	| {verb: 'screen'; domain: string | undefined}
	| {verb: 'list'}
	| {verb: 'tree'; domain: string}
	/** `documentPath`: a file that says what is left open. */
	/** `group`: other domains for which the same is done at once. */
	| {verb: 'action'; domain: string; given: Given; documentPath: string | undefined; group?: {others: string[]; ifOneFails: 'keep' | 'roll-back'}}
	| {verb: 'checkpoint-list'; domain: string}
	| {verb: 'checkpoint-show'; domain: string; checkpoint: string; isXml: boolean}
	| {verb: 'recover'; domain: string | undefined; direction: Direction | undefined}
	| {verb: 'doctor'; domain: string | undefined; repair: FindingKind | undefined; folds?: true}
	/** `action`: its ID; undefined: all of them. */
	| {verb: 'log'; action: string | undefined}
	/** `what`: the ID of an action, or a domain whose last one is meant; undefined: what could be undone is listed. */
	| {verb: 'undo'; what: string | undefined}
	| {verb: 'completion'; shell: Shell}
	| {verb: 'man'}
	| BackupInvocation;

export type RawOptions = Partial<Record<'repair' | 'mend', string>> & Partial<Record<'connect' | 'qmp' | 'image' | 'with', string[]>> & {ifOneFails?: 'keep' | 'roll-back'} & Partial<Record<
	'demo' | 'readOnly' | 'ascii' | 'color' | 'check' | 'mouse' | 'json' | 'yes' | 'dryRun' | 'shell' | 'rollBack' | 'rollForward' | 'giveUp' | 'fold',
	boolean
>>;
