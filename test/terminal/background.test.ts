import test from 'ava';
import {readBackground, watchBackground} from '../../source/terminal/background.ts';
import {decodeKeys, nothingPending} from '../../source/terminal/decode-keys.ts';

for (const [reply, background] of [
	['11;rgb:0000/0000/0000', 'dark'],
	['11;rgb:ffff/ffff/ffff', 'light'],
	['11;rgb:fdfd/f6f6/e3e3', 'light'],
	['11;rgb:00/2b/36', 'dark'],
	['11;rgba:1e1e/1e1e/2e2e/ffff', 'dark'],
	['10;rgb:ffff/ffff/ffff', undefined],
	['11;?', undefined],
] as const) {
	test(`the answer ${reply} is ${background ?? 'none'}`, t => {
		t.is(readBackground(reply), background);
	});
}

test('an answer of the terminal is no key, however it ends and is split', t => {
	t.deepEqual(decodeKeys('j\u001B]11;rgb:0/0/0\u0007k'), {keys: [{name: 'character', text: 'j'}, {name: 'character', text: 'k'}], replies: ['11;rgb:0/0/0'], pending: nothingPending});
	const first = decodeKeys('\u001B]11;rgb:0/0/0\u001B');
	t.deepEqual(first.keys, []);
	t.deepEqual(decodeKeys('\\q', first.pending), {keys: [{name: 'character', text: 'q'}], replies: ['11;rgb:0/0/0'], pending: nothingPending});
});

test('what only looks like an answer does not swallow the keys after it', t => {
	const {keys} = decodeKeys(`\u001B]${'x'.repeat(200)}`);
	t.is(keys[0]!.name, 'escape');
	t.is(keys.length, 202);
});

test('the first answer in time is told, and nothing is waited for after it', async t => {
	const told: string[] = [];
	const written: string[] = [];
	const background = watchBackground(shade => told.push(shade));
	await background.settle();
	background.take('11;rgb:ffff/ffff/ffff');
	background.ask(text => written.push(text));
	const settled = background.settle();
	background.take('11;rgb:ffff/ffff/ffff');
	background.take('11;rgb:0/0/0');
	await settled;
	await background.settle();
	t.deepEqual(told, ['light']);
	t.deepEqual(written, ['\u001B]11;?\u0007']);
});
