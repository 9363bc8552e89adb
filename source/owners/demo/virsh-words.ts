/**
Splitting a virsh command string into commands and words, by virsh's own rules: blanks part words, `;` and newlines part commands, single quotes
keep everything, double quotes keep all but backslashes, a backslash keeps the next character, `#` before a word starts a comment.
*/

/** Fails with what virsh prints after `error: `. */
export function parseVirshCommands(text: string): {commands: string[][]} | {error: string} {
	const commands: string[][] = [[]];
	let rest = text;
	while (rest !== '') {
		const blank = /^(?:[ \t]+|#[^\n]*)/.exec(rest)?.[0];
		if (blank !== undefined) {
			rest = rest.slice(blank.length);
		} else if (/^[;\n]/.test(rest)) {
			commands.push([]);
			rest = rest.slice(1);
		} else {
			const raw = /^(?:[^ \t\n;\\'"]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+/.exec(rest)?.[0];
			if (raw === undefined || /^["'\\]/.test(rest.slice(raw.length))) {
				const open = rest.slice(raw?.length ?? 0)[0]!;
				return {error: open === '\\' ? 'dangling \\' : `missing ${open}`};
			}

			commands.at(-1)!.push(unquote(raw));
			rest = rest.slice(raw.length);
		}
	}

	return {commands: commands.filter(words => words.length > 0)};
}

function unquote(raw: string): string {
	return raw.replaceAll(/'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|\\([\s\S])/g, (_, single?: string, double?: string, escaped?: string) =>
		single ?? double?.replaceAll(/\\([\s\S])/g, '$1') ?? escaped ?? '');
}

export type OptionSpec = {name: string; kind: 'flag' | 'text'; isRequired?: boolean};

export type ParsedOptions = {flags: Set<string>; values: Map<string, string>};

/** `domain!` a required value, `file` a value that may be left out, `--redefine` a flag. Values may be given by place. */
export function specifyOptions(...specs: string[]): OptionSpec[] {
	return specs.map(spec => spec.startsWith('--')
		? {name: spec.slice(2), kind: 'flag'}
		: {name: spec.replace(/!$/, ''), kind: 'text', isRequired: spec.endsWith('!')});
}

/** Fails with virsh's own words, before anything of the batch is run. */
export function parseVirshOptions(verb: string, words: string[], specs: OptionSpec[]): ParsedOptions | {error: string} {
	const parsed: ParsedOptions = {flags: new Set(), values: new Map()};
	let onlyData = false;
	for (let index = 0; index < words.length; index++) {
		const word = words[index]!;
		if (!onlyData && word === '--') {
			onlyData = true;
			continue;
		}

		if (!onlyData && word.startsWith('--')) {
			const [name, given] = splitOnce(word.slice(2));
			const spec = specs.find(candidate => candidate.name === name);
			if (!spec) {
				return {error: `command '${verb}' doesn't support option --${name}`};
			}

			if (spec.kind === 'flag') {
				parsed.flags.add(name);
				continue;
			}

			parsed.values.set(name, given ?? words[++index] ?? '');
			continue;
		}

		const spec = specs.find(candidate => candidate.kind === 'text' && !parsed.values.has(candidate.name));
		if (!spec) {
			return {error: `unexpected data '${word}'`};
		}

		parsed.values.set(spec.name, word);
	}

	const missing = specs.find(spec => spec.isRequired && !parsed.values.has(spec.name));
	return missing ? {error: `command '${verb}' requires <${missing.name}> option`} : parsed;
}

function splitOnce(word: string): [string, string | undefined] {
	const place = word.indexOf('=');
	return place === -1 ? [word, undefined] : [word.slice(0, place), word.slice(place + 1)];
}
