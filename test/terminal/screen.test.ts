import {setImmediate as turn} from 'node:timers/promises';
import test from 'ava';
import {createScreen, splitFrame} from '../../source/terminal/screen.ts';

test('a frame has as many lines as the terminal, never more', t => {
	t.deepEqual(splitFrame('a\nb\nc', 2), ['a', 'b']);
	t.deepEqual(splitFrame('a', 3), ['a', '', '']);
});

test('many frames in one turn are one write, of the last one', async t => {
	const written: string[] = [];
	const screen = createScreen({columns: 10, rows: 2, write: text => written.push(text)});
	screen.stdout.write('one');
	screen.stdout.write('two');
	screen.stdout.write('');
	await turn();
	t.is(written.length, 1);
	t.true(written[0]!.includes('two'));
	t.false(written[0]!.includes('one'));
});

test('asleep nothing is written; awake everything is written again', async t => {
	const written: string[] = [];
	const screen = createScreen({columns: 10, rows: 1, write: text => written.push(text)});
	screen.stdout.write('one');
	await turn();
	screen.pause();
	screen.stdout.write('two');
	await turn();
	t.is(written.length, 1);
	screen.repaint();
	await turn();
	t.is(written.length, 2);
	t.true(written[1]!.includes('two'));
});

test('after a resize the whole next frame is written, and nothing of the last one', async t => {
	const written: string[] = [];
	const screen = createScreen({columns: 10, rows: 1, write: text => written.push(text)});
	screen.stdout.write('one');
	await turn();
	screen.resize({columns: 20, rows: 2});
	await turn();
	t.is(written.length, 1);
	t.is(screen.stdout.columns, 20);
	screen.stdout.write('two');
	await turn();
	t.true(written[1]!.includes('two'));
	screen.resize({columns: 20, rows: 2});
	await turn();
	t.is(written[2], written[1]);
});
