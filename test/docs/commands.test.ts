/**
Every command of the program in a code block of the documents can be typed like that.
*/
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {parseArguments} from '../../source/arguments.ts';

/** The words of a line of a shell up to what ends a command; a comment is none of them. */
function wordsOf(line: string): string[] {
	const words = line.match(/"[^"]*"|'[^']*'|[^\s"']+/g) ?? [];
	const end = words.findIndex(word => /^(?:#.*|&&|\|\|?|>|;)$/.test(word));
	return (end === -1 ? words : words.slice(0, end)).map(word => word.replaceAll(/["']/g, ''));
}

/** Commands of the program in the ```sh blocks of a document. */
function commandsIn(text: string): string[] {
	const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(match => match[1]!);
	return blocks.flatMap(block => block.split('\n').flatMap(line => [...line.matchAll(/(?:^|\s)vsnap-tui( .*?)?(?=$| && )/g)].map(match => match[1] ?? '')));
}

test('each command in the documents is understood', async t => {
	const names = (await readdir('docs', {recursive: true})).filter(name => name.endsWith('.md')).map(name => path.join('docs', name));
	const found = await Promise.all(['README.md', ...names].map(async name => ({name, commands: commandsIn(await readFile(name, 'utf8'))})));
	t.true(found.flatMap(({commands}) => commands).length > 30);
	for (const {name, commands} of found) {
		for (const command of commands) {
			const parsed = parseArguments(wordsOf(command), '1');
			t.true(parsed.ok, `${name}: vsnap-tui${command}: ${parsed.ok ? '' : JSON.stringify(parsed.failure)}`);
		}
	}
});

test('a command that cannot be typed is found', t => {
	t.deepEqual(commandsIn('```sh\n# vsnap\n15 2 * * * vsnap-tui list && vsnap-tui tree web   # x\nvsnap-tui\n```\n`vsnap-tui no`\n'), [' list', ' tree web   # x', '']);
	t.deepEqual(wordsOf(' tree "a b"   # x'), ['tree', 'a b']);
});
