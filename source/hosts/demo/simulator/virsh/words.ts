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

export type ParsedOptions = {flags: Set<string>; values: Map<string, string>};

/**
`specs`: `domain!` a required value, `file` a value that may be left out, `--redefine` a flag. Values may be given by place. Fails with virsh's own words,
before anything of the batch is run.
*/
export function parseVirshOptions(verb: string, words: string[], specs: string): ParsedOptions | {error: string} {
	const flags = new Set(specs.match(/(?<=--)\S+/g));
	const names: string[] = specs.match(/(?<!\S)[a-z]+/g) ?? [];
	const parsed: ParsedOptions = {flags: new Set(), values: new Map()};
	let onlyData = false;
	for (let index = 0; index < words.length; index++) {
		const word = words[index]!;
		const [, option, given] = (onlyData ? undefined : /^--([^=]*)(?:=([\s\S]*))?$/.exec(word)) ?? [];
		const name = option ?? names.find(candidate => !parsed.values.has(candidate));
		if (option === '') {
			onlyData = true;
		} else if (option !== undefined && flags.has(option)) {
			parsed.flags.add(option);
		} else if (name === undefined || !names.includes(name)) {
			return {error: option === undefined ? `unexpected data '${word}'` : `command '${verb}' doesn't support option --${option}`};
		} else {
			parsed.values.set(name, option === undefined ? word : given ?? words[++index] ?? '');
		}
	}

	const missing = names.find(name => specs.includes(`${name}!`) && !parsed.values.has(name));
	return missing === undefined ? parsed : {error: `command '${verb}' requires <${missing}> option`};
}
