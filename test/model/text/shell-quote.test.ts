import {execFileSync} from 'node:child_process';
import test from 'ava';
import {quoteForTerminal} from '../../../source/model/text/shell-quote.ts';

test('a word that is shown to be copied comes out of the shell as it was', t => {
	const words = ['x\ny', 'it\'s\tone\\', '\u001B[31mred\u202E', 'é \n🙂', 'plain', 'with blank', '\u0080'];
	const output = execFileSync('bash', ['-c', `printf '%s\\0' ${words.map(word => quoteForTerminal(word)).join(' ')}`]).toString();
	t.deepEqual(output.split('\0').slice(0, -1), words);
});

test('such a word holds nothing that a terminal would act on', t => {
	t.is(quoteForTerminal('x\ny'), String.raw`$'x\ny'`);
	t.is(quoteForTerminal('\u009B1m\''), String.raw`$'\xc2\x9b1m\''`);
});
