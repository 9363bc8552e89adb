/**
What could be done with the selected snapshot, in a few words for each verb: whether it is possible, what it frees, or why it is refused.
*/
import {screenOf, type ScreenKind} from '../../../actions/registry.ts';
import {
	foretold, isForeseeing, knownSpaceOf, verdictOf, type Verdict,
} from '../../../app/browse/forecast.ts';
import type {State} from '../../../app/state.ts';
import type {Option} from '../../../actions/question.ts';
import {formatAbout} from '../../../model/duration/plan-time.ts';
import {describeFailure} from '../../../model/text/describe-failure.ts';
import type {Failure} from '../../../model/failure.ts';
import {describeFreed, formatShortBytes} from '../../../model/text/format.ts';
import type {Tone} from '../../theme.ts';

/** `isMinor`: in one line, however long. */
type VerdictWords = {verb: string; words: string; tone: Tone | undefined; isMinor?: true};

function reasonsOf(failure: Failure): string {
	if (failure.kind !== 'refused') {
		return describeFailure(failure).message;
	}

	const [first, ...more] = failure.blockers;
	return `${first?.text ?? ''}${more.length === 0 ? '' : ` (${more.length} more)`}`;
}

function wordsOf(verdict: Verdict): Omit<VerdictWords, 'verb'> {
	switch (verdict.kind) {
		case 'possible': {
			return {words: verdict.space === undefined || verdict.space.freed.atMost < 0 ? 'possible' : describeFreed(verdict.space), tone: undefined};
		}

		case 'discard': {
			return {words: `only if the current state is discarded: ${reasonsOf(verdict.failure)}`, tone: 'warning'};
		}

		case 'refused': {
			return {words: `not possible: ${reasonsOf(verdict.failure)}`, tone: 'loss'};
		}
	}
}

/** Empty where no snapshot is selected, or nothing may be changed. */
export function verdictsOf(state: State): VerdictWords[] {
	return foretold().flatMap((kind, index): VerdictWords[] => {
		const verdict = verdictOf(state, kind);
		const {short: verb, foretells} = screenOf(kind);
		const isMinor = foretells === 'refusal';
		if (verdict === undefined) {
			return index === 0 && isForeseeing(state) ? [{verb, words: '…', tone: 'dim'}] : [];
		}

		if (verdict.kind === 'possible' && foretells !== 'space') {
			return isMinor ? [] : [{verb, words: verdict.time === undefined ? 'possible' : `possible, ${formatAbout(verdict.time.aboutMs)}`, tone: undefined}];
		}

		return [{verb, ...wordsOf(verdict), ...(isMinor && {isMinor})}];
	});
}

/** The choices of the menu, each with why it would be refused, where that is known. */
export function withVerdicts(state: State, options: readonly Option[]): Option[] {
	const kinds: readonly string[] = foretold();
	return options.map(option => {
		const verdict = option.reason === undefined && kinds.includes(option.id) ? verdictOf(state, option.id as ScreenKind) : undefined;
		return verdict === undefined || verdict.kind === 'possible' ? option : {...option, figure: wordsOf(verdict).words};
	});
}

/** For the column of a snapshot that was planned for: net, in short. */
export function freesWord(state: State, snapshot: string): string | undefined {
	const space = knownSpaceOf(state, snapshot);
	if (space === undefined || space.deletedFrom !== undefined) {
		return undefined;
	}

	const [low, high] = [space.freed.atLeast, space.freed.atMost].map(bytes => `${bytes < 0 ? '-' : ''}${formatShortBytes(Math.abs(bytes))}`);
	return low === high ? low : `${low} to ${high}`;
}
