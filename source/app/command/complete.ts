/**
What a line can go on with: verbs, domains, snapshots and checkpoints that are known, and the options of the verb.
*/
import {quoteAsIs} from '../../model/text/shell-quote.ts';
import {splitWords} from '../../model/text/split-words.ts';
import type {VerbHelp} from '../services.ts';
import type {State} from '../state.ts';
import {ownCommands} from './own-commands.ts';

const beginning = (names: readonly string[], last: string) => [...new Set(names)].filter(name => name.startsWith(last));

/** The verb that the words begin with, and the arguments behind it without options and their values. */
function verbOf(words: readonly string[], verbs: readonly VerbHelp[]): {verb: VerbHelp | undefined; given: string[]} {
	const verb = verbs.find(known => known.words !== '' && known.words.split(' ').every((word, index) => words[index] === word));
	const rest = words.slice(verb === undefined ? 0 : verb.words.split(' ').length);
	const takesValue = (word: string | undefined) => verb?.options.some(({names, value}) => value !== undefined && word !== undefined && names.includes(word)) === true;
	return {verb, given: rest.filter((word, index) => !word.startsWith('-') && !takesValue(rest[index - 1]))};
}

function namesOf(state: State, kind: string, domainName: string | undefined): string[] {
	const domain = state.domains.value?.find(({name, uuid}) => name === domainName || uuid === domainName);
	const details = state.allDetails[domain?.uuid ?? '']?.value;
	switch (kind) {
		case 'domain': {
			return state.domains.value?.map(({name}) => name) ?? [];
		}

		case 'snapshot':
		case 'checkpoint': {
			return details?.[`${kind}s`].map(({name}) => name) ?? [];
		}

		default: {
			return [];
		}
	}
}

/** Whole words in place of the last one, quoted where a shell would have it. */
export function candidatesOf(state: State, text: string, verbs: readonly VerbHelp[]): string[] {
	const {words, last} = splitWords(text);
	const before = last === '' ? words : words.slice(0, -1);
	const {verb, given} = verbOf(before, verbs);
	const option = verb?.options.find(({names}) => names.includes(before.at(-1) ?? ''));
	if (option?.value !== undefined) {
		return beginning(option.choices, last);
	}

	if (last.startsWith('-')) {
		return beginning(verb?.options.flatMap(({names}) => names.filter(name => name.startsWith('--'))) ?? [], last);
	}

	const nextWords = verbs.filter(({words: all}) => all.split(' ').slice(0, before.length).join(' ') === before.join(' ')).flatMap(({words: all}) => all.split(' ')[before.length] ?? []).filter(word => word !== '');
	if (verb === undefined) {
		const others = before.length === 0 ? [...ownCommands.map(({name}) => name), ...namesOf(state, 'domain', undefined)] : [];
		return beginning([...new Set([...nextWords, ...others])].sort(), last).map(word => quoteAsIs(word));
	}

	const kind = verb.arguments[given.length]?.replaceAll(/[<>[\]]/g, '') ?? '';
	return beginning(namesOf(state, kind, given[0]), last).map(word => quoteAsIs(word));
}

/** The line with this in place of its last word. */
export function withLast(text: string, word: string): string {
	return text.slice(0, splitWords(text).from) + word;
}

/** As far as all of them are the same. */
export function commonStart(words: readonly string[]): string {
	const [first = ''] = words;
	const lengths = Array.from({length: first.length + 1}, (_, length) => length);
	const shared = lengths.findLast(length => words.every(word => word.startsWith(first.slice(0, length))));
	return first.slice(0, shared);
}
