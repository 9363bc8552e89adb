/**
The manual page and the completions say what the help says; those of bash are run.
*/
import {execFile} from 'node:child_process';
import {chmod, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {promisify} from 'node:util';
import test from 'ava';
import {parseArguments, readVerbTable} from '../source/arguments.ts';
import {formatCompletion} from '../source/completion.ts';
import {shells} from '../source/invocation.ts';
import {formatManPage} from '../source/man-page.ts';
import {exitCodes, exitCodeWords} from '../source/model/text/exit-codes.ts';

const run = promisify(execFile);
const table = readVerbTable('1.2.3');

function helpOf(words: string): string {
	const parsed = parseArguments([...words.split(' ').filter(word => word !== ''), '--help'], '1');
	return parsed.ok && parsed.value.kind === 'print' ? parsed.value.text.replaceAll(/\s+/g, ' ') : '';
}

test('the table has every verb with its options, its arguments and two examples, as the help of each has them', t => {
	t.true(table.verbs.length > 20);
	for (const {words, arguments: names, options, globals, examples, summary} of table.verbs) {
		const help = helpOf(words);
		t.true(help.includes(names.join(' ')), words);
		t.is(examples.length, words === '' ? 0 : 2, words);
		for (const part of [words === '' ? '' : summary, ...examples, ...[...options, ...globals].map(option => option.summary)]) {
			t.true(help.includes(part), `${words}: ${part}`);
		}

		t.deepEqual([...help.matchAll(/ (--[a-z-]+)(?= )/g)].map(match => match[1]!).filter(name => !help.includes(`vsnap-tui ${words} ${name}`) && ![...options, ...globals].some(option => option.names.includes(name) || option.summary.includes(name)) && !examples.some(example => example.includes(name))), [], words);
	}
});

test('each example of the help can be typed', t => {
	for (const example of table.verbs.flatMap(({examples}) => examples)) {
		const [, ...words] = example.split(/ [>|] /)[0]!.match(/"[^"]*"|\S+/g)!.map(word => word.replaceAll('"', ''));
		const parsed = parseArguments(words, '1');
		t.true(parsed.ok, `${example}: ${parsed.ok ? '' : JSON.stringify(parsed.failure)}`);
	}
});

test('the manual page has every verb, every option with its words, every example and every exit code', t => {
	const page = formatManPage(table).replaceAll(String.raw`\-`, '-').replaceAll(/^\\&/gm, '').replaceAll(/\\f[BIR]/g, '').replaceAll(String.raw`\(dq`, '"').replaceAll(String.raw`\e`, '\\');
	for (const {words, summary, options, examples} of table.verbs) {
		t.true(page.includes(['vsnap-tui', words].join(' ').trim()), words);
		t.true(words === '' || page.includes(summary), summary);
		t.deepEqual(options.filter(option => !page.includes(option.summary)), []);
		t.deepEqual(examples.filter(example => !page.includes(example)), []);
	}

	for (const [name, words] of Object.entries(exitCodeWords)) {
		t.true(page.includes(`\n${exitCodes[name as keyof typeof exitCodes]}\n${words}`), words);
	}

	// A line that begins with a dot is a request of roff's own.
	t.deepEqual(formatManPage(table).split('\n').filter(line => /^[.']/.test(line) && !/^\.(?:TH|SH|SS|TP|PP|B|nf|fi)\b/.test(line)), []);
});

test('the completions of each shell have every verb and every option', t => {
	for (const shell of shells) {
		const text = formatCompletion(table, shell);
		for (const {words, options, globals} of table.verbs) {
			t.deepEqual(words.split(' ').filter(word => !text.includes(word)), [], shell);
			const long = [...options, ...globals].flatMap(({names}) => names.filter(name => name.startsWith('--')));
			t.deepEqual(long.filter(name => !text.includes(shell === 'fish' ? ` -l ${name.slice(2)} ` : name)), [], `${shell} ${words}`);
		}
	}
});

/** What bash offers for a line whose last word is being typed. */
async function offer(words: string[], virsh: string): Promise<string[]> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-completion-'));
	try {
		await writeFile(path.join(folder, 'virsh'), `#!/bin/sh\n${virsh}\n`);
		await chmod(path.join(folder, 'virsh'), 0o755);
		await writeFile(path.join(folder, 'completion'), formatCompletion(table, 'bash'));
		const script = '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _vsnap_tui 2>/dev/null; declare -p COMPREPLY';
		const {stdout} = await run('bash', ['-c', script, 'bash', path.join(folder, 'completion'), 'vsnap-tui', ...words], {env: {...process.env, PATH: `${folder}:${process.env.PATH}`}});
		return [...stdout.matchAll(/\[\d+]="((?:[^"\\]|\\.)*)"/g)].map(([, word]) => word!.replaceAll('\\\\', '\\')).sort();
	} finally {
		await rm(folder, {recursive: true});
	}
}

const answers = 'case "$*" in *"list --all --name") printf "web\\nmy domain\\n" ;; *"snapshot-list --name --domain web") printf "s1\\ns2\\n" ;; "-q -c qemu:///x snapshot-list --name --domain db") echo d1 ;; *"checkpoint-list --name --domain web") echo monday ;; esac';

for (const [line, expected] of [
	[['rev'], ['revert']],
	[['checkpoint', ''], ['create', 'delete', 'list', 'redefine', 'show']],
	[['revert', ''], [String.raw`my\ domain`, 'web']],
	[['revert', 'web', ''], ['s1', 's2']],
	[['-c', 'qemu:///x', 'revert', '--keep', 'k', 'db', ''], ['d1']],
	[['checkpoint', 'show', 'web', 'm'], ['monday']],
	[['revert', 'web', 's1', '--dis'], ['--discard']],
	[['doctor', 'web', '--repair', 'orphan-b'], ['orphan-bitmap']],
	[['completion', 'zsh', ''], []],
] as Array<[string[], string[]]>) {
	test(`bash completes "${line.join(' ')}"`, async t => {
		t.deepEqual(await offer(line, answers), expected);
	});
}

test('where virsh fails, bash completes what needs no host', async t => {
	t.deepEqual(await offer(['m'], 'exit 1'), ['man', 'merge']);
});
