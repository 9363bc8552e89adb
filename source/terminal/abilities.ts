/**
What this terminal and this person's settings allow: colour, characters beyond ASCII, painting at all. Decided once, before Ink is loaded.
*/

export type Abilities = {
	columns: number;
	rows: number;
	hasColour: boolean;
	isAscii: boolean;
	/** The console of Linux, whose font has few signs. */
	isLinuxConsole: boolean;
	/** Numbered choices, line by line: for screen readers, and for terminals without cursor movement. */
	isLinear: boolean;
};

type AbilityFacts = {
	env: Readonly<Record<string, string | undefined>>;
	columns: number | undefined;
	rows: number | undefined;
	isAsciiWanted: boolean;
	isColourRefused: boolean;
};

function isSet(value: string | undefined): boolean {
	return value !== undefined && value !== '';
}

function isOn(value: string | undefined): boolean {
	return isSet(value) && !['0', 'false', 'no', 'off'].includes(value!.toLowerCase());
}

/** LC_ALL beats LC_CTYPE beats LANG, as in the C library; without any it is the C locale. */
function hasUtf8Locale(env: AbilityFacts['env']): boolean {
	const locale = [env.LC_ALL, env.LC_CTYPE, env.LANG].find(value => isSet(value)) ?? 'C';
	return locale.toLowerCase().replace('utf-', 'utf').includes('utf8');
}

export function readAbilities({env, columns, rows, isAsciiWanted, isColourRefused}: AbilityFacts): Abilities {
	const isDumb = env.TERM === 'dumb' || !isSet(env.TERM);
	return {
		columns: columns ?? 80,
		rows: rows ?? 24,
		hasColour: !isDumb && !isColourRefused && !isSet(env.NO_COLOR),
		isLinuxConsole: env.TERM === 'linux',
		isAscii: isAsciiWanted || !hasUtf8Locale(env),
		isLinear: isDumb || isOn(env.INK_SCREEN_READER) || isOn(env.ACCESSIBLE),
	};
}
