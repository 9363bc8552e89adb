import {fail, succeed} from '../../model/result.ts';
import {currentStateOptions, readCurrentState} from '../current-state.ts';
import type {CliSpec} from '../spec.ts';

const endStates = ['running', 'paused', 'shutoff'] as const;

export const cli = {
	usage: 'revert <domain> <snapshot>',
	summary: 'revert to a snapshot; the current state is kept unless you discard it',
	options: [
		...currentStateOptions('"kept-" and the time').map(option => option.flags === '--discard' ? {...option, summary: `${option.summary}; --yes needs this or --keep`} : option),
		{flags: '--running', summary: 'leave the domain running'},
		{flags: '--paused', summary: 'leave the domain paused'},
		{flags: '--shutoff', summary: 'leave the domain shut off'},
	],
	excludes: [['keep', 'discard'], ['memory', 'discard'], [...endStates]],
	read([snapshot], raw, isAsked) {
		const read = readCurrentState(raw);
		if (!read.ok) {
			return read;
		}

		const currentState = read.value;
		// Without a person to ask, nothing is chosen that could lose something, and nothing that was not asked for is made.
		return currentState === undefined && !isAsked
			? fail({
				kind: 'usage',
				message: 'revert --yes needs --keep NAME or --discard.',
				hint: '--keep NAME keeps the current state as a snapshot, --discard gives it up. --dry-run shows the plan of either.',
			})
			: succeed({kind: 'revert', snapshot: snapshot!, currentState, endState: endStates.find(state => raw[state] === true)});
	},
} satisfies CliSpec<'revert'>;
