import test from 'ava';
import {readAbilities} from '../../source/terminal/abilities.ts';

const facts = {columns: 80, rows: 24, isAsciiWanted: false, isColourRefused: false};
const modern = {TERM: 'xterm-256color', LANG: 'en_US.UTF-8'};

test('a modern terminal has colour and all characters', t => {
	t.like(readAbilities({...facts, env: modern}), {hasColour: true, isAscii: false, isLinear: false, columns: 80, rows: 24});
});

for (const [title, env, expected] of [
	['NO_COLOR takes the colour', {...modern, NO_COLOR: '1'}, {hasColour: false}],
	['an empty NO_COLOR means nothing', {...modern, NO_COLOR: ''}, {hasColour: true}],
	['TERM=dumb is linear and without colour', {...modern, TERM: 'dumb'}, {isLinear: true, hasColour: false}],
	['no TERM is linear', {LANG: 'C.UTF-8'}, {isLinear: true}],
	['the C locale is ASCII', {TERM: 'xterm', LANG: 'C'}, {isAscii: true}],
	['no locale is the C locale', {TERM: 'xterm'}, {isAscii: true}],
	['LC_ALL beats LANG', {TERM: 'xterm', LC_ALL: 'C', LANG: 'de_DE.UTF-8'}, {isAscii: true}],
	['an empty LC_ALL does not', {TERM: 'xterm', LC_ALL: '', LANG: 'de_DE.utf8'}, {isAscii: false}],
	['INK_SCREEN_READER is linear', {...modern, INK_SCREEN_READER: 'true'}, {isLinear: true}],
	['ACCESSIBLE is linear', {...modern, ACCESSIBLE: '1'}, {isLinear: true}],
	['ACCESSIBLE=0 is not', {...modern, ACCESSIBLE: '0'}, {isLinear: false}],
] as const) {
	test(title, t => {
		t.like(readAbilities({...facts, env}), expected);
	});
}

test('--ascii and --no-color are obeyed', t => {
	t.like(readAbilities({...facts, env: modern, isAsciiWanted: true, isColourRefused: true}), {isAscii: true, hasColour: false});
});
