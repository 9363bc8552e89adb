import {fail, succeed} from '../../model/result.ts';
import {currentStateOptions, readCurrentState} from '../current-state.ts';
import type {CliSpec} from '../spec.ts';

const endStates = ['running', 'paused', 'shutoff'] as const;

export const cli = {
	usage: 'revert <domain> <snapshot>',
	summary: 'go back to a snapshot; the current state is kept, unless it is discarded',
	options: [
		...currentStateOptions('"kept-" and the time').map(option => option.flags === '--discard' ? {...option, summary: `${option.summary}; --yes wants this or --keep`} : option),
		{flags: '--running', summary: 'end with the domain running'},
		{flags: '--paused', summary: 'end with the domain paused'},
		{flags: '--shutoff', summary: 'end with the domain shut off'},
	],
	excludes: [['keep', 'discard'], [...endStates]],
	read([snapshot], raw, isAsked) {
		const currentState = readCurrentState(raw);
		// Without a person to ask, nothing is chosen that could lose something, and nothing that was not asked for is made.
		return currentState === undefined && !isAsked
			? fail({
				kind: 'usage',
				message: 'revert --yes needs --keep NAME or --discard.',
				hint: '--keep NAME keeps the current state as a snapshot, --discard loses it. --dry-run shows the plan of either.',
			})
			: succeed({kind: 'revert', snapshot: snapshot!, currentState, endState: endStates.find(state => raw[state] === true)});
	},
} satisfies CliSpec<'revert'>;
