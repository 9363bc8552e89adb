/**
Feeds changed inputs to every reader: none may throw or take longer than a second of work, and nothing that may be seen of the result may hold a hidden
character. The same seed makes the same inputs.
*/
import process from 'node:process';
import {formatJson, makeLinesVisible} from '../../source/model/text/visible-text.ts';
import {quoteForShell} from '../../source/model/text/shell-quote.ts';
import {randomFrom, type Random} from '../helpers/random.ts';
import {failuresIn, readers, type Reader} from './readers.ts';

const limitMs = 1000;
/** Written down by itself, so that a hole in the program's own rule is seen. */
// eslint-disable-next-line no-misleading-character-class -- One by one is how they hide.
const hidden = /[\u0000-\u0009\u000B-\u001F\u007F-\u00A0\u00AD\u034F\u061C\u115F\u1160\u17B4\u17B5\u180B-\u180E\u2000-\u200C\u200E\u200F\u2028-\u202F\u205F-\u206F\u2800\u3000\u3164\uD800-\uDFFF\uFEFF\uFFA0\uFFF0-\uFFFB\u{1D173}-\u{1D17A}\u{E0000}-\u{E0FFF}]/u;
const poisons = [
	'\u001B[31m',
	'\u009B',
	'\u00AD',
	'\u200C',
	'\u202E',
	'\u{E0041}',
	'\uFFF9',
	'\u2028',
	'\uD800',
	'\u0000',
	'\uFEFF',
	' '.repeat(2000),
	'\n',
	'\t',
	'<',
	'>',
	'&',
	'&#0;',
	'&#27;',
	'&amp;',
	'"',
	'\'',
	'<!--',
	'-->',
	'<![CDATA[',
	']]>',
	'<?',
	'?>',
	'{',
	'}',
	'[',
	']',
	',',
	':',
	'null',
	'-1',
	'1e999',
	'99999999999999999999',
	'__proto__',
	'constructor',
	'\\u0000',
	'\\',
	'/'.repeat(300),
	'--',
	'='.repeat(50),
	'💥',
	'[['.repeat(2000),
	'{"a":'.repeat(4000),
];

/** Deeper than anybody means. */
const nested = (opening: string, closing: string, count: number) => `${opening.repeat(count)}{}${closing.repeat(count)}`;
/** Among them what cannot be made a text of by mistake. */
const strangers: unknown[] = [
	null,
	-1,
	1e300,
	true,
	'',
	'x',
	'\u001B[31m',
	'\u202E',
	[],
	{},
	[[]],
	[null],
	{a: null},
	'a'.repeat(5000),
	{toString: 1, valueOf: null},
	`json:${'{"driver":"throttle","file":'.repeat(30_000)}`,
	`json:${nested('{"file":', '}', 30_000)}`,
	`json:${nested('{"driver":"throttle","file":', '}', 30_000)}`,
	'blkdebug::'.repeat(20_000),
	JSON.parse(nested('[{"children":', '}]', 3000)),
];
/** As large as what libvirt hands out: whoever looks for the same thing from each of its places takes too long. */
const longLength = 300_000;
const longOnceIn = 150;

/** Another value, a missing one or one twice somewhere in the document: text changed by the letter is seldom still JSON. */
function mutateValue(value: unknown, random: Random): unknown {
	if (typeof value !== 'object' || value === null || Object.keys(value).length === 0 || random.oneIn(6)) {
		return random.pick(strangers);
	}

	const key = random.pick(Object.keys(value));
	const entries = Object.entries(value).flatMap(([name, part]): Array<[string, unknown]> => name === key ? (random.oneIn(8) ? [] : [[name, mutateValue(part, random)]]) : [[name, part]]);
	return Array.isArray(value) ? entries.map(([, part]) => part) : Object.fromEntries(entries);
}

function mutateJson(text: string, random: Random): string {
	try {
		return JSON.stringify(mutateValue(JSON.parse(text), random));
	} catch {
		return text;
	}
}

/** A piece of it again and again. */
function prolong(text: string, random: Random): string {
	const at = random.below(text.length + 1);
	const piece = text.slice(at, at + 1 + random.below(random.oneIn(2) ? 12 : 80)) || ' ';
	return text.slice(0, at) + piece.repeat(Math.ceil(longLength / piece.length)) + text.slice(at);
}

function mutate(text: string, others: readonly string[], random: Random): string {
	const at = random.below(text.length + 1);
	const end = Math.min(text.length, at + random.below(1 + Math.min(text.length, random.oneIn(4) ? 400 : 12)));
	switch (random.below(8)) {
		case 0: {
			return text.slice(0, at);
		}

		case 1: {
			return text.slice(0, at) + text.slice(end);
		}

		case 2: {
			return text.slice(0, end) + text.slice(at);
		}

		case 3: {
			const other = random.pick(others);
			return text.slice(0, at) + other.slice(random.below(other.length + 1));
		}

		case 4: {
			return text.slice(0, at) + String.fromCodePoint(random.below(random.oneIn(3) ? 0x11_00_00 : 0x1_00)) + text.slice(end);
		}

		case 5: {
			return mutateJson(text, random);
		}

		default: {
			return text.slice(0, at) + random.pick(poisons) + text.slice(random.oneIn(2) ? at : end);
		}
	}
}

/** What a person may see of what was read. */
function outputsOf(value: unknown): string[] {
	const texts = failuresIn(value);
	return [formatJson(value), formatJson(value, '\t'), ...texts.map(text => makeLinesVisible(text)), ...texts.map(text => quoteForShell(text))];
}

async function check(reader: Reader, text: string): Promise<string | undefined> {
	const before = process.cpuUsage();
	try {
		const value = await reader.read(text);
		const found = outputsOf(value).map(output => hidden.exec(output.replaceAll(/\n\t*/g, ''))?.[0]).find(character => character !== undefined);
		if (found !== undefined) {
			return `lets U+${found.codePointAt(0)!.toString(16).padStart(4, '0')} through`;
		}
	} catch (error) {
		return error instanceof Error ? error.stack : String(error);
	}

	const used = process.cpuUsage(before);
	const ms = (used.user + used.system) / 1000;
	return ms > limitMs ? `takes ${Math.round(ms)} ms` : undefined;
}

export type FuzzResult = {counts: Record<string, number>; troubles: string[]};

/** `onInput` is told each input before it is read. Ends at the tenth trouble. */
export async function fuzz(options: {seed: number; count: number; onInput?: (reader: string, text: string) => void}): Promise<FuzzResult> {
	const random = randomFrom(options.seed);
	const counts: Record<string, number> = {};
	const troubles: string[] = [];
	for (let index = 0; index < options.count && troubles.length < 10; index++) {
		const reader = readers[index % readers.length]!;
		let text = random.pick(reader.bases);
		const isByValue = random.oneIn(3);
		for (let times = isByValue ? 0 : 1 + random.below(4); times > 0; times--) {
			text = mutate(text, reader.bases, random);
		}

		if (isByValue) {
			text = mutateJson(text, random);
		}

		if (random.oneIn(longOnceIn)) {
			text = prolong(text, random);
		}

		options.onInput?.(reader.name, text);
		counts[reader.name] = (counts[reader.name] ?? 0) + 1;
		const trouble = await check(reader, text);
		if (trouble !== undefined) {
			troubles.push(`${reader.name}, input ${index} of seed ${options.seed}: ${trouble}\n${formatJson(text.slice(0, 2000))}`);
		}
	}

	return {counts, troubles};
}
