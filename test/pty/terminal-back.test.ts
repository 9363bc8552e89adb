/** The terminal is given back whole, however the program ends; and what is shown fits the terminal that it is shown on. */
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {openTerminal, programPath, type Terminal, type TerminalOptions} from './terminal.ts';

/** A shell with 60 lines of history, and the program on its first screen. */
async function openProgram(t: ExecutionContext, options?: TerminalOptions): Promise<Terminal> {
	const terminal = await openTerminal(t, options);
	await terminal.command('seq -f "history %g" 60; stty -g > before');
	await terminal.waitFor(/history 60\n(?:.*\n)*?READY>/);
	await terminal.command(`node ${programPath} --demo web; echo "code=$?"; stty -g > after; cmp before after && echo same settings`);
	await terminal.waitFor(/NOW /);
	return terminal;
}

async function expectGivenBack(t: ExecutionContext, terminal: Terminal): Promise<void> {
	await terminal.waitFor(/same settings\n+READY>/);
	t.is(await terminal.readFlag('cursor_flag'), '1', 'the cursor is visible');
	t.is(await terminal.readFlag('alternate_on'), '0');
	t.is(await terminal.readFlag('mouse_any_flag'), '0');
	t.is(await terminal.readFlag('keypad_cursor_flag'), '0');
	const history = await terminal.readHistory();
	const kept = Array.from({length: 60}, (_, index) => `history ${index + 1}`).filter(line => history.split('\n').includes(line));
	t.is(kept.length, 60, 'the lines of before are all still there');
	t.notRegex(history, /NOW /, 'nothing of the screen stays behind');
	await terminal.command('echo typed and seen');
	await terminal.waitFor(/\ntyped and seen/);
}

test.serial('q gives the terminal back, with its history', async t => {
	const terminal = await openProgram(t);
	t.is(await terminal.readFlag('alternate_on'), '1');
	await terminal.press('q');
	await terminal.waitFor(/code=0/);
	await expectGivenBack(t, terminal);
});

test.serial('Ctrl-C gives the terminal back', async t => {
	const terminal = await openProgram(t);
	await terminal.press('C-c');
	await terminal.waitFor(/code=\d+/);
	await expectGivenBack(t, terminal);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
	test.serial(`${signal} gives the terminal back`, async t => {
		const terminal = await openProgram(t);
		const [program] = await terminal.readPrograms();
		process.kill(program!, signal);
		await terminal.waitFor(/code=[1-9]\d*/);
		await expectGivenBack(t, terminal);
	});
}

test.serial('Ctrl-Z gives the terminal to the shell, and fg paints the screen again', async t => {
	const terminal = await openTerminal(t);
	await terminal.command('set -m; stty -g > before');
	await terminal.command(`node ${programPath} --demo web`);
	const before = await terminal.waitFor(/NOW [^]*q quit/);
	await terminal.press('C-z');
	await terminal.waitFor(/READY>\s*$/);
	t.is(await terminal.readFlag('alternate_on'), '0');
	t.is(await terminal.readFlag('cursor_flag'), '1');
	await terminal.command('fg');
	const after = await terminal.waitFor(/NOW [^]*q quit/);
	t.is(after.split('\n').length, before.split('\n').length);
	await terminal.press('q');
	await terminal.waitFor(/READY>$/);
	await terminal.command('stty -g > after; cmp before after && echo same settings');
	await expectShell(t, terminal);
});

test.serial('with NO_COLOR no colour is sent', async t => {
	const terminal = await openProgram(t, {env: {NO_COLOR: '1'}});
	t.notRegex(await terminal.readColors(), /\u001B\[(?:\d+;)*(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])(?:;\d+)*m/);
	const colored = await openProgram(t);
	t.regex(await colored.readColors(), /\u001B\[(?:\d+;)*(?:3[0-8]|9[0-7])(?:;\d+)*m/);
});

test.serial('with LANG=C only ASCII is shown', async t => {
	const terminal = await openProgram(t, {env: {LANG: 'C'}});
	t.notRegex((await terminal.read()).join('\n'), /[^\n\u0020-\u007E]/);
});

test.serial('a terminal that becomes larger and smaller is filled, and nothing old stays', async t => {
	const terminal = await openProgram(t);
	// The doctor has looked at all of them: nothing changes by itself any longer.
	await terminal.waitFor(/domains need you/);
	const before = await terminal.read();
	await terminal.resize(120, 40);
	await terminal.waitFor(/(?:.*\n){39}.*quit/);
	await terminal.resize(80, 24);
	// The whole screen, as it was before.
	await terminal.waitFor(new RegExp(`^${escapeRegExp(before.join('\n').trimEnd())}$`));
	await terminal.press('q');
	await expectGivenBack(t, terminal);
});

test.serial('without a terminal the screen is not started', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo < /dev/null > out 2> err; echo "code=$?"; wc -c < out`);
	const screen = await terminal.waitFor(/code=2\n0/);
	t.notRegex(screen, /NOW /);
});

function escapeRegExp(text: string): string {
	return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

async function expectShell(t: ExecutionContext, terminal: Terminal): Promise<void> {
	await terminal.waitFor(/same settings\n+READY>/);
	t.is(await terminal.readFlag('cursor_flag'), '1');
	t.is(await terminal.readFlag('alternate_on'), '0');
}
