import {fail, succeed} from '../../model/result.ts';
import {currentStateOptions, readCurrentState, writeCurrentState} from '../current-state.ts';
import {overlayFolderOption, readOverlayFolder} from '../overlay-folder.ts';
import {
	endStateExcludes, endStateOptions, readEndState, writeEndState,
} from '../end-state.ts';
import type {CliSpec} from '../spec.ts';

export const cli = {
	usage: 'revert <domain> <snapshot>',
	summary: 'revert to a snapshot; the current state is kept unless you discard it',
	examples: ['revert web before-upgrade --keep after-upgrade --yes', 'revert web before-upgrade --discard --dry-run --shell > revert.sh'],
	options: [
		...currentStateOptions('"kept-" and the time').map(option => option.flags === '--discard' ? {...option, summary: `${option.summary}; --yes needs this or --keep`} : option),
		...endStateOptions,
		overlayFolderOption,
	],
	excludes: [['keep', 'discard'], ['memory', 'discard'], ['description', 'discard'], endStateExcludes],
	together: given => given,
	read([snapshot], raw, isAsked) {
		const read = readCurrentState(raw);
		if (!read.ok) {
			return read;
		}

		const placed = readOverlayFolder(raw);
		if (!placed.ok) {
			return placed;
		}

		const currentState = read.value;
		// Without a person to ask, nothing is chosen that could lose something, and nothing that was not asked for is made.
		return currentState === undefined && !isAsked
			? fail({
				kind: 'usage',
				message: 'revert --yes needs --keep NAME or --discard.',
				hint: '--keep NAME keeps the current state as a snapshot, --discard gives it up. --dry-run shows the plan of either.',
			})
			: succeed({kind: 'revert', snapshot: snapshot!, currentState, endState: readEndState(raw), ...placed.value});
	},
	write: ({snapshot, currentState, endState, overlayFolder}) => ({words: [snapshot], raw: {...writeCurrentState(currentState), ...writeEndState(endState), overlayFolder}}),
} satisfies CliSpec<'revert'>;
