/**
The words that ask for an action on the command line: what a person is told to type who has chosen it on the screen.
*/
import {quoteForTerminal} from '../model/text/shell-quote.ts';
import type {Action} from '../model/plan/request.ts';
import {specOf} from './registry.ts';
import type {ActionKind, OptionSpec, RawOptions} from './spec.ts';

function wordsOf({flags}: OptionSpec, raw: RawOptions): string[] {
	const [, no, name = ''] = /^--(no-)?([\w-]+)/.exec(flags)!;
	const value = raw[name.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase())];
	if (no !== undefined) {
		return value === false ? [`--no-${name}`] : [];
	}

	const texts = (Array.isArray(value) ? value : [value]).filter(text => typeof text === 'string');
	return value === true ? [`--${name}`] : texts.flatMap(text => text.startsWith('-') ? [`--${name}=${text}`] : [`--${name}`, text]);
}

/** With its members in one order, and without those that are undefined. */
function plain(value: unknown): unknown {
	if (Array.isArray(value)) {
		return value.map(each => plain(each));
	}

	return typeof value === 'object' && value !== null
		? Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined).sort(([a], [b]) => a < b ? -1 : 1).map(([key, each]) => [key, plain(each)]))
		: value;
}

/** What comes after the program's name and its own options, for a shell; undefined where no words say exactly this. */
export function typedFor(action: Action): string | undefined {
	const {cli} = specOf<ActionKind>(action);
	const typed = cli?.write?.(action);
	if (cli === undefined || typed === undefined) {
		return undefined;
	}

	const {words, raw, leaves = []} = typed;
	const read = cli.read(words, raw, false);
	const {domain, ...asked} = action;
	const meant = Object.fromEntries(Object.entries(asked).filter(([name]) => !leaves.includes(name)));
	if (!read.ok || JSON.stringify(plain(read.value)) !== JSON.stringify(plain(meant))) {
		return undefined;
	}

	const verb = cli.usage.slice(0, cli.usage.search(/ [<[]/)).split(' ');
	const options = cli.options.flatMap(option => wordsOf(option, raw));
	return [...verb, ...options, '--', domain.name, ...words].map(word => quoteForTerminal(word)).join(' ');
}
