/**
What only a real terminal shows: it is given back whole, whatever ends the program.
*/
import {existsSync} from 'node:fs';
import {
	access, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {openTerminal, type Terminal} from '../helpers/tmux.ts';

const program = 'dist/vsnap-tui.mjs';
const command = `node ${program} --demo`;

test.before('the program is built', async () => {
	await access(program);
});

async function start(t: ExecutionContext, {options = '', ...size}: {columns?: number; rows?: number; options?: string} = {}): Promise<Terminal> {
	const terminal = await openTerminal(size);
	t.teardown(terminal.close);
	await terminal.type('stty -g > /dev/null; seq 1 40; echo BEFORE', 'Enter');
	await terminal.until(/BEFORE\nready>/);
	await terminal.type(command + options, 'Enter');
	await terminal.until(/q quit/);
	return terminal;
}

/** Back in the shell, with everything as it was. */
async function isWhole(t: ExecutionContext, terminal: Terminal) {
	await terminal.until(/BEFORE[\s\S]*ready>$/);
	t.is(await terminal.fact('alternate_on'), '0');
	t.is(await terminal.fact('cursor_flag'), '1');
	t.is(await terminal.fact('wrap_flag'), '1');
	await terminal.type('stty -a | grep -o -e "-icanon\\|-echo \\| icanon\\| echo " | sort | paste -sd:; echo CHECKED', 'Enter');
	const details = await terminal.until(/^CHECKED$/m);
	t.regex(details, / echo : icanon/);
	t.notRegex(details, /vsnap-tui {2}demo/);
}

test('it opens on a screen of its own, and q gives the terminal back', async t => {
	const terminal = await start(t);
	t.is(await terminal.fact('alternate_on'), '1');
	t.is(await terminal.fact('cursor_flag'), '0');
	await terminal.type('q');
	await isWhole(t, terminal);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
	test(`${signal} gives the terminal back`, async t => {
		const terminal = await start(t);
		process.kill(await terminal.pidOf('node'), signal);
		await isWhole(t, terminal);
	});
}

test('q ends the program at once although the host does not answer', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-hung-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	await writeFile(path.join(folder, 'virsh'), '#!/bin/sh\nexec sleep 600\n', {mode: 0o755});
	const terminal = await openTerminal();
	t.teardown(terminal.close);
	// As long as virsh is given for an answer.
	await terminal.type(`(sleep 30; touch ${folder}/late) & PATH=${folder}:$PATH VSNAP_TUI_STATE=${folder}/state node ${program} -c qemu:///system; echo BACK`, 'Enter');
	await terminal.until(/Asking the host/);
	await terminal.type('q');
	await terminal.until(/^BACK$/m);
	t.false(existsSync(path.join(folder, 'late')));
	t.is(await terminal.fact('alternate_on'), '0');
});

test('Ctrl-Z gives the terminal to the shell, and fg brings the screen back', async t => {
	const terminal = await start(t);
	await terminal.type('C-z');
	await terminal.until(/BEFORE[\s\S]*ready>$/);
	t.is(await terminal.fact('alternate_on'), '0');
	await terminal.type('fg', 'Enter');
	await terminal.until(/q quit/);
	t.is(await terminal.fact('alternate_on'), '1');
	await terminal.type('q');
	await isWhole(t, terminal);
});

test('the mouse is taken with --mouse alone, and given back at every end', async t => {
	const none = await start(t);
	t.is(await none.fact('mouse_any_flag'), '0');
	await none.type('q');
	const terminal = await start(t, {options: ' --mouse'});
	t.is(await terminal.fact('mouse_any_flag'), '1');
	t.is(await terminal.fact('mouse_sgr_flag'), '1');
	await terminal.type('C-z');
	await terminal.until(/BEFORE[\s\S]*ready>$/);
	t.is(await terminal.fact('mouse_any_flag'), '0');
	await terminal.type('fg', 'Enter');
	await terminal.until(/q quit/);
	t.is(await terminal.fact('mouse_any_flag'), '1');
	process.kill(await terminal.pidOf('node'), 'SIGTERM');
	await isWhole(t, terminal);
	t.is(await terminal.fact('mouse_any_flag'), '0');
	t.is(await terminal.fact('mouse_sgr_flag'), '0');
});

test('the screen follows the size of the window', async t => {
	const terminal = await start(t);
	await terminal.resize(110, 35);
	await terminal.until(/^(?=.{110}$)─+┴─+ .* ──$/m);
	await terminal.resize(50, 10);
	await terminal.until(/needs 60 columns/);
	await terminal.resize(80, 24);
	const details = await terminal.until(/q quit$/);
	t.is(details.split('\n').length, 24);
	await terminal.type('q');
	await isWhole(t, terminal);
});

for (const fault of ['read', 'render']) {
	test(`a mistake of ours (${fault}) gives the terminal back, says what it was, and ends with code 70`, async t => {
		const terminal = await openTerminal();
		t.teardown(terminal.close);
		await terminal.type(`FAULT=${fault} node --import=tsx test/helpers/faulty-screen.ts; echo "CODE $?"`, 'Enter');
		const details = await terminal.until(/CODE \d/);
		t.regex(details, /^CODE 70$/m);
		t.is(await terminal.fact('alternate_on'), '0');
		t.is(await terminal.fact('cursor_flag'), '1');
	});
}
