/**
`find` on the demo host: below folders, to a depth, by kind and by name. No process has a file open, as far as /proc tells.
*/
import path from 'node:path';
import {complain, say, type Answer} from './answer.ts';
import {formatFileStatus} from './stat.ts';
import type {DemoWorld} from './world.ts';

/** A pattern of `-name` as a regular expression: `*`, `?`, and what a backslash takes its meaning from. */
function toExpression(pattern: string): RegExp {
	const source = pattern.replaceAll(/\\([\s\S])|[\s\S]/g, (part, escaped?: string) => {
		const isWild = escaped === undefined && (part === '*' || part === '?');
		return isWild ? (part === '*' ? '[^]*' : '[^]') : (escaped ?? part).replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`);
	});
	return new RegExp(`^${source}$`, 'u');
}

/** The values of an option that may come more than once. */
function valuesOf(words: readonly string[], option: string): string[] {
	return words.flatMap((word, index) => word === option ? [words[index + 1] ?? ''] : []);
}

function format(world: DemoWorld, template: string, {place, root}: {place: string; root: string}): string {
	const depth = place === root ? 0 : place.slice(root === '/' ? 1 : root.length + 1).split('/').length;
	const known: Record<string, string> = {
		'%f': path.posix.basename(place), '%p': place, '%H': root, '%d': String(depth), '%D': formatFileStatus(world, place, '%d') ?? '', [String.raw`\0`]: '\0', [String.raw`\n`]: '\n', [String.raw`\t`]: '\t',
	};
	return template.replaceAll(/%[a-zA-Z]|\\[0nt]/g, part => known[part] ?? part);
}

function findBelow(world: DemoWorld, root: string, words: string[]): Answer {
	if (!world.folders.has(root)) {
		return complain(`find: ‘${root}’: No such file or directory`);
	}

	const [least = '0'] = valuesOf(words, '-mindepth');
	const [most = 'Infinity'] = valuesOf(words, '-maxdepth');
	const [kind] = valuesOf(words, '-type');
	// Everything may be written here, so whatever is to be printed for that is printed.
	const template = valuesOf(words, '-printf').join('') || String.raw`%p\n`;
	const names = valuesOf(words, '-name').map(pattern => toExpression(pattern));
	const below = root === '/' ? '/' : `${root}/`;
	const places = kind === 'f' ? [...world.files.keys()] : [...world.files.keys(), ...world.folders];
	const found = places.filter(place => {
		const depth = place === root ? 0 : (place.startsWith(below) ? place.slice(below.length).split('/').length : -1);
		return depth >= Number(least) && depth <= Number(most) && (names.length === 0 || names.some(name => name.test(path.posix.basename(place))));
	});
	return say(found.sort().map(place => format(world, template, {place, root})).join(''));
}

export function runFind(world: DemoWorld, words: string[]): Answer {
	const firstTest = words.findIndex(word => word.startsWith('-') && word !== '-H');
	const roots = words.slice(0, firstTest === -1 ? undefined : firstTest).filter(word => word.startsWith('/'));
	const answers = roots.map(root => root === '/proc' || root.startsWith('/proc/') ? say('') : findBelow(world, root, words));
	return {
		stdout: answers.map(({stdout}) => stdout).join(''),
		stderr: answers.map(({stderr}) => stderr).join(''),
		exitCode: Math.max(0, ...answers.map(({exitCode}) => exitCode)),
	};
}
