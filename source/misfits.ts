/**
Options that do not fit together, or not to the verb.
*/
import type {Invocation, RawOptions} from './invocation.ts';

/** What was said of options that exclude each other. */
export function contradictionAmong(excludes: string[][], raw: Readonly<Record<string, unknown>>): string | undefined {
	const camelCase = (name: string) => name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
	const found = excludes.find(names => names.filter(name => raw[camelCase(name)] !== undefined).length > 1);
	const options = found?.map(name => `--${name}`);
	return options && `${options.slice(0, -1).join(', ')} and ${options.at(-1)!} cannot be combined.`;
}

export function findContradiction(raw: RawOptions): string | undefined {
	const isBare = (raw.qmp ?? []).length > 0 || (raw.image ?? []).length > 0;
	const pairs: Array<[boolean, string]> = [
		[raw.yes === true && raw.dryRun === true, '--yes and --dry-run'],
		[raw.shell === true && raw.json === true, '--shell and --json'],
		[raw.rollBack === true && raw.rollForward === true, '--roll-back and --roll-forward'],
		[raw.giveUp === true && (raw.rollBack === true || raw.rollForward === true), '--give-up and --roll-back or --roll-forward'],
		[raw.check === false && (raw.yes === true || raw.dryRun === true), '--no-check, which is for the screen, and --yes or --dry-run'],
		[raw.mouse === true && (raw.yes === true || raw.dryRun === true), '--mouse, which is for the screen, and --yes or --dry-run'],
		[raw.fold === true && (raw.repair ?? raw.mend) !== 'unrecorded-layer', '--fold and everything but --repair unrecorded-layer'],
		[raw.demo === true && raw.connect !== undefined, '--demo and --connect'],
		[isBare && raw.connect !== undefined, '--connect and --qmp or --image'],
		[isBare && raw.demo === true, '--demo and --qmp or --image'],
	];
	const found = pairs.find(([isContradiction]) => isContradiction);
	return found && `${found[1]} cannot be combined.`;
}

/** Options that mean nothing for the verb: whoever gives them expects something else to happen. */
export function findMisfit({invocation, raw}: {invocation?: Invocation; raw: RawOptions}): string | undefined {
	const given = [['dryRun', '--dry-run'], ['shell', '--shell'], ['yes', '--yes']] as const;
	const mode = given.find(([name]) => raw[name] === true)?.[1];
	switch (invocation?.verb) {
		case 'backup-export': {
			return mode && `${mode} cannot be combined with backup export, which lasts until it is ended.`;
		}

		case 'undo': {
			return mode && invocation.what === undefined ? `${mode} needs the action that is to be undone: vsnap-tui undo lists them.` : undefined;
		}

		case 'list':
		case 'tree':
		case 'log':
		case 'completion':
		case 'man':
		case 'checkpoint-list':
		case 'checkpoint-show':
		case 'backup-list':
		case 'backup-verify': {
			return mode && `${mode} cannot be combined with ${invocation.verb.replace('-', ' ')}, which changes nothing.`;
		}

		case 'screen': {
			const option = mode ?? (raw.json === true ? '--json' : undefined);
			return option && `${option} needs a command, and none was given.`;
		}

		default: {
			return undefined;
		}
	}
}

/** What was said of several domains at once. */
export function groupMisfit(raw: RawOptions, documentPath: string | undefined): string | undefined {
	if (raw.with === undefined) {
		return raw.ifOneFails && '--if-one-fails needs --with and the other domains.';
	}

	return documentPath && '--xml and --with cannot be combined.';
}
